// The palette of one point: how far its colour reaches, and the colours. The likely ones come first, then skin, dark
// cloth, the colours used last, those of the references, and any colour.

import { call, isAborted } from "./api.js";
import { colorName } from "./colors.js";
import { ReachChoice } from "./reach.js";
import { percent, t } from "./texts.js";

const find = (id) => document.getElementById(id);
const box = find("palette");
const swatches = find("swatches");
const any = find("any");
// Of a hint only hue and chroma count: the photo keeps its lightness. So these differ in hue and chroma.
const SKIN = ["#e8c4ae", "#dba989", "#c68e6a", "#a86f4f", "#7d4f3a"];
const CLOTH = ["#1f2a44", "#23402f", "#4a2f22", "#4f1f2a", "#33333a"];
const LAST = "photochrom.colors";
const MOST_LAST = 5;
const MOST_TAKEN = 10;
const EDGE = 8;
const LEAST_HEIGHT = 220;

function lastUsed() {
  return JSON.parse(sessionStorage.getItem(LAST) ?? "[]");
}

function use(color) {
  const colors = [color, ...lastUsed().filter((one) => one !== color)].slice(0, MOST_LAST);
  sessionStorage.setItem(LAST, JSON.stringify(colors));
}

/**
 * Fires "try" (a colour while it is being picked), "keep" (a colour), "reach" ({reach, radius, moving}), "press" (whether
 * a colour is held down), "remove" and "close".
 */
export class Palette extends EventTarget {
  #control = null;
  #anchor = null;
  #reach = new ReachChoice();
  // The colour of the point, also while its reach is one that has none.
  #color = null;

  constructor() {
    super();
    find("palette-close").onclick = () => this.close();
    find("palette-remove").onclick = () => this.#emit("remove");
    any.oninput = () => this.#emit("try", any.value);
    any.onchange = () => this.#keep(any.value);
    this.#reach.addEventListener("change", ({ detail }) => {
      this.#arrange();
      this.#emit("reach", detail);
    });
    swatches.addEventListener("pointerdown", ({ target }) => target.matches(".swatch") && this.#emit("press", true));
    addEventListener("pointerup", () => this.open && this.#emit("press", false));
    box.addEventListener("keydown", (event) => this.#key(event));
    // The browser's colour picker takes the focus away. The palette stays open.
    box.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !box.contains(relatedTarget) && relatedTarget !== this.#anchor) this.close({ refocus: false });
    });
    addEventListener("resize", () => this.#place());
  }

  get open() {
    return !box.hidden;
  }

  /** The colour that the point has, or had before it was kept as it is; null if there was none. */
  get color() {
    return this.#color;
  }

  /** Open it for a point of a photo, whose marker is `anchor`. A point that is no hint yet has no `color`. */
  async show(photo, { x, y, color = null, reach, radius, anchor }) {
    this.#control?.abort();
    const control = (this.#control = new AbortController());
    this.#anchor = anchor;
    this.#color = color;
    this.#reach.show({ reach, radius });
    find("likely").replaceChildren();
    this.#fill("skin", SKIN, color);
    this.#fill("cloth", CLOTH, color);
    this.#fill("last", lastUsed(), color);
    this.#fill("taken", (photo.references ?? []).flatMap(({ colors }) => colors ?? []).slice(0, MOST_TAKEN), color);
    find("palette-state").textContent = t("palette.looking");
    find("palette-remove").hidden = color === null && reach !== "keep";
    any.value = color ?? "#808080";
    box.hidden = false;
    box.scrollTop = 0;
    this.#arrange();
    box.focus({ preventScroll: true });
    try {
      const answer = await call(photo.path("/palette"), { method: "POST", json: { x, y }, signal: control.signal });
      const { colors } = await answer.json();
      if (control.signal.aborted) return;
      find("palette-state").textContent = "";
      find("likely").replaceChildren(...colors.map((one) => this.#swatch(one, color)));
      if (color === null && colors.length) any.value = colors[0].color;
      if (document.activeElement === box) find("likely").firstChild?.focus({ preventScroll: true });
    } catch (error) {
      if (isAborted(error)) return;
      // Without a palette, any colour can still be chosen.
      find("palette-state").textContent = error.message;
    }
    this.#place();
  }

  // A point that keeps its thing needs no colour.
  #arrange() {
    const kept = this.#reach.reach === "keep";
    swatches.hidden = find("palette-state").hidden = box.querySelector(".any").hidden = kept;
    if (kept) find("palette-remove").hidden = false;
    this.#place();
  }

  #fill(group, colors, chosen) {
    find(group).replaceChildren(...colors.map((color) => this.#swatch({ color }, chosen)));
    find(group).hidden = find(`${group}-title`).hidden = colors.length === 0;
  }

  #swatch({ color, share }, chosen) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "swatch";
    button.style.setProperty("--color", color);
    button.dataset.color = color;
    const plain = colorName(color);
    const name = share === undefined ? plain : t("palette.swatch", { color: plain, share: percent(share) });
    if (share !== undefined) button.dataset.share = percent(share);
    button.setAttribute("aria-label", name);
    button.title = name;
    button.setAttribute("aria-pressed", String(color === chosen));
    button.onclick = () => this.#keep(color);
    return button;
  }

  #keep(color) {
    for (const one of swatches.querySelectorAll(".swatch")) one.setAttribute("aria-pressed", String(one.dataset.color === color));
    any.value = color;
    this.#color = color;
    find("palette-remove").hidden = false;
    use(color);
    this.#emit("keep", color);
  }

  close({ refocus = true } = {}) {
    if (box.hidden) return;
    this.#control?.abort();
    box.hidden = true;
    this.#emit("close");
    if (refocus) (this.#anchor?.isConnected ? this.#anchor : find("stage")).focus({ preventScroll: true });
  }

  /** Move the palette beside this element, the marker of its point. */
  moveTo(anchor) {
    this.#anchor = anchor;
    this.#place();
  }

  // It never covers the picture. In a wide window it lies over the panel, otherwise below the picture.
  #place() {
    if (box.hidden) return;
    const panel = find("panel").getBoundingClientRect();
    const stage = find("stage").getBoundingClientRect();
    if (panel.left >= stage.right - 1) {
      const at = this.#anchor?.isConnected ? this.#anchor.getBoundingClientRect() : stage;
      box.style.maxHeight = `${innerHeight - 2 * EDGE}px`;
      const top = at.top + at.height / 2 - box.offsetHeight / 2;
      box.style.left = `${panel.left + (panel.width - box.offsetWidth) / 2}px`;
      box.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - box.offsetHeight - EDGE))}px`;
    } else {
      // The page is scrolled until the picture is at the top, so that there is room.
      scrollBy(0, Math.max(0, find("view").getBoundingClientRect().top));
      box.style.left = box.style.top = "";
      box.style.maxHeight = `${Math.max(LEAST_HEIGHT, innerHeight - find("stage").getBoundingClientRect().bottom)}px`;
    }
  }

  #key(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    }
    const all = [...swatches.querySelectorAll(".swatch")];
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!by || !all.includes(document.activeElement)) return;
    event.preventDefault();
    all[(all.indexOf(document.activeElement) + by + all.length) % all.length].focus();
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
