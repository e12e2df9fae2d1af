// The grid of pictures, each with a divider between what it is compared with and itself.

const REFERENCES = ["grey", "truth"];
const START = { grey: 25, truth: 75, own: 50 };

const groups = findAll(".photo").map((node) => {
  const cells = findAll("figure", node).filter((figure) => find(".frame", figure)).map((figure) => {
    const [box, own] = [find(".frame", figure), find(".own", figure)];
    return { figure, box, row: figure.dataset.row, source: own.getAttribute("src"), own, cut: 50 };
  });
  const group = { node, name: node.dataset.name, cells };
  for (const cell of cells) cell.group = group;
  return group;
});

// The cell to compare with, or nothing: in "grey" it lies left of the divider, in "truth" right of it.
function opposite(cell, mode) {
  if (mode === "own" || cell.row === mode) return undefined;
  return cell.group.cells.find((other) => other.row === mode);
}

const sides = (cell, mode) => (mode === "truth" ? [cell.row, "truth"] : [mode, cell.row]);

/* Puts `cell` into a box with two pictures and a line: the same for a small cell and for the large view. */
function compareIn(box, own, other, line, cell, mode) {
  const against = opposite(cell, mode);
  other.hidden = line.hidden = !against;
  own.classList.remove("left-side", "right-side");
  other.classList.remove("left-side", "right-side");
  if (!against) return false;
  if (other.getAttribute("src") !== against.source) other.setAttribute("src", against.source);
  // A see-through picture must not show the other one below it.
  own.classList.add(mode === "truth" ? "left-side" : "right-side");
  other.classList.add(mode === "truth" ? "right-side" : "left-side");
  return true;
}

if (groups.length) {
  const compare = find("#compare");
  const divider = find("#divider");

  const setCut = (cell, value) => {
    cell.cut = clamp(Math.round(value), 0, 100);
    cell.box.style.setProperty("--cut", `${cell.cut}%`);
    if (cell.box.getAttribute("role") !== "slider") return;
    const [left, right] = sides(cell, compare.value);
    cell.box.setAttribute("aria-valuenow", cell.cut);
    cell.box.setAttribute("aria-valuetext", `${cell.cut} % ${left}, ${100 - cell.cut} % ${right}`);
  };

  const refresh = () => {
    divider.value = START[compare.value];
    divider.disabled = compare.value === "own";
    for (const cell of groups.flatMap((group) => group.cells)) {
      const compared = compareIn(cell.box, cell.own, cell.other, cell.line, cell, REFERENCES.includes(cell.row) ? "own" : compare.value);
      cell.box.setAttribute("role", compared ? "slider" : "button");
      cell.box.setAttribute("aria-label", `${cell.group.name}, ${cell.row}${compared ? ": divider" : ""}`);
      for (const [name, value] of [["aria-valuemin", 0], ["aria-valuemax", 100]]) {
        compared ? cell.box.setAttribute(name, value) : cell.box.removeAttribute(name);
      }
      if (!compared) for (const name of ["aria-valuenow", "aria-valuetext"]) cell.box.removeAttribute(name);
      setCut(cell, divider.value);
    }
  };

  // One stop of Tab for each photo: the arrows go on from there.
  const settle = (cell) => {
    for (const other of cell.group.cells) other.box.tabIndex = other === cell ? 0 : -1;
  };
  const visible = (group) => group.cells.filter((cell) => !cell.figure.hidden);

  for (const cell of groups.flatMap((group) => group.cells)) {
    const { box } = cell;
    cell.other = html("img", { class: "other", alt: "", draggable: "false", loading: "lazy" });
    cell.line = html("span", { class: "cut" });
    box.append(cell.other, cell.line);
    box.setAttribute("aria-keyshortcuts", "Enter");
    let start = null;
    let dragged = false;
    const slides = () => box.getAttribute("role") === "slider";
    const follow = (event) => {
      const { left, width: wide } = box.getBoundingClientRect();
      setCut(cell, ((event.clientX - left) / wide) * 100);
    };
    box.addEventListener("pointerdown", (event) => {
      [start, dragged] = [event.clientX, false];
      if (slides()) box.setPointerCapture(event.pointerId);
    });
    box.addEventListener("pointermove", (event) => {
      if (start === null || !slides() || event.buttons === 0) return;
      dragged ||= Math.abs(event.clientX - start) > 4;
      if (dragged) follow(event);
    });
    box.addEventListener("pointerup", () => (start = null));
    box.addEventListener("pointercancel", () => (start = null));
    box.addEventListener("click", () => {
      settle(cell);
      if (!dragged) openViewer(cell, compare.value, cell.cut);
      dragged = false;
    });
    box.addEventListener("focus", () => settle(cell));
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const step = event.shiftKey ? 1 : 5;
      const shown = visible(cell.group);
      const beside = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const moved = { ArrowLeft: cell.cut - step, ArrowRight: cell.cut + step, Home: 0, End: 100 }[event.key];
      if (beside) shown[shown.indexOf(cell) + beside]?.box.focus();
      else if (moved !== undefined && slides()) setCut(cell, moved);
      else if (event.key === "Enter" || event.key === " ") openViewer(cell, compare.value, cell.cut);
      else return;
      event.preventDefault();
    });
  }

  const boxes = findAll("#pictures fieldset input");
  const filter = () => {
    const off = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
    for (const figure of findAll(".photo figure")) figure.hidden = off.has(figure.dataset.row);
    for (const group of groups) {
      group.node.hidden = find("#photo").value !== "" && group.node.dataset.photo !== find("#photo").value;
      const shown = visible(group);
      if (shown.length) settle(shown.find((cell) => cell.box.tabIndex === 0) ?? shown[0]);
    }
    find("#chosen").textContent = `(${boxes.length - off.size} of ${boxes.length})`;
  };
  const tick = (checked) => {
    for (const box of boxes) box.checked = checked;
    filter();
  };

  for (const group of groups) if (group.cells.length) settle(group.cells[0]);
  compare.addEventListener("change", refresh);
  divider.addEventListener("input", () => groups.flatMap((group) => group.cells).forEach((cell) => setCut(cell, divider.value)));
  find("#photo").addEventListener("change", filter);
  for (const box of boxes) box.addEventListener("change", filter);
  find("#all").addEventListener("click", () => tick(true));
  find("#none").addEventListener("click", () => tick(false));
  find("#pictures details").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.currentTarget.open = false;
    find("summary", event.currentTarget).focus();
  });
  refresh();
  filter();
}
