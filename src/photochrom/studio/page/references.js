// The references of a photo: colour pictures from which it takes colours, and from which a person can take one.

import { blobOf, call, isAborted, upload } from "./api.js";
import { toHex } from "./colors.js";
import { t } from "./texts.js";

const find = (id) => document.getElementById(id);
const list = find("reference-list");
const STILL = 6;
// Fitness from which a reference counts as fitting, and below which nothing of it is seen.
const [WELL, BARELY] = [0.5, 0.05];
const MOST_COLORS = 5;
const APART = 60;

/**
 * Fires "changed" (a photo has other references), "taken" (the number of the reference whose effect is shown, or null),
 * "carry" (a colour that is taken by a click), "drag" ({color, x, y, over}, a colour that is pulled out), "said" (a
 * sentence) and "wrong" ({photo, error}).
 */
export class References extends EventTarget {
  #photo = null;
  #control = null;
  #drawn = undefined;

  constructor() {
    super();
    find("reference-add").onclick = () => find("reference-files").click();
    find("reference-files").onchange = (event) => {
      this.add([...event.target.files]);
      event.target.value = "";
    };
  }

  /** Show those of a photo. */
  show(photo) {
    if (this.#photo !== photo) find("reference-wrong").textContent = "";
    if (this.#photo !== photo || this.#drawn !== photo.references) {
      this.#photo = photo;
      this.#draw();
    }
    // After a reload of the page only the studio knows them.
    if (photo.state === "done" && photo.references === undefined && photo.told.references?.length) this.#load(photo);
  }

  /** Send files as references of the open photo. A file that cannot be one is said, and the others still count. */
  async add(files) {
    const photo = this.#photo;
    const wrong = [];
    find("references").open = true;
    find("reference-wrong").textContent = "";
    find("reference-add").disabled = true;
    find("reference-add").textContent = t("references.working");
    for (const file of files) {
      const form = new FormData();
      form.append("reference", file, file.name);
      try {
        await this.#take(photo, await upload(photo.path("/references?add=true"), form, () => {}));
      } catch (error) {
        if (error.status === 404) this.#emit("wrong", { photo, error });
        else wrong.push(error.message);
      }
    }
    find("reference-add").disabled = false;
    find("reference-add").textContent = t("references.add");
    if (photo === this.#photo) find("reference-wrong").textContent = wrong.join(" ");
  }

  /** No effect of a reference is shown any more. */
  quiet() {
    for (const button of list.querySelectorAll("[aria-pressed=true]")) button.setAttribute("aria-pressed", "false");
  }

  async #load(photo) {
    photo.references = null;
    try {
      await this.#take(photo, await (await call(photo.path("/references"))).json(), { news: false });
    } catch (error) {
      this.#emit("wrong", { photo, error });
    }
  }

  async #remove(photo, number) {
    try {
      const { name } = photo.references[number];
      await call(photo.path(`/references/${number}`), { method: "DELETE" });
      await this.#take(photo, { references: photo.references.filter((_, at) => at !== number) });
      this.#emit("said", t("references.removed", { name }));
      (list.querySelector("button") ?? find("reference-add")).focus();
    } catch (error) {
      this.#emit("wrong", { photo, error });
    }
  }

