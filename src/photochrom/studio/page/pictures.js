// The two pictures on the stage. They are replaced only when the next ones are ready, so nothing flickers.

import { blobOf, call, isAborted, pause, release } from "./api.js";
import { asked } from "./looks.js";

// Milliseconds between two requests of a moving slider. So it stays far below the limit of requests.
const BETWEEN = 125;
const SETTLED = 500;
const MOST_DETAIL = 50e6;
const KEPT = 12;

async function decoded(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  return image;
}

function dispose(image) {
  if (image) release(image.src);
}

/**
 * Fires "shown" (`detail`: the photo) when a picture of it is new, "busy" and "wrong" ({photo, error}).
 * `pictures` of a photo: before, after, and their enlargements fineBefore, fineAfter.
 */
export class Pictures extends EventTarget {
  #recent = [];
  #flight = null;
  #wanted = null;
  #started = 0;
  #detail = null;

  /** Fetch the pictures of a photo that is shown from now on. */
  async open(photo) {
    this.#flight?.control.abort();
    this.#detail?.abort();
    this.#wanted = null;
    this.#recent = [...this.#recent.filter((one) => one !== photo), photo];
    while (this.#recent.length > KEPT) this.forget(this.#recent.shift());
    if (!photo.isVisible && !photo.inColor) return;
    if (photo.isFilm) return void this.play(photo);
    if (!photo.pictures.before) this.#fetch(photo, "before", "/before", {});
    if (photo.inColor) return void (photo.pictures.before && this.#emit("shown", photo));
    if (photo.pictures.shows !== JSON.stringify(photo.history.look)) this.ask(photo);
    else this.#emit("shown", photo);
  }

  /** Show a film's first seconds from their beginning. */
  async play(photo) {
    try {
      photo.clip ??= (await blobOf(photo.path("/preview"))).blob;
      // A new address starts the animation anew.
      const image = await decoded(photo.clip);
      dispose(photo.pictures.after);
      photo.pictures.after = image;
      this.#emit("shown", photo);
    } catch (error) {
      this.#emit("wrong", { photo, error });
    }
  }

  forget(photo) {
    for (const which of ["before", "after", "fineBefore", "fineAfter"]) dispose(photo.pictures[which]);
    photo.pictures = {};
  }

  /**
   * Fetch the picture of the photo's present look. An `urgent` request aborts the running one. Otherwise the newest
   * request waits for it, so that a slider shows pictures while it moves.
   */
  ask(photo, { urgent = true } = {}) {
    // The photo is being sent again. Its picture is fetched later.
    if (!photo.told.id) return;
    this.#wanted = photo;
    this.#detail?.abort();
    if (this.#flight && !urgent) return;
    this.#flight?.control.abort();
    this.#run(urgent);
  }

  async #run(urgent) {
    const control = new AbortController();
    const flight = (this.#flight = { control });
    this.#emit("busy", true);
    if (!urgent) await pause(Math.max(0, this.#started + BETWEEN - performance.now()));
    if (this.#flight !== flight) return;
    const photo = this.#wanted;
    const look = photo.history.look;
    this.#wanted = null;
    this.#started = performance.now();
    await this.#fetch(photo, "after", "/view", { method: "POST", json: asked(look), signal: control.signal }, look);
    if (this.#flight !== flight) return;
    this.#flight = null;
    if (this.#wanted) this.#run(false);
    else this.#emit("busy", false);
  }

  async #fetch(photo, which, path, options, look) {
    try {
      const image = await decoded((await blobOf(photo.path(path), options)).blob);
      if (options.signal?.aborted) return;
      dispose(photo.pictures[which]);
      photo.pictures[which] = image;
      if (look) {
        photo.pictures.shows = JSON.stringify(look);
        dispose(photo.pictures.fineAfter);
        delete photo.pictures.fineAfter;
      }
      this.#emit("shown", photo);
    } catch (error) {
      if (!isAborted(error)) this.#emit("wrong", { photo, error });
    }
  }

  /** Fetch the full-size pictures for a closer look, once nothing moves. */
  async refine(photo, scale) {
    this.#detail?.abort();
    if (photo.isFilm) return;
    const { before, after, fineBefore, fineAfter } = photo.pictures;
    // The file in grey is no picture of how a photo was that is in colour already.
    const { width, height, forced } = photo.told;
    const coarse = before && after && scale * devicePixelRatio * width > before.naturalWidth * 1.1;
    if (!coarse || width <= before.naturalWidth || width * height > MOST_DETAIL || (fineAfter && (fineBefore || forced))) return;
    const control = (this.#detail = new AbortController());
    const signal = control.signal;
    const look = photo.history.look;
    try {
      await pause(SETTLED, signal);
      for (const [which, json] of [["fineAfter", asked(look, { format: "jpeg" })], ["fineBefore", { strength: 0, format: "jpeg" }]]) {
        if (photo.pictures[which] || (which === "fineBefore" && forced)) continue;
        const { blob } = await blobOf(photo.path("/result"), { method: "POST", json, signal });
        const image = await decoded(blob);
        if (signal.aborted) return dispose(image);
        photo.pictures[which] = image;
        this.#emit("shown", photo);
      }
    } catch (error) {
      // The view stays; the closer picture is not necessary.
      if (!isAborted(error)) this.#detail = null;
    }
  }

  async confidence(photo) {
    const answer = await call(photo.path("/confidence"));
    return createImageBitmap(await answer.blob());
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
