// The hints as markers on the picture. Each can be focused, dragged, moved by keys and deleted.

import { colorName } from "./colors.js";
import { percent, t } from "./texts.js";

const layer = document.getElementById("marks");
const clamp = (value) => Math.min(Math.max(value, 0), 1);
const round = (value) => Math.round(clamp(value) * 1e4) / 1e4;
const STILL = 4;
const NUDGE = 4;

/** Fires "move" ({index, x, y}), "drop" (a move is over), "open" (index), "remove" (index); index -1 is the new point. */
export class Marks extends EventTarget {
  #hints = [];
  #stage;
  pending = null;

  /** `stage` knows how the photo is turned. */
  constructor(stage) {
    super();
    this.#stage = stage;
    stage.addEventListener("turn", () => this.show(this.#hints));
    layer.addEventListener("pointerdown", (event) => this.#press(event));
    layer.addEventListener("keydown", (event) => this.#key(event));
    layer.addEventListener("keyup", (event) => event.key.startsWith("Arrow") && this.#emit("drop"));
    // Enter and Space arrive as clicks without a pointer.
    layer.addEventListener("click", (event) => event.detail === 0 && this.#emit("open", this.#index(event.target)));
  }

  show(hints) {
    this.#hints = hints;
    const all = this.pending ? [...hints, this.pending] : hints;
    while (layer.children.length > all.length) {
      const lost = layer.lastChild === document.activeElement;
      layer.lastChild.remove();
      if (lost) layer.parentElement.focus();
    }
    all.forEach((hint, index) => {
      const mark = layer.children[index] ?? layer.appendChild(document.createElement("button"));
      const { x, y } = this.#stage.frame.toView(hint);
      const where = { x: percent(x), y: percent(y) };
      mark.type = "button";
      const kept = hint.reach === "keep";
      mark.className = kept ? "mark kept" : hint.color ? "mark" : "mark pending";
      mark.style.left = `${x * 100}%`;
      mark.style.top = `${y * 100}%`;
      mark.style.setProperty("--color", hint.color ?? "transparent");
      const name = kept ? t("hints.kept", where) : t("hints.pending", where);
      mark.setAttribute("aria-label", hint.color ? t("hints.marker", { color: colorName(hint.color), ...where }) : name);
    });
  }

  node(index) {
    return layer.children[index < 0 ? this.#hints.length : index];
  }

  /** Start a new point. It becomes a hint once it has a colour. */
  begin(point) {
    this.pending = { x: round(point.x), y: round(point.y), color: null, reach: "thing" };
    this.show(this.#hints);
  }

  giveUp() {
    if (!this.pending) return;
    this.pending = null;
    this.show(this.#hints);
  }

  #index(node) {
    const index = [...layer.children].indexOf(node.closest(".mark"));
    return index === this.#hints.length ? -1 : index;
  }

  // A place of the view.
  #place(index, x, y) {
    const place = this.#stage.frame.toPhoto({ x, y });
    const point = { x: round(place.x), y: round(place.y) };
    if (index < 0) {
      Object.assign(this.pending, point);
      this.show(this.#hints);
    }
    this.#emit("move", { index, ...point });
  }

  #press(event) {
    const mark = event.target.closest(".mark");
    if (!mark || event.button !== 0) return;
    event.stopPropagation();
    const index = this.#index(mark);
    const from = mark.getBoundingClientRect();
    // The marker keeps its place under the finger.
    const [offX, offY] = [event.clientX - from.left - from.width / 2, event.clientY - from.top - from.height / 2];
    let dragged = false;
    mark.setPointerCapture(event.pointerId);
    const move = (next) => {
      dragged ||= Math.hypot(next.clientX - event.clientX, next.clientY - event.clientY) > STILL;
      const around = layer.getBoundingClientRect();
      if (dragged) this.#place(index, (next.clientX - offX - around.left) / around.width, (next.clientY - offY - around.top) / around.height);
    };
    const end = (last) => {
      mark.removeEventListener("pointermove", move);
      mark.removeEventListener("pointerup", end);
      mark.removeEventListener("pointercancel", end);
      if (dragged) this.#emit("drop");
      else if (last.type === "pointerup") this.#emit("open", index);
    };
    mark.addEventListener("pointermove", move);
    mark.addEventListener("pointerup", end);
    mark.addEventListener("pointercancel", end);
  }

  #key(event) {
    const mark = event.target.closest(".mark");
    if (!mark || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = this.#index(mark);
    const hint = this.#hints[index] ?? this.pending;
    const by = NUDGE * (event.shiftKey ? 5 : 1);
    const ways = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
    if (event.key in ways) {
      const [x, y] = ways[event.key];
      const from = this.#stage.frame.toView(hint);
      this.#place(index, from.x + x / layer.clientWidth, from.y + y / layer.clientHeight);
    } else if (event.key === "Delete" || event.key === "Backspace" || (event.key === "Escape" && index < 0)) {
      this.#emit("remove", index);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
