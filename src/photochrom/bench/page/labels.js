// Labels that cover neither one another nor a point.

const HEIGHT = 15;

const width = (() => {
  const context = document.createElement("canvas").getContext("2d");
  context.font = "12px " + getComputedStyle(document.documentElement).getPropertyValue("--sans");
  // A little more than measured: the font of an SVG may be hinted differently.
  return (text) => Math.ceil(context.measureText(text).width * 1.02) + 2;
})();

const meet = (a, b, gap = 1) =>
  a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap;

const around = (x, y, radius) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius });

// Where a label may stand about its point, nearest first: right, left, above, below, then ever wider circles.
function* seats(label) {
  const { x, y, width: wide } = label;
  for (const distance of [9, 14, 20, 28, 38, 50, 64, 80, 100, 124, 150]) {
    for (let step = 0; step < 16; step++) {
      const turn = ((step % 2 ? -1 : 1) * Math.ceil(step / 2) * Math.PI) / 8;
      const across = Math.cos(turn) * distance;
      const down = Math.sin(turn) * distance;
      const left = Math.abs(across) < 0.4 * distance ? x + across - wide / 2 : across > 0 ? x + across : x + across - wide;
      yield { x: left, y: y + down - HEIGHT / 2, width: wide, height: HEIGHT, distance };
    }
  }
}

/* A box for each label ({x, y, width}) inside `area`, clear of `solid` boxes and of the other labels, and where that
   costs little also of `soft` boxes; null for a label that finds no place. */
function seat(labels, area, solid, soft) {
  const taken = [...solid];
  const boxes = labels.map(() => null);
  const crowd = (label) => labels.filter((other) => Math.hypot(other.x - label.x, other.y - label.y) < 60).length;
  const order = labels.map((label, index) => ({ label, index, crowd: crowd(label) })).sort((a, b) => b.crowd - a.crowd);
  for (const { label, index } of order) {
    let best = null;
    let least = Infinity;
    for (const box of seats(label)) {
      const far = box.distance + box.distance ** 2 / 60;
      if (far >= least) break;
      const inside =
        box.x >= area.x && box.y >= area.y && box.x + box.width <= area.x + area.width && box.y + box.height <= area.y + area.height;
      if (!inside || taken.some((other) => meet(box, other))) continue;
      const cost = far + 18 * soft.filter((other) => meet(box, other, 0)).length;
      if (cost < least) [best, least] = [box, cost];
    }
    if (best) taken.push((boxes[index] = best));
  }
  return boxes;
}

// The line from a point to a label that stands away from it; nothing for a near one.
function leader(point, box) {
  const x = clamp(point.x, box.x, box.x + box.width);
  const y = clamp(point.y, box.y + 3, box.y + box.height - 3);
  if (Math.hypot(x - point.x, y - point.y) < 13) return null;
  return svg("line", { class: "leader", x1: point.x, y1: point.y, x2: x, y2: y });
}
