// The picture: before and after on top of each other, the divider, zoom and panning.
// Scales are CSS pixels per pixel of the photo; 100 % is one pixel of the photo to one of the screen.

import { percent, t } from "./texts.js";

const MOST_OF_FULL = 8;
const MOST_OF_FIT = 3;
const STILL = 6;
const STEP = 1.5;
const find = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Fires "point" and "hover" ({x, y} in 0..1; null for a hover outside the photo), "cut" and "zoom". */
export class Stage extends EventTarget {
  root = find("stage");
  #sheet = find("sheet");
  #marks = find("marks");
  #divider = find("divider");
  #size = null;
  #cut = 50;
  #box = { left: 0, top: 0, width: 0, height: 0 };
  #scale = 1;
  #fitted = true;
  #pointers = new Map();
  #gesture = null;

  constructor() {
    super();
    new ResizeObserver(() => this.lay()).observe(this.root);
    this.root.addEventListener("pointerdown", (event) => this.#press(event));
    this.root.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.root.addEventListener(end, (event) => this.#release(event));
    this.root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.#divider.addEventListener("keydown", (event) => this.#dividerKey(event));
  }

  /** `size` is {width, height} in pixels of the photo, null while nothing is known. */
  open(size, cut) {
    this.#size = size;
    this.#fitted = true;
    this.#cut = cut;
    this.lay();
  }

  get size() {
    return this.#size;
  }

  get full() {
    return 1 / devicePixelRatio;
  }

  get #fit() {
    const { clientWidth, clientHeight } = this.root;
    return Math.min(clientWidth / this.#size.width, clientHeight / this.#size.height, MOST_OF_FIT);
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
    const [width, height] = [this.#size.width * this.#scale, this.#size.height * this.#scale];
    // A larger picture stays over the stage. A smaller side stays in the middle.
    const place = (start, length, room) => (length <= room ? (room - length) / 2 : clamp(start, room - length, 0));
    this.#box = { left: place(this.#box.left, width, wide), top: place(this.#box.top, height, high), width, height };
    for (const layer of [this.#sheet, this.#marks]) {
      Object.assign(layer.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${this.#box.left}px, ${this.#box.top}px)` });
    }
    this.root.classList.toggle("enlarged", this.enlarged);
    this.#sheet.classList.toggle("coarse", this.#scale >= 4 * this.full);
    this.#layDivider();
    this.dispatchEvent(new Event("zoom"));
  }

  // The divider is at a share of the visible part, so that it can be reached at every zoom.
  get #seen() {
    const left = Math.max(this.#box.left, 0);
    const top = Math.max(this.#box.top, 0);
    const right = Math.min(this.#box.left + this.#box.width, this.root.clientWidth);
    const bottom = Math.min(this.#box.top + this.#box.height, this.root.clientHeight);
    return { left, top, width: right - left, height: bottom - top };
  }

  #layDivider() {
    const seen = this.#seen;
    const at = seen.left + (seen.width * this.#cut) / 100;
    Object.assign(this.#divider.style, { transform: `translateX(${at}px)`, top: `${seen.top}px`, height: `${seen.height}px` });
    this.#sheet.style.setProperty("--cut", `${at - this.#box.left}px`);
    this.#divider.setAttribute("aria-valuenow", Math.round(this.#cut));
    const left = percent(Math.round(this.#cut) / 100);
    const right = percent(1 - Math.round(this.#cut) / 100);
    this.#divider.setAttribute("aria-valuetext", t("stage.divider-value", { left, right }));
    for (const [side, room] of [["left", this.#cut], ["right", 100 - this.#cut]]) {
      const tag = this.root.querySelector(`.tag.${side}`);
      tag.classList.toggle("crowded", (room / 100) * seen.width < tag.offsetWidth + 40);
      tag.style.bottom = `${this.root.clientHeight - seen.top - seen.height}px`;
      tag.style[side] = `${side === "left" ? seen.left : this.root.clientWidth - seen.left - seen.width}px`;
    }
  }

  get cut() {
    return this.#cut;
  }

  set cut(value) {
    this.#cut = clamp(value, 0, 100);
    this.#layDivider();
    this.dispatchEvent(new Event("cut"));
  }

  /** Whether the point is seen in colour. */
  inColor(x) {
    return this.#box.left + x * this.#box.width >= this.#seen.left + (this.#seen.width * this.#cut) / 100;
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
    const around = this.#sheet.getBoundingClientRect();
    const [x, y] = [(clientX - around.left) / around.width, (clientY - around.top) / around.height];
    return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : null;
  }

  /** Whether a point of the window lies on the stage. */
  inSight(clientX, clientY) {
    const { left, right, top, bottom } = this.root.getBoundingClientRect();
    return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  }

  /** The place in the photo of the middle of the visible part. */
  get middle() {
    const seen = this.#seen;
    return { x: (seen.left + seen.width / 2 - this.#box.left) / this.#box.width, y: (seen.top + seen.height / 2 - this.#box.top) / this.#box.height };
  }

  #press(event) {
    if (!this.#size || event.button !== 0 || event.target.closest("button, #state")) return;
    this.root.setPointerCapture(event.pointerId);
    this.#hover(event);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const kind = event.target.closest("#divider") ? "divide" : "press";
    const still = !event.target.closest("#divider span");
    this.#gesture = this.#pointers.size > 1 ? { kind: "pinch" } : { kind, still, x: event.clientX, y: event.clientY, cut: this.#cut };
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
    if (gesture.kind === "pan") this.#pan(now.x - last.x, now.y - last.y);
    if (gesture.kind === "divide") this.cut = gesture.cut + ((now.x - gesture.x) / this.#seen.width) * 100;
    this.root.classList.toggle("panning", gesture.kind === "pan");
    this.#pointers.set(event.pointerId, now);
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
    const by = event.shiftKey ? 200 : 50;
    const ways = { ArrowLeft: [by, 0], ArrowRight: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] };
    if (!(event.key in ways) || !this.enlarged) return;
    event.preventDefault();
    this.#pan(...ways[event.key]);
  }

  #dividerKey(event) {
    const by = event.shiftKey ? 10 : 2;
    const goals = {
      ArrowLeft: this.#cut - by, ArrowDown: this.#cut - by, ArrowRight: this.#cut + by, ArrowUp: this.#cut + by,
      PageDown: this.#cut - 10, PageUp: this.#cut + 10, Home: 0, End: 100,
    };
    if (!(event.key in goals)) return;
    event.preventDefault();
    this.cut = goals[event.key];
  }
}
