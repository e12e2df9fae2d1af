// The row of photos: a small picture, a name, and the state or the error of each.

import { blobOf } from "./api.js";
import { asked } from "./looks.js";
import { percent, t } from "./texts.js";

const SIDE = 144;
const MOST_LOCAL = 30 * 2 ** 20;
// Errors that the button "Colour it anyway" helps against.
const FORCED = ["in_color", "colorized", "incomplete"];
const strip = document.getElementById("strip");
const list = strip.querySelector("ul");

/** The state of a photo, in a few words, or as a whole sentence where there is room. */
export function standing(photo, { whole = false } = {}) {
  const { state, progress, position, error, error_code: code, full } = photo.told;
  if (state === "sending") return t("queue.sending", { share: percent(progress) });
  if (state === "waiting") return full ? t("queue.full") : t("queue.sending", { share: percent(0) });
  if (state === "queued") return position > 0 ? t("queue.ahead", { n: position }) : t("queue.next");
  if (state === "running") return t("queue.running", { share: percent(progress) });
  if (state === "gone") return t("queue.gone");
  if (state === "done") return t("queue.done");
  // The name of the photo is shown above, and a button stands for the remedy behind the last semicolon.
  const words = error.startsWith(`${photo.name}: `) ? error.slice(photo.name.length + 2) : error;
  if (words.startsWith("is in colour already")) return t(whole ? "photo.in-color-words" : "photo.in-color");
  if (code === "colorized") return t(whole ? "photo.colorized-words" : "photo.colorized");
  return FORCED.includes(code) ? words.replace(/; [^;]*$/, "") : words;
}

export function canBeForced(photo) {
  return photo.state === "failed" && Boolean(photo.file) && !photo.force && FORCED.includes(photo.told.error_code);
}

/** Fires "choose" (a photo). */
export class Strip extends EventTarget {
  #tiles = new Map();
  #wanted = [];
  #drawing = false;
  #seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) this.#want(target.photo);
  }, { root: strip, rootMargin: "200px" });

  show(photos, current) {
    for (const [photo, tile] of this.#tiles) {
      if (!photos.includes(photo)) {
        tile.item.remove();
        this.#tiles.delete(photo);
      }
    }
    for (const photo of photos) {
      if (!this.#tiles.has(photo)) this.#build(photo);
      this.update(photo);
    }
    // One photo needs no list.
    strip.hidden = photos.length < 2;
    this.select(current);
  }

  select(current) {
    for (const [photo, { button }] of this.#tiles) {
      if (photo === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const tile = this.#tiles.get(current);
    if (!tile || strip.hidden) return;
    const [from, to] = [tile.item.offsetLeft, tile.item.offsetLeft + tile.item.offsetWidth];
    if (from < strip.scrollLeft || to > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = from - 16;
  }

  #build(photo) {
    const item = document.createElement("li");
    const button = item.appendChild(document.createElement("button"));
    const canvas = button.appendChild(document.createElement("canvas"));
    const bar = button.appendChild(document.createElement("progress"));
    const name = button.appendChild(document.createElement("b"));
    const words = button.appendChild(document.createElement("span"));
    button.type = "button";
    canvas.width = canvas.height = SIDE;
    bar.max = 1;
    bar.setAttribute("aria-hidden", "true");
    button.photo = photo;
    button.onclick = () => this.dispatchEvent(new CustomEvent("choose", { detail: photo }));
    this.#tiles.set(photo, { item, button, canvas, bar, name, words });
    list.append(item);
    this.#seen.observe(button);
  }

  update(photo) {
    const tile = this.#tiles.get(photo);
    if (!tile) return;
    const state = standing(photo);
    tile.item.className = photo.inColor ? "colored" : photo.state;
    tile.name.textContent = photo.name;
    tile.words.textContent = state;
    tile.bar.hidden = !["sending", "running"].includes(photo.state);
    tile.bar.value = photo.told.progress;
    tile.button.setAttribute("aria-label", t("strip.tile", { name: photo.name, state }));
    tile.button.title = photo.name;
    if (photo.isVisible && tile.drawn !== "color") {
      this.#seen.unobserve(tile.button);
      this.#seen.observe(tile.button);
    }
  }

  /** A photo has another look, so its tile is drawn anew when it is seen. */
  redraw(photo) {
    const tile = this.#tiles.get(photo);
    if (!tile || photo.state !== "done") return;
    tile.drawn = "old";
    this.update(photo);
  }

  /** Draw a tile from a picture that the stage has already. */
  paint(photo, picture, drawn = "color") {
    const tile = this.#tiles.get(photo);
    if (!tile) return;
    const [width, height] = [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];
    const side = Math.min(width, height);
    const pen = tile.canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    tile.drawn = drawn;
  }

  #want(photo) {
    if (!this.#wanted.includes(photo)) this.#wanted.push(photo);
    this.#draw();
  }

  // One after the other, so that small pictures do not delay the large one.
  async #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    for (let photo; (photo = this.#wanted.shift()); ) {
      const tile = this.#tiles.get(photo);
      if (!tile) continue;
      try {
        if (photo.isVisible && tile.drawn !== "color") {
          const view = photo.isFilm ? blobOf(photo.path("/preview"))
            : blobOf(photo.path("/view"), { method: "POST", json: asked(photo.history.look, { side: 2 * SIDE }) });
          const { blob } = await view;
          this.paint(photo, await createImageBitmap(blob));
        } else if (!tile.drawn && photo.file && photo.file.size < MOST_LOCAL) {
          const grey = await createImageBitmap(photo.file);
          if (!tile.drawn) this.paint(photo, grey, "file");
          grey.close();
        }
      } catch {
        // A tile without a picture still has its name. The error is shown when the photo is opened.
      }
    }
    this.#drawing = false;
  }
}
