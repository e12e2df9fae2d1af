// The looks of a photo beside each other, as small pictures to choose from.

import { blobOf, call, isAborted, pause, release } from "./api.js";
import { asked, named } from "./looks.js";
import { t } from "./texts.js";

const find = (id) => document.getElementById(id);
const box = find("looks");
const SETTLED = 500;
// Pixels of the longer side: the pictures are about 90 wide, on screens of two dots to a pixel.
const SIDE = 192;

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Fires "choose" (the options of a look). */
export class Gallery extends EventTarget {
  #looks = null;
  #control = null;
  // What the pictures show: the photo, its hints, its version and its references.
  #shown = "";

  /** Show the looks of a photo, once its own picture is there and nothing moves. */
  async show(photo) {
    const { look, passing } = photo.history;
    this.#mark(look);
    if (photo.state !== "done" || passing || !photo.pictures.after) return;
    const key = JSON.stringify([photo.key, photo.told.id, look.hints, look.candidate, photo.matched]);
    if (this.#shown === key) return;
    this.#shown = key;
    this.#control?.abort();
    const { signal } = (this.#control = new AbortController());
    try {
      await this.#build();
      this.#mark(photo.history.look);
      await pause(SETTLED, signal);
      for (const [index, one] of this.#looks.entries()) {
        const json = asked({ ...photo.history.look, ...named(one) }, { side: SIDE });
        const { blob } = await blobOf(photo.path("/view"), { method: "POST", json, signal });
        if (signal.aborted) return;
        const image = box.querySelectorAll("img")[index];
        release(image.src);
        image.src = URL.createObjectURL(blob);
      }
    } catch (error) {
      // Without small pictures the looks still have names. The photo's own picture tells what is wrong.
      if (!isAborted(error) || this.#control?.signal === signal) this.#shown = "";
    }
  }

  /** Another photo is shown: the small pictures are not of it. */
  clear() {
    this.#control?.abort();
    this.#shown = "";
    for (const image of box.querySelectorAll("img")) {
      release(image.src);
      image.removeAttribute("src");
    }
  }

  async #build() {
    if (this.#looks) return;
    this.#looks = await (await call("api/looks")).json();
    box.replaceChildren(...this.#looks.map((one, index) => {
      const label = document.createElement("label");
      const radio = label.appendChild(document.createElement("input"));
      const image = label.appendChild(document.createElement("img"));
      label.append(t(`look.${one.name}`));
      Object.assign(radio, { type: "radio", name: "look", value: index });
      image.alt = "";
      radio.onchange = () => this.dispatchEvent(new CustomEvent("choose", { detail: named(one) }));
      return label;
    }));
  }

  // No look is marked once a slider has changed it.
  #mark(look) {
    for (const radio of box.querySelectorAll("input")) radio.checked = same(named(this.#looks[radio.value]), named(look));
  }
}
