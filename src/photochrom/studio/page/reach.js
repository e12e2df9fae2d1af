// How far the colour of a point reaches: only here, this thing, everything like it, or nothing at all.

import { percent, t } from "./texts.js";

const find = (id) => document.getElementById(id);
const USUAL = 0.03;
export const LARGEST = 0.5;
const WORDS = { here: "reach.here-words", thing: "reach.thing-words", like: "reach.like-words", keep: "reach.keep-words" };
export const REACHES = Object.keys(WORDS);

// Small discs need finer steps than large ones.
const radiusOf = (value) => Math.round(LARGEST * value ** 2 * 1e4) / 1e4;
const valueOf = (radius) => Math.sqrt(radius / LARGEST);

/** Fires "change" ({reach, radius, moving}); `moving` while the slider of the radius is held. */
export class ReachChoice extends EventTarget {
  // The next disc has the size of the last one.
  #radius = USUAL;

  constructor() {
    super();
    for (const radio of this.#radios) radio.onchange = () => this.#tell(false);
    find("radius").oninput = () => this.#resize(true);
    find("radius").onchange = () => this.#resize(false);
  }

  get #radios() {
    return find("reaches").querySelectorAll("input");
  }

  get reach() {
    return find("reaches").querySelector("input:checked").value;
  }

  show({ reach = "thing", radius = this.#radius }) {
    this.#radius = radius;
    for (const radio of this.#radios) radio.checked = radio.value === reach;
    find("radius").value = valueOf(radius);
    this.#describe();
  }

  #resize(moving) {
    this.#radius = radiusOf(find("radius").valueAsNumber);
    this.#tell(moving);
  }

  #describe() {
    find("reach-words").textContent = t(WORDS[this.reach]);
    find("radius-field").hidden = this.reach !== "here";
    const share = percent(this.#radius);
    find("radius-words").textContent = share;
    find("radius").setAttribute("aria-valuetext", share);
  }

  #tell(moving) {
    this.#describe();
    const { reach } = this;
    const detail = { reach, radius: reach === "here" ? this.#radius : undefined, moving };
    this.dispatchEvent(new CustomEvent("change", { detail }));
  }
}
