// The controls of one photo: looks, sliders, versions, confidence, its own colours.

import { blobOf, isAborted, release } from "./api.js";
import { Gallery } from "./gallery.js";
import { asked, BadHints, hintsFrom, hintsText, lookFrom, lookText, named, VERSIONS } from "./looks.js";
import { hand } from "./save.js";
import { number, percent, t } from "./texts.js";

const find = (id) => document.getElementById(id);
const SETTLED = 600;

/**
 * Fires "try" and "keep" (a change of the look), "all" (a look for all photos), "sure" (whether the confidence shows),
 * "said" (a sentence).
 */
export class Panel extends EventTarget {
  #gallery = new Gallery();
  #photo = null;
  #wrongFile = false;
  #control = null;
  #timer = 0;
  // The look that the versions show or will show.
  #offered = "";

  constructor() {
    super();
    for (const name of ["strength", "colorfulness", "warmth"]) {
      const slider = find(name);
      slider.oninput = () => this.#emit("try", { [name]: slider.valueAsNumber });
      slider.onchange = () => this.#emit("keep", {});
    }
    this.#gallery.addEventListener("choose", ({ detail }) => this.#emit("keep", detail));
    find("look-all").onclick = () => this.#emit("all", named(this.#photo.history.look));
    find("look-save").onclick = () => this.#saveText(lookText, "look");
    find("look-load").onclick = () => find("look-file").click();
    find("look-file").onchange = (event) => {
      if (event.target.files.length) this.#loadLook(event.target.files[0]);
      event.target.value = "";
    };
    find("sure").onchange = (event) => this.#emit("sure", event.target.checked);
    find("versions").ontoggle = () => this.#offer();
    find("hints-save").onclick = () => this.#saveText(hintsText, "hints");
    find("hints-load").onclick = () => find("hints-file").click();
    find("hints-clear").onclick = () => this.#emit("keep", { hints: [] });
    find("hints-file").onchange = (event) => {
      if (event.target.files.length) this.load(event.target.files[0]);
      event.target.value = "";
    };
  }

  show(photo) {
    const other = this.#photo !== photo;
    this.#photo = photo;
    const { width, height, format } = photo.told;
    find("name").textContent = photo.name;
    const facts = { width: number(width ?? 0), height: number(height ?? 0), format };
    find("facts").textContent = width ? t(format ? "photo.facts" : "photo.size", facts) : "";
    const notes = photo.told.notes ?? [];
    find("notes").textContent = notes.length ? t("photo.notes", { notes: notes.join(" ") }) : "";
    find("controls").disabled = photo.state !== "done";
    find("controls").hidden = photo.state === "failed" || photo.isFilm;
    find("film").hidden = !photo.isFilm || photo.state === "failed";
    find("film-words").textContent = t(photo.state === "done" ? "film.done" : photo.isVisible ? "film.first" : "film.waits");
    find("replay").hidden = !photo.isVisible;
    find("remove").textContent = find("drop").textContent = t(photo.isFilm ? "film.remove" : "photo.remove");
    find("take").hidden = photo.state === "failed";
    find("download").disabled = find("remove").disabled = photo.state !== "done";
    find("share").disabled = photo.state !== "done" || photo.isFilm;
    if (other) this.wrong("");
    if (other) this.#withdraw();
    if (other) find("candidates").replaceChildren();
    if (other) this.#gallery.clear();
    this.update();
  }

  /** Show a changed look in the sliders, the versions and the buttons. */
  update() {
    const { look } = this.#photo.history;
    if (this.#photo.isFilm) return;
    find("strength").value = look.strength;
    find("strength-words").textContent = percent(look.strength);
    find("colorfulness").value = look.colorfulness;
    find("colorfulness-words").textContent = percent(look.colorfulness);
    find("warmth").value = look.warmth ?? 0;
    find("warmth-words").textContent = number(look.warmth ?? 0, 2);
    find("hint-count").textContent = look.hints.length ? number(look.hints.length) : "";
    find("hints-save").disabled = find("hints-clear").disabled = look.hints.length === 0;
    const chosen = find("candidates").querySelector(`input[value="${look.candidate}"]`);
    if (chosen) chosen.checked = true;
    this.#gallery.show(this.#photo);
    this.#offer();
  }

  /** Say what is wrong with the photo, or with a file of looks or hints. */
  wrong(sentence, { ofFile = false } = {}) {
    find("wrong").textContent = sentence;
    this.#wrongFile = ofFile;
  }

  /** A new picture has come. It answers what was wrong with the picture before, and not what is wrong with a file. */
  mended() {
    if (!this.#wrongFile) this.wrong("");
  }

  // Only while it is open and nothing moves: a version costs as much as the picture itself.
  #offer() {
    clearTimeout(this.#timer);
    if (!find("versions").open || this.#photo?.state !== "done") return;
    const { candidate, ...rest } = this.#photo.history.look;
    const key = JSON.stringify([this.#photo.key, this.#photo.told.id, rest, this.#photo.matched]);
    if (this.#offered === key) return;
    this.#withdraw();
    const wait = find("candidates").children.length ? SETTLED : 0;
    if (!wait) this.#fill(candidate);
    this.#timer = setTimeout(() => this.#fetch(key), wait);
  }

  #withdraw() {
    clearTimeout(this.#timer);
    this.#control?.abort();
    this.#offered = "";
  }

  #fill(candidate) {
    find("candidates").replaceChildren(...Array.from({ length: VERSIONS }, (_, index) => {
      const label = document.createElement("label");
      const radio = label.appendChild(document.createElement("input"));
      const image = label.appendChild(document.createElement("img"));
      label.append(t("panel.version", { n: index + 1 }));
      Object.assign(radio, { type: "radio", name: "candidate", value: index, checked: index === candidate });
      image.alt = "";
      radio.onchange = () => this.#emit("keep", { candidate: index });
      return label;
    }));
  }

  async #fetch(key) {
    const photo = this.#photo;
    const { signal } = (this.#control = new AbortController());
    const { look } = photo.history;
    this.#offered = key;
    try {
      for (const [candidate, image] of [...find("candidates").querySelectorAll("img")].entries()) {
        const json = asked({ ...look, candidate });
        const { blob } = await blobOf(photo.path("/view"), { method: "POST", json, signal });
        if (signal.aborted) return;
        release(image.src);
        image.src = URL.createObjectURL(blob);
      }
    } catch (error) {
      if (isAborted(error)) return;
      this.#offered = "";
      this.wrong(error.message);
    }
  }

  #saveText(write, kind) {
    const name = `${this.#photo.name.replace(/\.[^.]*$/, "")}.${kind}.json`;
    hand(new Blob([write(this.#photo.history.look)], { type: "application/json" }), name);
    this.#emit("said", t("download.said", { name }));
  }

  async #loadLook(file) {
    const look = lookFrom(await file.text());
    this.wrong(look ? "" : t("look.bad", { name: file.name }), { ofFile: !look });
    if (!look) return;
    this.#emit("keep", look);
    this.#emit("said", t("look.loaded"));
  }

  async load(file) {
    try {
      const hints = hintsFrom(await file.text());
      this.wrong("");
      this.#emit("keep", { hints });
      this.#emit("said", t("hints.loaded", { n: hints.length }));
    } catch (error) {
      if (!(error instanceof BadHints)) throw error;
      this.wrong(t(error.message, { name: file.name, ...error.values }), { ofFile: true });
    }
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
