// Where a colour goes, over the picture: a line around it, and the rest darkened before there is a colour.

import { blobOf } from "./api.js";

const canvas = document.getElementById("outline");
const MOST_PIXELS = 1e6;
const KEPT = 24;
const DARKEST = 150;
const DASH = 7;

function drawn(bitmap, { width, height }) {
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0, width, height);
  return pen.getImageData(0, 0, width, height);
}

// The canvas has the size of the picture on the screen, so that the line has the same width at every zoom.
function sizeOnScreen() {
  const { clientWidth, clientHeight } = canvas;
  const scale = Math.min(devicePixelRatio, Math.sqrt(MOST_PIXELS / Math.max(clientWidth * clientHeight, 1)));
  return { width: Math.max(1, Math.round(clientWidth * scale)), height: Math.max(1, Math.round(clientHeight * scale)), scale };
}

/** The reach of one point, or what took colour from a reference. Nothing is shown until its map has come. */
export class Outline {
  // What is asked for: {key, path, options, dashed, strong}; null when nothing is.
  #wanted = null;
  #maps = new Map();
  #busy = false;

  /** Show where a hint at a point would act. `strong` also darkens the rest. */
  showReach(photo, { x, y, reach = "thing", radius }, { strong }) {
    const json = { x, y, reach, ...(reach === "here" && radius && { radius }) };
    this.#show({ photo, path: "/reach", options: { method: "POST", json }, dashed: reach === "keep", strong });
  }

  /** Show what took colour from a reference of a photo. */
  showTaken(photo, number) {
    this.#show({ photo, path: `/taken?reference=${number}`, options: {}, strong: true, stretched: true });
  }

  /** Darken the rest, or show only the line, so that the colours are seen as they are. */
  set strong(strong) {
    if (!this.#wanted || this.#wanted.strong === strong) return;
    this.#wanted.strong = strong;
    this.#draw();
  }

  hide() {
    this.#wanted = null;
    canvas.hidden = true;
  }

  /** The picture may have another size on the screen. */
  fit() {
    if (!canvas.hidden && sizeOnScreen().width !== canvas.width) this.#draw();
  }

  /** The maps of a photo's references are old. */
  forget() {
    this.#maps.clear();
  }

  #show(wanted) {
    wanted.key = JSON.stringify([wanted.photo.told.id, wanted.path, wanted.options.json]);
    this.#wanted = wanted;
    this.#draw();
    this.#fetch();
  }

  // One request at a time, always for what is wanted last: a point that is dragged would otherwise send too many.
  async #fetch() {
    if (this.#busy) return;
    this.#busy = true;
    for (let wanted; (wanted = this.#wanted) && !this.#maps.has(wanted.key); ) {
      try {
        const { blob } = await blobOf(wanted.photo.path(wanted.path), wanted.options);
        this.#maps.set(wanted.key, await createImageBitmap(blob));
      } catch {
        // The photo's own picture tells what is wrong. The colour can be chosen without the outline.
        break;
      }
      if (this.#maps.size > KEPT) this.#maps.delete(this.#maps.keys().next().value);
      this.#draw();
    }
    this.#busy = false;
  }

  #draw() {
    const wanted = this.#wanted;
    const bitmap = wanted && this.#maps.get(wanted.key);
    // While a point moves, its last outline stays until the next has come.
    if (!bitmap && !wanted?.options.json) canvas.hidden = true;
    if (!bitmap) return;
    canvas.hidden = false;
    const size = sizeOnScreen();
    const pixels = drawn(bitmap, size);
    paint(pixels, size, wanted);
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    canvas.dataset.shows = wanted.key;
    canvas.dataset.strong = wanted.strong;
  }
}

function paint({ data }, { width, height, scale }, { strong, dashed = false, stretched = false }) {
  const map = Uint8Array.from({ length: width * height }, (_, at) => data[4 * at]);
  // A reference rarely gives all of a colour. What it gives is shown against the most that it gives.
  const most = stretched ? Math.max(map.reduce((a, b) => Math.max(a, b), 0), 64) : 255;
  const inside = (at) => 2 * map[at] >= most;
  const thick = Math.max(1, Math.round(1.25 * scale));
  const dash = DASH * scale;
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      const own = inside(at);
      // What a reference gives has no edge.
      const edge = !stretched && ((x >= thick && inside(at - thick) !== own) || (x + thick < width && inside(at + thick) !== own)
        || (y >= thick && inside(at - thick * width) !== own) || (y + thick < height && inside(at + thick * width) !== own));
      const line = edge && !(dashed && Math.floor((x + y) / dash) % 2);
      // White within and black without can be seen on every picture.
      data.fill(line && own ? 255 : 0, 4 * at, 4 * at + 3);
      data[4 * at + 3] = line ? (own ? 255 : 170) : strong ? DARKEST * (1 - Math.min(map[at] / most, 1)) : 0;
    }
  }
}
