// The palette of one point: likely colours first, then skin, dark cloth, the colours used last, and any colour.

import { call, isAborted } from "./api.js";
import { colorName } from "./colors.js";
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
const APART = 22;
const EDGE = 8;

function lastUsed() {
  return JSON.parse(sessionStorage.getItem(LAST) ?? "[]");
}

function use(color) {
  const colors = [color, ...lastUsed().filter((one) => one !== color)].slice(0, MOST_LAST);
  sessionStorage.setItem(LAST, JSON.stringify(colors));
}

/** Fires "try" (a colour while it is being picked), "keep" (a colour), "remove" and "close". */
export class Palette extends EventTarget {
  #control = null;
  #anchor = null;

  constructor() {
    super();
    find("palette-close").onclick = () => this.close();
    find("palette-remove").onclick = () => this.#emit("remove");
    any.oninput = () => this.#emit("try", any.value);
    any.onchange = () => this.#keep(any.value);
    box.addEventListener("keydown", (event) => this.#key(event));
    // The browser's colour picker takes the focus away. The palette stays open.
    box.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !box.contains(relatedTarget) && relatedTarget !== this.#anchor) this.close({ refocus: false });
    });
    addEventListener("resize", () => this.#place());
  }

  /** Open it for a point of a photo, beside `anchor`. `color` is the present colour of the hint there. */
  async open(photo, { x, y, color = null, anchor }) {
    this.#control?.abort();
    const control = (this.#control = new AbortController());
    this.#anchor = anchor;
    find("likely").replaceChildren();
    this.#fill("skin", SKIN, color);
    this.#fill("cloth", CLOTH, color);
    this.#fill("last", lastUsed(), color);
    find("palette-state").textContent = t("palette.looking");
    find("palette-remove").hidden = color === null;
    any.value = color ?? "#808080";
    box.hidden = false;
    this.#place();
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

  // Beside the point, so that the picture near it stays free. On a phone the style sheet puts it below.
  #place() {
    if (box.hidden || !this.#anchor?.isConnected) return;
    const at = this.#anchor.getBoundingClientRect();
    const { offsetWidth: wide, offsetHeight: high } = box;
    const right = at.right + APART;
    const left = right + wide + EDGE <= innerWidth ? right : at.left - APART - wide;
    const top = at.top + at.height / 2 - high / 2;
    box.style.left = `${Math.max(EDGE, left)}px`;
    box.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - high - EDGE))}px`;
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
