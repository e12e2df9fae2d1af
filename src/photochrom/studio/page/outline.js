// Where a colour goes, over the picture: a line around it, and the rest darkened before there is a colour.

import { blobOf } from "./api.js";

const canvas = document.getElementById("outline");
const shade = document.getElementById("shade");
const MOST_PIXELS = 1e6;
const KEPT = 24;
const DARKEST = 150;
const DASH = 7;

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
  // What the canvases hold.
  #shown = "";
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
    shade.hidden = canvas.hidden || !strong;
  }

  hide() {
    this.#wanted = null;
    canvas.hidden = shade.hidden = true;
  }

  /** The picture may have another size on the screen. */
  fit() {
    if (!canvas.hidden && sizeOnScreen().width !== canvas.width) this.#draw();
  }

  /** The maps of a photo's references are old. */
  forget() {
    this.#maps.clear();
    this.#shown = "";
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
    if (!bitmap && !wanted?.options.json) canvas.hidden = shade.hidden = true;
    if (!bitmap) return;
    canvas.hidden = false;
    shade.hidden = !wanted.strong;
    const size = sizeOnScreen();
    const shown = JSON.stringify([wanted.key, size.width]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    paint(bitmap, size, wanted);
    canvas.dataset.shows = wanted.key;
  }
}

function paint(bitmap, { width, height, scale }, { dashed = false, stretched = false }) {
  for (const one of [canvas, shade]) Object.assign(one, { width, height });
  const [linePen, shadePen] = [canvas, shade].map((one) => one.getContext("2d", { willReadFrequently: true }));
  shadePen.drawImage(bitmap, 0, 0, width, height);
  const dark = shadePen.getImageData(0, 0, width, height);
  const line = linePen.createImageData(width, height);
  const map = new Uint8Array(width * height);
  for (let at = 0; at < map.length; at += 1) map[at] = dark.data[4 * at];
  // A reference rarely gives all of a colour. What it gives is shown against the most that it gives.
  const most = stretched ? Math.max(map.reduce((a, b) => Math.max(a, b), 0), 64) : 255;
  // One number is a pixel: alpha, blue, green and red, of which only alpha is not zero in black.
  const shades = Uint32Array.from({ length: 256 }, (_, value) => Math.round(DARKEST * (1 - Math.min(value / most, 1))) << 24);
  const pixels = new Uint32Array(dark.data.buffer);
  for (let at = 0; at < map.length; at += 1) pixels[at] = shades[map[at]];
  shadePen.putImageData(dark, 0, 0);
  // What a reference gives has no edge.
  if (!stretched) drawLine(new Uint32Array(line.data.buffer), map, width, height, scale, dashed);
  linePen.putImageData(line, 0, 0);
}

// White within and black without can be seen on every picture.
function drawLine(pixels, map, width, height, scale, dashed) {
  const thick = Math.max(1, Math.round(1.25 * scale));
  const dash = DASH * scale;
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      const inside = map[at] > 127;
      const edge = (x >= thick && map[at - thick] > 127 !== inside) || (x + thick < width && map[at + thick] > 127 !== inside)
        || (y >= thick && map[at - thick * width] > 127 !== inside) || (y + thick < height && map[at + thick * width] > 127 !== inside);
      if (edge && !(dashed && Math.floor((x + y) / dash) % 2)) pixels[at] = inside ? 0xffffffff : 0xaa000000;
    }
  }
}