  async #take(photo, { references }, { news = true } = {}) {
    this.#control?.abort();
    const { signal } = (this.#control = new AbortController());
    photo.told.references = references.map(({ name }) => name);
    const known = photo.references ?? [];
    photo.references = references.map((one, at) => ({ ...one, canvas: one.canvas ?? (known[at]?.name === one.name ? known[at].canvas : null) }));
    if (news) this.#emit("changed", photo);
    try {
      for (const [number, one] of photo.references.entries()) {
        if (one.canvas) continue;
        const { blob } = await blobOf(photo.path(`/references/${number}`), { signal });
        one.canvas = await picture(blob);
        one.colors = mainColors(one.canvas);
      }
    } catch (error) {
      // A reference without a picture still counts.
      if (isAborted(error)) return;
    }
    if (photo === this.#photo) this.#draw();
  }

  #draw() {
    const photo = this.#photo;
    const references = photo.references ?? [];
    this.#drawn = photo.references;
    const count = photo.told.references?.length;
    find("reference-count").textContent = count || "";
    list.replaceChildren(...references.map((one, number) => this.#item(photo, one, number)));
  }

  #item(photo, { name, fitness, canvas }, number) {
    const item = document.createElement("li");
    if (canvas) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", name);
      canvas.title = t("references.take");
      canvas.onpointerdown = (event) => this.#press(event, canvas);
      item.append(canvas);
    }
    const words = item.appendChild(document.createElement("p"));
    const fit = fitness >= WELL ? t("references.well") : fitness >= BARELY ? t("references.partly") : t("references.not");
    words.append(Object.assign(document.createElement("b"), { textContent: name }), ` ${fit}`);
    const row = item.appendChild(document.createElement("p"));
    row.className = "row";
    const where = row.appendChild(button(t("references.where"), t("references.where-of", { name })));
    where.setAttribute("aria-pressed", "false");
    where.disabled = fitness < BARELY;
    where.onclick = () => {
      const on = where.getAttribute("aria-pressed") === "false";
      this.quiet();
      where.setAttribute("aria-pressed", String(on));
      this.#emit("taken", on ? number : null);
    };
    row.appendChild(button(t("references.remove"), t("references.remove-of", { name }))).onclick = () => this.#remove(photo, number);
    return item;
  }

  // A click takes the colour along to the next click. With a mouse it can also be pulled onto the photo.
  #press(event, canvas) {
    if (event.button !== 0) return;
    const color = colorAt(canvas, event);
    let pulled = false;
    const move = ({ clientX: x, clientY: y }) => {
      pulled ||= event.pointerType !== "touch" && Math.hypot(x - event.clientX, y - event.clientY) > STILL;
      if (pulled) this.#emit("drag", { color, x, y, over: false });
    };
    const end = ({ type, clientX: x, clientY: y }) => {
      for (const kind of ["pointerup", "pointercancel"]) canvas.removeEventListener(kind, end);
      canvas.removeEventListener("pointermove", move);
      if (pulled) this.#emit("drag", { color, x: type === "pointerup" ? x : -1, y, over: true });
      else if (type === "pointerup") this.#emit("carry", color);
    };
    if (event.pointerType !== "touch") canvas.setPointerCapture(event.pointerId);
    canvas.addEventListener("pointermove", move);
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, end);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function button(words, label) {
  return Object.assign(document.createElement("button"), { type: "button", textContent: words, ariaLabel: label });
}

async function picture(blob) {
  const bitmap = await createImageBitmap(blob);
  const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(bitmap, 0, 0);
  return canvas;
}

// The mean of 5 x 5 pixels: a finger and the grain of a scan are not more precise.
function colorAt(canvas, { clientX, clientY }) {
  const box = canvas.getBoundingClientRect();
  const at = (value, start, length, pixels) => Math.round(((value - start) / length) * pixels) - 2;
  const [x, y] = [at(clientX, box.left, box.width, canvas.width), at(clientY, box.top, box.height, canvas.height)];
  const { data } = canvas.getContext("2d").getImageData(Math.max(0, Math.min(x, canvas.width - 5)), Math.max(0, Math.min(y, canvas.height - 5)), 5, 5);
  return toHex([0, 1, 2].map((channel) => data.reduce((sum, value, at) => (at % 4 === channel ? sum + value : sum), 0) / 25));
}

/** Its most frequent colours that differ clearly, the strongest chroma first. */
function mainColors(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const bins = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const key = (data[at] >> 5) * 64 + (data[at + 1] >> 5) * 8 + (data[at + 2] >> 5);
    const bin = bins.get(key) ?? bins.set(key, [0, 0, 0, 0]).get(key);
    for (let channel = 0; channel < 3; channel += 1) bin[channel] += data[at + channel];
    bin[3] += 1;
  }
  const chroma = (rgb) => Math.max(...rgb) - Math.min(...rgb);
  const means = [...bins.values()].map(([r, g, b, n]) => ({ rgb: [r / n, g / n, b / n], weight: n * (8 + chroma([r / n, g / n, b / n])) }));
  means.sort((a, b) => b.weight - a.weight);
  const found = [];
  for (const { rgb } of means) {
    const near = found.some((other) => Math.hypot(...rgb.map((value, channel) => value - other[channel])) < APART);
    if (!near && found.length < MOST_COLORS) found.push(rgb);
  }
  return found.sort((a, b) => chroma(b) - chroma(a)).map(toHex);
}
