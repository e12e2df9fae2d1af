// The large view of one picture: divider, zoom about the pointer, and the way to its neighbours.

const viewer = find("#viewer");
const stage = find("#stage");
const sheet = find("#sheet");
const MOST = 16;
const view = { cell: null, cut: 50, zoom: 1, x: 0, y: 0 };

function lay() {
  const { own } = view.cell;
  const [wide, high] = [stage.clientWidth, stage.clientHeight];
  const fit = Math.min(wide / own.naturalWidth, high / own.naturalHeight) * view.zoom;
  const [w, h] = [own.naturalWidth * fit, own.naturalHeight * fit];
  // An enlarged picture may not leave the stage; a smaller side stays in the middle.
  view.x = clamp(view.x, Math.min((wide - w) / 2, 0), Math.max((w - wide) / 2, 0));
  view.y = clamp(view.y, Math.min((high - h) / 2, 0), Math.max((h - high) / 2, 0));
  Object.assign(sheet.style, { width: `${w}px`, height: `${h}px`, left: `${(wide - w) / 2 + view.x}px`, top: `${(high - h) / 2 + view.y}px` });
  sheet.style.setProperty("--cut", `${view.cut}%`);
  sheet.classList.toggle("coarse", fit >= 8);
  stage.classList.toggle("enlarged", view.zoom > 1);
  find("#viewer-zoom").textContent = `${Math.round(view.zoom * 100)} %`;
  find("#viewer-divider").value = view.cut;
}

function present() {
  const { cell } = view;
  const mode = find("#viewer-compare").value;
  const own = find("#viewer-own");
  own.src = cell.source;
  own.alt = `${cell.group.name}, ${cell.row}`;
  const compared = compareIn(sheet, own, find("#viewer-other"), find(".cut", sheet), cell, mode);
  const [left, right] = compared ? sides(cell, mode) : ["", cell.row];
  find(".tag.left", stage).textContent = left;
  find(".tag.right", stage).textContent = right;
  find("#viewer-divider").disabled = !compared;
  find("#viewer-title").textContent = `${cell.group.name}: ${cell.row}`;
  lay();
}

function openViewer(cell, mode, cut) {
  Object.assign(view, { cell, cut, zoom: 1, x: 0, y: 0 });
  find("#viewer-compare").value = mode;
  viewer.showModal();
  stage.focus();
  present();
}

// Keeps the point (x, y), counted from the middle of the stage, where it is.
function zoomTo(zoom, x = 0, y = 0) {
  zoom = clamp(zoom, 1, MOST);
  const factor = zoom / view.zoom;
  Object.assign(view, { zoom, x: x - (x - view.x) * factor, y: y - (y - view.y) * factor });
  lay();
}

function go(models, photos) {
  const shown = (group) => group.cells.filter((cell) => !cell.figure.hidden);
  const open = groups.filter((group) => !group.node.hidden && shown(group).length);
  const group = open[open.indexOf(view.cell.group) + photos];
  if (!group) return;
  const cells = shown(group);
  const place = photos ? cells.findIndex((cell) => cell.row === view.cell.row) : cells.indexOf(view.cell) + models;
  if (!cells[place]) return;
  view.cell = cells[place];
  present();
}

if (groups.length) {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const pointers = new Map();
  let held = null;

  const fromMiddle = (event) => {
    const { left, top, width: wide, height: high } = stage.getBoundingClientRect();
    return [event.clientX - left - wide / 2, event.clientY - top - high / 2];
  };
  const cutAt = (event) => {
    if (find("#viewer-divider").disabled) return;
    const { left, width: wide } = sheet.getBoundingClientRect();
    view.cut = clamp(Math.round(((event.clientX - left) / wide) * 100), 0, 100);
    lay();
  };
  const gap = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
  };

  find("#viewer-compare").append(...[...find("#compare").options].map((option) => option.cloneNode(true)));
  viewer.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = arrows[event.key];
    if (event.key === "+" || event.key === "=") zoomTo(view.zoom * 1.5);
    else if (event.key === "-" || event.key === "−") zoomTo(view.zoom / 1.5);
    else if (event.key === "0") zoomTo(1);
    else if (arrow && !event.target.closest("input, select")) {
      if (view.zoom > 1) {
        // An arrow looks that way, so the picture goes the other.
        view.x -= (arrow[0] * stage.clientWidth) / 8;
        view.y -= (arrow[1] * stage.clientHeight) / 8;
        lay();
      } else go(...arrow);
    } else return;
    event.preventDefault();
  });
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(view.zoom * 2 ** (-event.deltaY / 400), ...fromMiddle(event));
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    held = pointers.size > 1 ? "pinch" : view.zoom > 1 && !event.target.matches(".cut") ? "pan" : "cut";
    if (held === "cut") cutAt(event);
  });
  stage.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const before = held === "pinch" && pointers.size === 2 ? gap() : 0;
    pointers.set(event.pointerId, event);
    if (before) zoomTo((view.zoom * gap()) / before, ...fromMiddle(event));
    else if (held === "cut") cutAt(event);
    else if (held === "pan") {
      view.x += event.clientX - last.clientX;
      view.y += event.clientY - last.clientY;
      lay();
    }
  });
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, (event) => pointers.delete(event.pointerId));
  find("#viewer-divider").addEventListener("input", (event) => {
    view.cut = Number(event.target.value);
    lay();
  });
  find("#viewer-compare").addEventListener("change", present);
  find("#viewer-in").addEventListener("click", () => zoomTo(view.zoom * 1.5));
  find("#viewer-out").addEventListener("click", () => zoomTo(view.zoom / 1.5));
  find("#viewer-fit").addEventListener("click", () => zoomTo(1));
  find("#viewer-before").addEventListener("click", () => go(-1, 0));
  find("#viewer-after").addEventListener("click", () => go(1, 0));
  find("#viewer-close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("close", () => view.cell.box.focus());
  new ResizeObserver(() => viewer.open && lay()).observe(stage);
}
