// The photos of this page, and their way to the studio and back.

import { call, events, health, isAborted, pause, Refused, Unreachable, upload } from "./api.js";
import { Frame } from "./frame.js";
import { History } from "./looks.js";
import { t } from "./texts.js";

// A request that fails loses all its files, so requests are small. Small ones also show photos sooner.
const MOST_FILES = 8;
const MOST_BYTES = 48 * 2 ** 20;
const MOST_BREAKS = 4;
const LONGEST_WAIT = 3;
const COLORED = ["in_color", "colorized"];
const JOBS = "photochrom.jobs";
const LOOKS = "photochrom.looks";

let count = 0;

/** One photo. `told` is the studio's PHOTO object; the rest is known to this page alone. */
export class Photo {
  constructor(name, file = null) {
    this.key = (count += 1);
    this.file = file;
    this.job = null;
    this.force = false;
    this.history = new History();
    // "waiting" and "sending" are the page's own; then the studio's "queued", "running", "done", "failed"; "gone".
    this.told = { id: null, name, state: "waiting", position: null, progress: 0, error: null };
    this.pictures = {};
    this.cut = 50;
    this.frame = new Frame();
  }

  get name() {
    return this.told.name;
  }

  get state() {
    return this.told.state;
  }

  /** Films have no looks. They show their first seconds before they are done. */
  get isFilm() {
    return this.told.kind === "film";
  }

  /** Whether there are pictures of it in colour. */
  get isVisible() {
    return this.isFilm ? Boolean(this.told.preview) : this.state === "done";
  }

  /** Whether the studio left the photo as it is, because it is in colour already. */
  get inColor() {
    return this.state === "failed" && COLORED.includes(this.told.error_code);
  }

  path(what = "") {
    return `api/photos/${encodeURIComponent(this.told.id)}${what}`;
  }
}

/** Fires "change" (a photo changed: `detail`) and "list" (photos came or went). */
export class Queue extends EventTarget {
  photos = [];
  #sending = false;
  #jobs = [];
  #watching = false;

  add(files) {
    const added = files.map((file) => new Photo(file.name || t("add.camera"), file));
    this.photos.push(...added);
    this.#list();
    this.#send();
    return added;
  }

  again(photo, { force = photo.force } = {}) {
    Object.assign(photo, { force, job: null, breaks: 0, references: undefined });
    this.tell(photo, { id: null, references: [], state: "waiting", position: null, progress: 0, error: null });
    this.#send();
  }

  remove(photo) {
    this.photos.splice(this.photos.indexOf(photo), 1);
    // The studio removes it later in any case, so a failure does not matter.
    if (photo.told.id) call(photo.path(), { method: "DELETE" }).catch(() => {});
    this.#list();
  }

  tell(photo, news) {
    Object.assign(photo.told, news);
    this.dispatchEvent(new CustomEvent("change", { detail: photo }));
  }

  /** The studio answered 404 to a question about this photo. */
  lose(photo) {
    const why = photo.file ? "photo.gone" : "photo.gone-reloaded";
    this.tell(photo, { state: "gone", error: t(why) });
  }

