// The picture: before and after on top of each other, zoom, panning, turns and crops.
// Scales are CSS pixels per pixel of the photo; 100 % is one pixel of the photo to one of the screen.

import { Divider } from "./divider.js";
import { Frame, WHOLE } from "./frame.js";

const MOST_OF_FULL = 8;
const MOST_OF_FIT = 3;
const STILL = 6;
const STEP = 1.5;
// The shortest side of a crop, in CSS pixels. A shorter one is a slip of the hand.
const LEAST_CROP = 24;
const find = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Fires "point" and "hover" ({x, y} in 0..1; null for a hover outside the photo), "cut", "zoom", "turn" and "crop". */
export class Stage extends EventTarget {
  root = find("stage");
  frame = new Frame();
  #sheet = find("sheet");
  #marks = find("marks");
  #divider = new Divider();
  #size = null;
  #box = { left: 0, top: 0, width: 0, height: 0 };
  #scale = 1;
  #fitted = true;
  #pointers = new Map();
  #gesture = null;
  #cropping = false;

  constructor() {
    super();
    new ResizeObserver(() => this.lay()).observe(this.root);
    this.root.addEventListener("pointerdown", (event) => this.#press(event));
    this.root.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.root.addEventListener(end, (event) => this.#release(event));
    this.root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.#divider.addEventListener("cut", () => this.dispatchEvent(new Event("cut")));
  }

  /** `size` is {width, height} in pixels of the photo, null while nothing is known; `frame` how it is looked at. */
  open(size, cut, frame = new Frame()) {
    this.#size = size;
    this.frame = frame;
    this.cropping = false;
    this.#fitted = true;
    this.#divider.lay(this.#seen, this.#whole.left, cut);
    this.lay();
  }

  get size() {
    return this.#size;
  }

  get full() {
    return 1 / devicePixelRatio;
  }

  // Width and height of what is seen: the photo turned and cropped, in its pixels.
  get #shape() {
    const { width, height } = this.frame.shape(this.#size);
    const { left, top, right, bottom } = this.frame.crop;
    return { width: width * (right - left), height: height * (bottom - top) };
  }

  get #fit() {
    const { clientWidth, clientHeight } = this.root;
    const { width, height } = this.#shape;
    return Math.min(clientWidth / width, clientHeight / height, MOST_OF_FIT);
  }

  get scale() {
    return this.#scale;
  }

  get fitted() {
    return this.#fitted;
  }

  get enlarged() {
    return this.#size !== null && this.#scale > this.#fit * 1.001;
  }

  lay() {
    if (!this.#size || !this.root.clientWidth) return;
    const { clientWidth: wide, clientHeight: high } = this.root;
    if (this.#fitted) this.#scale = this.#fit;
    const shape = this.#shape;
    const [width, height] = [shape.width * this.#scale, shape.height * this.#scale];
    // A larger picture stays over the stage. A smaller side stays in the middle.
    const place = (start, length, room) => (length <= room ? (room - length) / 2 : clamp(start, room - length, 0));
    this.#box = { left: place(this.#box.left, width, wide), top: place(this.#box.top, height, high), width, height };
    const whole = this.#whole;
    const { crop, turns } = this.frame;
    const outside = [crop.top * whole.height, (1 - crop.right) * whole.width, (1 - crop.bottom) * whole.height, crop.left * whole.width];
    for (const layer of [this.#sheet, this.#marks]) {
      Object.assign(layer.style, { width: `${whole.width}px`, height: `${whole.height}px`, transform: `translate(${whole.left}px, ${whole.top}px)` });
      layer.style.clipPath = crop === WHOLE ? "" : `inset(${outside.map((length) => `${length}px`).join(" ")})`;
    }
    this.#sheet.dataset.turns = turns;
    this.#sheet.style.setProperty("--wide", `${this.#size.width * this.#scale}px`);
    this.#sheet.style.setProperty("--high", `${this.#size.height * this.#scale}px`);
    this.root.classList.toggle("enlarged", this.enlarged);
    this.#sheet.classList.toggle("coarse", this.#scale >= 4 * this.full);
    this.#divider.lay(this.#seen, whole.left);
    this.dispatchEvent(new Event("zoom"));
  }

  // The place and size of the photo without its crop.
  get #whole() {
    const { left, top, right, bottom } = this.frame.crop;
    const [width, height] = [this.#box.width / (right - left), this.#box.height / (bottom - top)];
    return { left: this.#box.left - left * width, top: this.#box.top - top * height, width, height };
  }

  // The visible part. The divider is at a share of it, so that it can be reached at every zoom.
  get #seen() {
    const left = Math.max(this.#box.left, 0);
    const top = Math.max(this.#box.top, 0);
    const right = Math.min(this.#box.left + this.#box.width, this.root.clientWidth);
    const bottom = Math.min(this.#box.top + this.#box.height, this.root.clientHeight);
    return { left, top, width: right - left, height: bottom - top };
  }

  get cut() {
    return this.#divider.cut;
  }

  set cut(value) {
    this.#divider.cut = value;
  }

  /** Whether a point of the photo is seen in colour. */
  inColor(point) {
    return this.#whole.left + this.frame.toView(point).x * this.#whole.width >= this.#divider.at;
  }

  /** Enlarge about a point of the stage, by default its middle. */
  zoomTo(scale, x = this.root.clientWidth / 2, y = this.root.clientHeight / 2) {
    if (!this.#size) return;
    const most = MOST_OF_FULL * Math.max(this.full, this.#fit);
    scale = clamp(scale, Math.min(this.full, this.#fit), most);
    const factor = scale / this.#scale;
    this.#fitted = false;
    this.#scale = scale;
    this.#box.left = x - (x - this.#box.left) * factor;
    this.#box.top = y - (y - this.#box.top) * factor;
    this.lay();
  }

  zoomBy(steps) {
    this.zoomTo(this.#scale * STEP ** steps);
  }

  fit() {
    this.#fitted = true;
    this.lay();
  }

  #pan(x, y) {
    this.#box.left += x;
    this.#box.top += y;
    this.lay();
  }

  /** The place in the photo, 0..1, of a point of the window; null outside the photo. */
  toPhoto(clientX, clientY) {
    const place = this.#toView(clientX, clientY);
    return this.frame.holds(place) ? this.frame.toPhoto(place) : null;
  }

  #toView(clientX, clientY) {
    const around = this.#sheet.getBoundingClientRect();
    return { x: (clientX - around.left) / around.width, y: (clientY - around.top) / around.height };
  }

  /** Whether a point of the window lies on the stage. */
  inSight(clientX, clientY) {
    const { left, right, top, bottom } = this.root.getBoundingClientRect();
    return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  }

  /** The place in the photo of the middle of the visible part. */
  get middle() {
    const seen = this.#seen;
    return this.frame.toPhoto(this.#share(seen.left + seen.width / 2, seen.top + seen.height / 2));
  }

  // The place in the view, 0..1, of a point of the stage.
  #share(left, top) {
    const whole = this.#whole;
    return { x: (left - whole.left) / whole.width, y: (top - whole.top) / whole.height };
  }

  turn() {
    this.frame.turn();
    this.fit();
    this.dispatchEvent(new Event("turn"));
  }

  /** Show the whole photo as it is. */
  restore() {
    Object.assign(this.frame, new Frame());
    this.fit();
    this.dispatchEvent(new Event("turn"));
  }

  get cropping() {
    return this.#cropping;
  }

  /** While it is true, the next drag draws the rectangle to crop to; Enter takes what is seen. */
  set cropping(on) {
    this.#cropping = on;
    this.root.classList.toggle("cropping", on);
    find("crop-box").hidden = true;
    this.dispatchEvent(new Event("crop"));
  }

  #cropTo(a, b) {
    this.frame.cropTo(a, b);
    this.cropping = false;
    this.fit();
    this.dispatchEvent(new Event("turn"));
  }

  #press(event) {
    if (!this.#size || event.button !== 0 || event.target.closest("button, #state")) return;
    // After a tap the browser makes mouse events at its place. They would take the focus from the palette, which closes.
    if (event.pointerType === "touch") event.preventDefault();
    this.root.setPointerCapture(event.pointerId);
    this.#hover(event);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const kind = this.#cropping ? "crop" : event.target.closest("#divider") ? "divide" : "press";
    const still = !event.target.closest("#divider span");
    this.#gesture = this.#pointers.size > 1 ? { kind: "pinch" } : { kind, still, x: event.clientX, y: event.clientY, cut: this.cut };
    if (kind === "divide") {
      event.preventDefault();
      this.#divider.focus();
    }
  }

  #move(event) {
    const last = this.#pointers.get(event.pointerId);
    if (!last) return this.#hover(event);
    const now = { x: event.clientX, y: event.clientY };
    const gesture = this.#gesture;
    if (gesture.kind === "pinch") this.#pinch(event.pointerId, last, now);
    if (Math.hypot(now.x - gesture.x, now.y - gesture.y) > STILL) {
      gesture.still = false;
      if (gesture.kind === "press") gesture.kind = this.enlarged ? "pan" : "divide";
    }
    if (gesture.kind === "crop") this.#drawCrop(gesture, now);
    if (gesture.kind === "pan") this.#pan(now.x - last.x, now.y - last.y);
    if (gesture.kind === "divide") this.cut = gesture.cut + ((now.x - gesture.x) / this.#seen.width) * 100;
    this.root.classList.toggle("panning", gesture.kind === "pan");
    this.#pointers.set(event.pointerId, now);
  }

  #drawCrop(from, to) {
    const around = this.root.getBoundingClientRect();
    const [left, top] = [Math.min(from.x, to.x) - around.left, Math.min(from.y, to.y) - around.top];
    const box = find("crop-box");
    box.hidden = false;
    Object.assign(box.style, { left: `${left}px`, top: `${top}px`, width: `${Math.abs(from.x - to.x)}px`, height: `${Math.abs(from.y - to.y)}px` });
  }

  #hover({ clientX, clientY }) {
    if (this.#size) this.dispatchEvent(new CustomEvent("hover", { detail: this.toPhoto(clientX, clientY) }));
  }

  #pinch(id, last, now) {
    const other = [...this.#pointers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const apart = (a) => Math.max(Math.hypot(a.x - other.x, a.y - other.y), 1);
    const around = this.root.getBoundingClientRect();
    this.#pan((now.x - last.x) / 2, (now.y - last.y) / 2);
    this.zoomTo((this.#scale * apart(now)) / apart(last), (now.x + other.x) / 2 - around.left, (now.y + other.y) / 2 - around.top);
  }

  #release(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    this.root.classList.remove("panning");
    const { kind, x, y } = this.#gesture;
    if (kind === "crop") {
      find("crop-box").hidden = true;
      const large = Math.min(Math.abs(x - event.clientX), Math.abs(y - event.clientY)) >= LEAST_CROP;
      if (large && event.type === "pointerup") this.#cropTo(this.#toView(x, y), this.#toView(event.clientX, event.clientY));
      return;
    }
    // A click on the divider's line also counts for the picture, because the line that takes clicks is wide.
    const point = event.type === "pointerup" && this.#gesture.still && this.toPhoto(event.clientX, event.clientY);
    if (point) this.dispatchEvent(new CustomEvent("point", { detail: point }));
    // The finger that is left after a pinch does nothing.
    if (this.#pointers.size) this.#gesture = { kind: "pan" };
  }

  #wheel(event) {
    if (!this.#size) return;
    const around = this.root.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoomTo(this.#scale * Math.exp(-event.deltaY / 200), event.clientX - around.left, event.clientY - around.top);
    } else if (this.enlarged) {
      event.preventDefault();
      this.#pan(-event.deltaX, -event.deltaY);
    }
  }

  #key(event) {
    if (event.target !== this.root || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#cropping && event.key === "Enter") {
      const { left, top, width, height } = this.#seen;
      return this.#cropTo(this.#share(left, top), this.#share(left + width, top + height));
    }
    const by = event.shiftKey ? 200 : 50;
    const ways = { ArrowLeft: [by, 0], ArrowRight: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] };
    if (!(event.key in ways) || !this.enlarged) return;
    event.preventDefault();
    this.#pan(...ways[event.key]);
  }
}
