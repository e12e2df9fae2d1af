// Scales, axes, and the charts of one figure against another.

const column = Object.fromEntries(data.columns.map((item) => [item.key, item]));

function short(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)} M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)} k`;
  return `${+value.toPrecision(4)}`.replace("-", "−");
}

// Maps values to pixels; logarithmic where the values are positive and far apart.
function scale(values, from, to, mayLog, tight) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const log = mayLog && low > 0 && high / low > 5;
  const bend = log ? Math.log10 : (value) => value;
  const positive = low >= 0;
  [low, high] = [bend(low), bend(high)];
  const room = tight && high > low ? 0 : (high - low || Math.abs(high) || 1) * 0.07;
  low = positive && !log ? Math.max(low - room, 0) : low - room;
  high += room;
  const at = (value) => from + ((bend(value) - low) / (high - low)) * (to - from);
  const steps = log ? logarithmic(low, high) : linear(low, high, Math.abs(to - from) / (to > from ? 90 : 55));
  return { at, log, ticks: steps.filter((value) => bend(value) >= low && bend(value) <= high) };
}

function linear(low, high, most) {
  const rough = (high - low) / Math.max(most, 2);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const ticks = [];
  // Whole multiples: adding a step over and over would drift.
  for (let index = Math.ceil(low / step); index * step <= high; index++) ticks.push(+(index * step).toPrecision(12));
  return ticks;
}

function logarithmic(low, high) {
  const factors = high - low < 2 ? [1, 2, 5] : high - low < 3 ? [1, 3] : [1];
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power++) ticks.push(...factors.map((factor) => +(factor * 10 ** power).toPrecision(3)));
  return ticks;
}

const title = (item) => item.name + (item.unit ? ` (${item.unit})` : "");

/* An empty chart with its axes. `x` and `y` give values and a title; returns the drawing, both scales and the area. */
function frame(size, label, x, y, right = 10) {
  const height = clamp(Math.round(size * 0.66), 270, 430);
  const area = { y: 30, height: height - 30 - 46 };
  const vertical = scale(y.values, area.y + area.height, area.y, y.log);
  area.x = Math.max(...vertical.ticks.map((value) => width(short(value))), 10) + 10;
  area.width = size - area.x - right;
  const horizontal = scale(x.values, area.x, area.x + area.width, x.log, x.tight);
  const bottom = area.y + area.height;
  const drawing = svg("svg", { width: size, height, viewBox: `0 0 ${size} ${height}`, role: "img", "aria-label": label });
  const text = (words, attributes) => drawing.append(svg("text", attributes, words));

  for (const value of vertical.ticks) {
    const at = vertical.at(value);
    drawing.append(svg("line", { class: "gridline", x1: area.x, x2: area.x + area.width, y1: at, y2: at }));
    text(short(value), { class: "tick", x: area.x - 7, y: at + 4, "text-anchor": "end" });
  }
  let free = 0;
  for (const value of horizontal.ticks) {
    const half = width(short(value)) / 2;
    const at = horizontal.at(value);
    drawing.append(svg("line", { class: "axis", x1: at, x2: at, y1: bottom, y2: bottom + 4 }));
    if (at - half < free || at + half > size) continue;
    text(short(value), { class: "tick", x: at, y: bottom + 18, "text-anchor": "middle" });
    free = at + half + 8;
  }
  drawing.append(svg("line", { class: "axis", x1: area.x, x2: area.x + area.width, y1: bottom, y2: bottom }));
  text(y.title + (vertical.log ? ", logarithmic" : ""), { class: "title", x: 0, y: 13 });
  text(x.title + (horizontal.log ? ", logarithmic" : ""), { class: "title", x: area.x + area.width, y: height - 6, "text-anchor": "end" });
  return { drawing, horizontal, vertical, area };
}

function bars(drawing, point, horizontal, vertical) {
  const line = (x1, y1, x2, y2) => drawing.append(svg("line", { class: "interval", x1, y1, x2, y2 }));
  const boxes = [];
  const [, low, high] = point.y;
  if (low !== null && high !== null) {
    const [top, bottom] = [vertical.at(high), vertical.at(low)];
    line(point.left, top, point.left, bottom);
    for (const end of [top, bottom]) line(point.left - 3, end, point.left + 3, end);
    boxes.push({ x: point.left - 3, y: top, width: 6, height: bottom - top });
  }
  const [, near, far] = point.x;
  if (near !== null && far !== null) {
    const [left, right] = [horizontal.at(near), horizontal.at(far)];
    line(left, point.top, right, point.top);
    for (const end of [left, right]) line(end, point.top - 3, end, point.top + 3);
    boxes.push({ x: left, y: point.top - 3, width: right - left, height: 6 });
  }
  return boxes;
}

function mark(kind, x, y) {
  if (kind === "pictures") return svg("rect", { class: "dot pictures", x: x - 5, y: y - 5, width: 10, height: 10 });
  if (kind === "baseline") return svg("path", { class: "dot baseline", d: `M${x - 6} ${y}L${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}Z` });
  return svg("circle", { class: "dot", cx: x, cy: y, r: 5.5 });
}

function reference(chart, text, at, across, taken) {
  const { drawing, area } = chart;
  const wide = width(text);
  const ends = across ? { x1: area.x, x2: area.x + area.width, y1: at, y2: at } : { x1: at, x2: at, y1: area.y, y2: area.y + area.height };
  drawing.append(svg("line", { class: "reference", ...ends }));
  const corners = across
    ? [area.x + area.width - wide, area.x + 4].flatMap((x) => [{ x, y: at - HEIGHT - 1 }, { x, y: at + 2 }])
    : [area.y, area.y + area.height - HEIGHT - 2].flatMap((y) => [{ x: at + 4, y }, { x: at - wide - 4, y }]);
  const boxes = corners.map((corner) => ({ ...corner, width: wide, height: HEIGHT }));
  const box = boxes.find((item) => item.y >= area.y - 2 && item.y + HEIGHT <= area.y + area.height && !taken.some((other) => meet(item, other))) ?? boxes[0];
  drawing.append(svg("text", { class: "tick label", x: box.x, y: box.y + 11.5 }, text));
  taken.push(box);
  return { x: Math.min(ends.x1, ends.x2), y: Math.min(ends.y1, ends.y2), width: Math.abs(ends.x2 - ends.x1), height: Math.abs(ends.y2 - ends.y1) };
}

function chart(figure, size) {
  const [x, y] = [column[figure.dataset.x], column[figure.dataset.y]];
  const has = (row, axis) => (row.scores[axis.key]?.[0] ?? null) !== null;
  const rows = data.rows.filter((row) => !row.failed);
  const drawn = rows.filter((row) => row.kind !== "truth" && has(row, x) && has(row, y));
  // The truth is a line only where it is a goal in between: at 0 error it would squeeze all models into a corner.
  const lines = (axis, other) =>
    rows.filter((row) => has(row, axis) && (row.kind === "truth" ? axis.better === "truth" : row.kind === "baseline" && !has(row, other)));
  const [across, upright] = [lines(y, x), lines(x, y)];
  const plot = find(".plot", figure);
  const legend = find(".legend", figure);
  legend.replaceChildren();
  const missing = data.rows.filter((row) => ["model", "pictures"].includes(row.kind) && !drawn.includes(row));
  find(".notes", figure).textContent = missing.length ? `Not drawn, for want of a figure: ${missing.map((row) => row.name).join(", ")}.` : "";
  if (!drawn.length) {
    plot.replaceChildren(html("p", {}, "No row has both figures."));
    return;
  }

  const values = (axis, more) => [...drawn.flatMap((row) => row.scores[axis.key].filter((value) => value !== null)), ...more.map((row) => row.scores[axis.key][0])];
  const name = `${title(y)} against ${title(x)}, ${drawn.length} rows. The figures are in the table.`;
  const heading = (axis) => title(axis) + (axis.direction ? `, ${axis.direction}` : "");
  const base = frame(size, name, { values: values(x, upright), title: heading(x), log: true }, { values: values(y, across), title: heading(y), log: false });
  const { drawing, horizontal, vertical, area } = base;

  const points = drawn.map((row) => {
    const [a, b] = [row.scores[x.key], row.scores[y.key]];
    return { row, x: a, y: b, left: horizontal.at(a[0]), top: vertical.at(b[0]) };
  });
  const solid = points.map((point) => around(point.left, point.top, 6));
  const soft = [];
  for (const row of across) soft.push(reference(base, row.name, vertical.at(row.scores[y.key][0]), true, solid));
  for (const row of upright) soft.push(reference(base, row.name, horizontal.at(row.scores[x.key][0]), false, solid));
  for (const point of points) soft.push(...bars(drawing, point, horizontal, vertical));

  const seatAll = (words) => {
    const labels = points.map((point, index) => ({ x: point.left, y: point.top, width: width(words[index]), text: words[index] }));
    return { labels, boxes: seat(labels, { ...area, y: area.y - 4 }, solid, soft) };
  };
  let { labels, boxes } = seatAll(points.map((point) => point.row.name));
  if (boxes.includes(null)) {
    // Too many for the room: numbers, and the names below.
    ({ labels, boxes } = seatAll(points.map((_, index) => `${index + 1}`)));
    legend.append(...points.map((point, index) => html("li", {}, html("b", {}, `${index + 1}`), point.row.name)));
  }
  points.forEach((point, index) => {
    const line = boxes[index] && leader(labels[index], boxes[index]);
    if (line) drawing.append(line);
  });
  points.forEach((point, index) => {
    const says = [y, x].map((axis, turn) => `${title(axis)}: ${short([point.y, point.x][turn][0])}`).join("\n");
    const group = svg("g", { "data-row": point.row.name }, svg("title", {}, `${point.row.name}\n${says}`), mark(point.row.kind, point.left, point.top));
    const box = boxes[index];
    if (box) group.append(svg("text", { class: "label", x: box.x + 1, y: box.y + 11.5 }, labels[index].text));
    drawing.append(group);
  });
  plot.replaceChildren(drawing);
}

for (const figure of findAll(".chart[data-x]")) {
  let size = 0;
  onWidth(find(".plot", figure), (now) => chart(figure, (size = now)));
  for (const select of findAll("select", figure)) {
    select.addEventListener("change", () => {
      figure.dataset[select.dataset.axis] = select.value;
      chart(figure, size);
    });
  }
}