  #list() {
    this.keepLooks();
    this.dispatchEvent(new Event("list"));
  }

  #next() {
    const waiting = this.photos.filter((photo) => photo.state === "waiting");
    const batch = [];
    let bytes = 0;
    for (const photo of waiting) {
      bytes += photo.file.size;
      const alone = photo.alone || photo.force !== waiting[0].force || bytes > MOST_BYTES;
      if (batch.length && (alone || batch.length === MOST_FILES)) break;
      batch.push(photo);
      if (photo.alone) break;
    }
    return batch;
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    for (let batch; (batch = this.#next()).length; ) await this.#sendBatch(batch);
    this.#sending = false;
  }

  async #sendBatch(batch) {
    const form = new FormData();
    for (const photo of batch) form.append("file", photo.file, photo.name);
    if (batch[0].force) for (const field of ["force", "salvage"]) form.append(field, "true");
    const all = (news) => batch.filter((photo) => this.photos.includes(photo)).forEach((photo) => this.tell(photo, news));
    all({ state: "sending", progress: 0 });
    try {
      const job = await upload("api/jobs", form, (share) => all({ progress: share }));
      batch.forEach((photo, index) => {
        photo.job = job.id;
        if (this.photos.includes(photo)) this.tell(photo, job.photos[index]);
        else call(`api/photos/${encodeURIComponent(job.photos[index].id)}`, { method: "DELETE" }).catch(() => {});
      });
      this.#watch(job.id);
    } catch (error) {
      if (error instanceof Unreachable && (batch[0].breaks = (batch[0].breaks ?? 0) + 1) === MOST_BREAKS) {
        // The studio works, but this request fails each time. It is not tried for ever.
        all({ state: "failed", error: t("queue.breaks") });
      } else if (error instanceof Unreachable) {
        all({ state: "waiting", progress: 0 });
        await new Promise((up) => health.addEventListener("up", up, { once: true }));
      } else if (error.status === 429 || error.status === 503) {
        all({ state: "waiting", full: true });
        await pause(Math.min(error.wait, LONGEST_WAIT) * 1000);
      } else if (error.status === 413 && batch.length > 1) {
        // The files are too large together. Each is sent alone.
        for (const photo of batch) photo.alone = true;
        all({ state: "waiting" });
      } else {
        all({ state: "failed", error: error.message });
      }
    }
  }

  #watch(job) {
    this.#jobs.push(job);
    sessionStorage.setItem(JOBS, JSON.stringify([...new Set([...this.#known(), job])]));
    this.#watchAll();
  }

  // One stream at a time. A browser opens six connections to one host, and streams would take all of them.
  async #watchAll() {
    if (this.#watching) return;
    this.#watching = true;
    while (this.#jobs.length) {
      const job = this.#jobs[0];
      const ended = await this.#follow(job).catch((error) => this.#stumble(job, error));
      if (ended) this.#jobs.shift();
      else await pause(1000);
    }
    this.#watching = false;
  }

  async #follow(job) {
    for await (const [event, data] of events(`api/jobs/${encodeURIComponent(job)}/events`)) {
      if (event === "end") return true;
      const photo = this.photos.find((one) => one.told.id === data.id);
      if (photo) this.tell(photo, data);
    }
    // The stream stopped without the event "end". The next request tells how the job stands.
    return !this.photos.some((photo) => photo.job === job && ["queued", "running"].includes(photo.state));
  }

  #stumble(job, error) {
    if (error instanceof Refused && error.status === 404) {
      for (const photo of this.photos) if (photo.job === job && photo.state !== "failed") this.lose(photo);
      return true;
    }
    if (error instanceof Refused || error instanceof Unreachable || isAborted(error)) return false;
    throw error;
  }

  #known() {
    return JSON.parse(sessionStorage.getItem(JOBS) ?? "[]");
  }

  keepLooks() {
    const looks = this.photos.filter((photo) => photo.told.id && !photo.history.isPlain);
    sessionStorage.setItem(LOOKS, JSON.stringify(Object.fromEntries(looks.map((photo) => [photo.told.id, photo.history.look]))));
  }

  /** After a reload of the page, get the photos of this tab that the studio still has. */
  async recall() {
    const known = this.#known();
    const looks = JSON.parse(sessionStorage.getItem(LOOKS) ?? "{}");
    const still = [];
    for (const id of known) {
      let job;
      try {
        job = await (await call(`api/jobs/${encodeURIComponent(id)}`)).json();
      } catch (error) {
        if (error instanceof Refused && error.status !== 404) still.push(id);
        if (error instanceof Unreachable) return;
        continue;
      }
      for (const told of job.photos) {
        const photo = new Photo(told.name);
        photo.job = id;
        photo.told = told;
        if (looks[told.id]) photo.history = new History(looks[told.id]);
        this.photos.push(photo);
      }
      if (job.photos.length) still.push(id);
      if (job.queued || job.running) this.#jobs.push(id);
    }
    sessionStorage.setItem(JOBS, JSON.stringify(still));
    if (this.photos.length) this.#list();
    this.#watchAll();
  }
}
