// A colour on its way from a reference to a place in the photo.

import { colorName } from "./colors.js";
import { t } from "./texts.js";

const find = (id) => document.getElementById(id);

/** Fires "stop" when the colour was put down or given up. */
export class Carry extends EventTarget {
  color = null;

  constructor() {
    super();
    find("carry-stop").onclick = () => this.stop();
    addEventListener("pointermove", ({ clientX, clientY }) => this.color && this.#follow(clientX, clientY));
  }

  start(color) {
    this.color = color;
    find("carry").style.setProperty("--color", color);
    find("carried").style.setProperty("--color", color);
    find("carry-words").textContent = t("references.carry", { color: colorName(color) });
    find("carry").hidden = find("carried").hidden = false;
  }

  stop() {
    if (!this.color) return;
    this.color = null;
    find("carry").hidden = find("carried").hidden = true;
    this.dispatchEvent(new Event("stop"));
  }

  #follow(x, y) {
    find("carried").style.transform = `translate(${x}px, ${y}px)`;
  }
}
