// Training curves: one line a model, named at its end where there is room.

const trained = data.rows.filter((row) => row.curve && Object.keys(row.curve).length);

const paint = (index) => ({ stroke: `var(--c${index % 8})`, "stroke-dasharray": ["", "7 3", "2 3"][Math.floor(index / 8) % 3] });

// Heights of labels that want to stand at `wanted`, pushed apart to `HEIGHT` within [top, bottom].
function spread(wanted, top, bottom) {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
  let free = top;
  for (const item of order) free = (item.y = Math.max(item.y, free)) + HEIGHT;
  free = bottom;
  for (const item of order.reverse()) free = (item.y = Math.min(item.y, free)) - HEIGHT;
  const heights = [];
  for (const item of order) heights[item.index] = item.y;
  return heights;
}

function drawCurves(size) {
  const figure = find("#training");
  const [name, chosen] = [find("#curve-column").value, find("#curve-model").value];
  const legend = find(".legend", figure);
  const plot = find(".plot", figure);
  legend.replaceChildren();
  // A model keeps its colour whichever column is shown.
  const lines = trained.map((row, index) => ({ row, index, points: row.curve[name] ?? [] })).filter((line) => line.points.length);
  if (!lines.length) {
    plot.replaceChildren(html("p", {}, "No model logged a figure in this column."));
    return;
  }
  const widest = Math.max(...lines.map((line) => width(line.row.name)));
  const direct = size >= 620 && widest <= 220 && lines.length * HEIGHT <= 340;
  const all = lines.flatMap((line) => line.points);
  const heights = all.map((point) => point[1]);
  const spans = Math.min(...heights) > 0 && Math.max(...heights) / Math.min(...heights) > 50;
  const base = frame(
    size,
    `${name} against minutes of training, ${lines.length} models.`,
    { values: [0, ...all.map((point) => point[0])], title: "minutes", log: false, tight: true },
    { values: heights, title: name, log: spans },
    direct ? widest + 26 : 10,
  );
  const { drawing, horizontal, vertical, area } = base;
  const ends = lines.map((line) => line.points.at(-1)).map((point) => ({ x: horizontal.at(point[0]), y: vertical.at(point[1]) }));
  const seats = direct ? spread(ends.map((end) => end.y), area.y + 4, area.y + area.height - 4) : [];

  lines.forEach((line, turn) => {
    const style = chosen === "" ? "" : chosen === line.row.name ? " strong" : " faint";
    const path = line.points.map((point) => `${horizontal.at(point[0]).toFixed(1)} ${vertical.at(point[1]).toFixed(1)}`);
    const group = svg("g", { "data-row": line.row.name }, svg("title", {}, line.row.name));
    group.append(svg("path", { class: `curve${style}`, d: `M${path.join("L")}`, ...paint(line.index) }));
    // A single record has no length: a dot shows where it is.
    if (path.length === 1) {
      group.append(svg("circle", { class: style.trim(), cx: ends[turn].x, cy: ends[turn].y, r: 3.5 }));
      group.lastChild.style.fill = `var(--c${line.index % 8})`;
    }
    if (direct) {
      const left = area.x + area.width + 18;
      group.append(svg("path", { class: "leader", d: `M${ends[turn].x + 2} ${ends[turn].y}L${left - 3} ${seats[turn]}` }));
      group.append(svg("text", { class: "label", x: left, y: seats[turn] + 4 }, line.row.name));
      group.lastChild.style.fill = `var(--c${line.index % 8})`;
    } else {
      const swatch = svg("svg", { width: 26, height: 8, "aria-hidden": "true" }, svg("path", { class: "curve", d: "M0 4h26", ...paint(line.index) }));
      legend.append(html("li", {}, swatch, line.row.name));
    }
    drawing.append(group);
  });
  plot.replaceChildren(drawing);
}

if (find("#training")) {
  let size = 0;
  onWidth(find("#training .plot"), (now) => drawCurves((size = now)));
  for (const select of [find("#curve-column"), find("#curve-model")]) select.addEventListener("change", () => drawCurves(size));
}
