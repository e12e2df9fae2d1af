// The divider between the photo as it was and in colour. Its place is a share of what is seen of the photo.

import { percent, t } from "./texts.js";

const find = (id) => document.getElementById(id);
const clamp = (value) => Math.min(Math.max(value, 0), 100);

/** Fires "cut" when keys or the stage have moved it. */
export class Divider extends EventTarget {
  #node = find("divider");
  #stage = find("stage");
  #cut = 50;
  // What is seen of the photo, on the stage.
  #seen = { left: 0, top: 0, width: 0, height: 0 };
  #start = 0;

  constructor() {
    super();
    this.#node.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Per cent of what is seen that is shown as it was. */
  get cut() {
    return this.#cut;
  }

  set cut(value) {
    this.#cut = clamp(value);
    this.#draw();
    this.dispatchEvent(new Event("cut"));
  }

  /** Where it is on the stage. */
  get at() {
    return this.#seen.left + (this.#seen.width * this.#cut) / 100;
  }

  focus() {
    this.#node.focus();
  }

  /** `start` is where the photo begins on the stage, which may be left of what is seen. */
  lay(seen, start, cut = this.#cut) {
    this.#seen = seen;
    this.#start = start;
    this.#cut = clamp(cut);
    this.#draw();
  }

  #draw() {
    const { left, top, width, height } = this.#seen;
    Object.assign(this.#node.style, { transform: `translateX(${this.at}px)`, top: `${top}px`, height: `${height}px` });
    find("sheet").style.setProperty("--cut", `${this.at - this.#start}px`);
    const rounded = Math.round(this.#cut);
    this.#node.setAttribute("aria-valuenow", rounded);
    this.#node.setAttribute("aria-valuetext", t("stage.divider-value", { left: percent(rounded / 100), right: percent(1 - rounded / 100) }));
    for (const [side, room] of [["left", this.#cut], ["right", 100 - this.#cut]]) {
      const tag = this.#stage.querySelector(`.tag.${side}`);
      tag.classList.toggle("crowded", (room / 100) * width < tag.offsetWidth + 40);
      tag.style.bottom = `${this.#stage.clientHeight - top - height}px`;
      tag.style[side] = `${side === "left" ? left : this.#stage.clientWidth - left - width}px`;
    }
  }

  #key(event) {
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
