// The dialog that shows before and after in one picture, and gives it to others or to a file.

import { blobOf, isAborted, release } from "./api.js";
import { asked } from "./looks.js";
import { hand } from "./save.js";
import { t } from "./texts.js";

const find = (id) => document.getElementById(id);
const dialog = find("share-dialog");
// A split at the edge would show one of the two alone: then it is in the middle.
const EDGE = 5;
const kinds = () => dialog.querySelectorAll("input[name=kind]");

/** Fires "said" (a sentence). */
export class Share extends EventTarget {
  #photo = null;
  #control = null;
  #file = null;

  constructor() {
    super();
    for (const kind of kinds()) kind.onchange = () => this.#draw();
    find("share-save").onclick = () => this.#save();
    find("share-send").onclick = () => this.#send();
    find("share-close").onclick = () => dialog.close();
    dialog.onclose = () => this.#control?.abort();
  }

  open(photo) {
    this.#photo = photo;
    dialog.showModal();
    this.#draw();
  }

  async #draw() {
    this.#control?.abort();
    const { signal } = (this.#control = new AbortController());
    const kind = dialog.querySelector("input[name=kind]:checked").value;
    this.#offer(null);
    find("share-wrong").textContent = "";
    try {
      const { cut } = this.#photo;
      const inside = cut >= EDGE && cut <= 100 - EDGE;
      const json = asked(this.#photo.history.look, { kind, cut: inside ? cut / 100 : 0.5 });
      const { blob, name } = await blobOf(this.#photo.path("/share"), { method: "POST", json, signal });
      if (!signal.aborted) this.#offer(new File([blob], name, { type: blob.type }));
    } catch (error) {
      if (!isAborted(error)) find("share-wrong").textContent = error.message;
    }
  }

  #offer(file) {
    const image = find("share-picture");
    release(image.src);
    image.removeAttribute("src");
    this.#file = file;
    if (file) image.src = URL.createObjectURL(file);
    find("share-save").disabled = !file;
    // Browsers hand files to other programs only from pages with HTTPS or of the same machine.
    find("share-send").hidden = !navigator.canShare;
    find("share-send").disabled = !file || !navigator.canShare?.({ files: [file] });
  }

  #save() {
    hand(this.#file, this.#file.name);
    this.#tell();
  }

  async #send() {
    try {
      await navigator.share({ files: [this.#file] });
      this.#tell();
    } catch (error) {
      if (!isAborted(error)) find("share-wrong").textContent = t("share.failed");
    }
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("said", { detail: t("share.said", { name: this.#file.name }) }));
    dialog.close();
  }
}
