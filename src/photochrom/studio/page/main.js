// The page: photos come, are worked on, opened, saved and removed; keys and tools.

import { health, release, whenTokenIsNeeded } from "./api.js";
import { listen } from "./arrivals.js";
import { point, step } from "./editing.js";
import { open, present, sizeOf, trouble } from "./opened.js";
import { carry, find, here, marks, palette, panel, pictures, queue, references, say, share, stage, strip, warn } from "./parts.js";
import * as save from "./save.js";
import { loadTexts, percent, t } from "./texts.js";

function take(files) {
  const down = find("trouble").className === "down";
  if (!down) warn(files.length ? "" : t("add.nothing"));
  if (!files.length) return;
  if (here.photo?.state === "done" && files.length === 1 && /\.json$/i.test(files[0].name)) return void panel.load(files[0]);
  const added = queue.add(files);
  say(t("add.said", { n: added.length }));
  // A photo that comes alone is looked at, whatever becomes of it.
  if (added.length === 1) here.chosen = true;
  if (!here.photo || added.length === 1) open(added[0]);
}

async function takeSample() {
  try {
    const answer = await fetch("static/sample.jpg");
    take([new File([await answer.blob()], t("intro.sample-name"), { type: "image/jpeg" })]);
  } catch {
    warn(t("trouble.down"), "down");
  }
}

// Until a person chooses a photo, one that did not work makes way for the first that did.
function openWorking() {
  if (here.chosen || here.photo?.state !== "failed") return;
  const working = queue.photos.find((photo) => photo.state === "done");
  if (working) open(working);
}

function summarize() {
  const of = (...states) => queue.photos.filter((photo) => states.includes(photo.state)).length;
  const n = queue.photos.length;
  const [done, notDone] = [of("done"), of("failed")];
  const colored = queue.photos.filter((photo) => photo.inColor).length;
  const count = t("queue.summary", { done, n });
  const others = [];
  if (colored) others.push(t("queue.summary-colored", { n: colored }));
  if (notDone > colored) others.push(t("queue.summary-failed", { n: notDone - colored }));
  const rest = others.map((words) => `, ${words}`).join("");
  const text = count + rest;
  find("summary").firstChild.textContent = n > 1 ? count : "";
  find("summary").lastChild.textContent = n > 1 ? rest : "";
  find("all").hidden = done < 2;
  return done + notDone + of("gone") === n ? text : "";
}

queue.addEventListener("list", () => {
  const any = queue.photos.length > 0;
  document.body.classList.toggle("empty", !any);
  find("intro").hidden = any;
  find("work").hidden = !any;
  strip.show(queue.photos, here.photo);
  summarize();
  if (!queue.photos.includes(here.photo)) open(queue.photos[Math.min(here.place, queue.photos.length - 1)] ?? null);
});
queue.addEventListener("change", ({ detail: photo }) => {
  const { state } = photo;
  const news = photo.announced !== state;
  photo.announced = state;
  strip.update(photo);
  const finished = summarize();
  if (photo === here.photo) {
    if (photo.isFilm) {
      if (photo.isVisible && !photo.pictures.after) pictures.open(photo);
    } else if (news && (state === "done" || photo.inColor)) {
      stage.open(sizeOf(photo), photo.cut, photo.frame);
      pictures.forget(photo);
      pictures.open(photo);
    }
    present();
  }
  if (news) openWorking();
  if (!news || !["done", "failed"].includes(state)) return;
  if (photo.inColor) say(t("queue.said-colored", { name: photo.name }));
  else if (state === "failed") say(t("queue.said-failed", { name: photo.name, why: photo.told.error }));
  else say(finished && queue.photos.length > 1 ? finished : t("queue.said", { name: photo.name }));
});
strip.addEventListener("choose", ({ detail }) => {
  here.chosen = true;
  open(detail);
});

async function download(button, working, work) {
  const words = button.textContent;
  button.disabled = true;
  button.textContent = working;
  try {
    await work();
  } finally {
    button.disabled = false;
    button.textContent = words;
    if (here.photo) present();
  }
}

find("download").onclick = () => download(find("download"), t("download.working"), async () => {
  const photo = here.photo;
  try {
    const { blob, name } = await save.result(photo);
    save.hand(blob, name);
    panel.wrong("");
    say(t("download.said", { name }));
  } catch (error) {
    panel.wrong(error.message);
    trouble(photo, error);
  }
});
find("all").onclick = () => download(find("all"), t("download.working"), async () => {
  const photos = queue.photos.filter((photo) => photo.state === "done");
  const missing = await save.all(photos, (done) => (find("all").textContent = t("download.all-working", { done, n: photos.length })));
  if (missing.length) warn(t("download.missing", { n: missing.length, names: missing.map(({ photo }) => photo.name).join(", ") }));
});

function remove(photo) {
  say(t("photo.removed", { name: photo.name }));
  queue.remove(photo);
  pictures.forget(photo);
  release(photo.local);
  (queue.photos.length ? find("name") : find("choose")).focus();
}

find("share").onclick = () => share.open(here.photo);
share.addEventListener("said", ({ detail }) => say(detail));
references.addEventListener("said", ({ detail }) => say(detail));
references.addEventListener("wrong", ({ detail: { photo, error } }) => trouble(photo, error));
find("remove").onclick = find("drop").onclick = () => remove(here.photo);
find("replay").onclick = () => pictures.play(here.photo);
find("again").onclick = () => queue.again(here.photo);
find("force").onclick = () => queue.again(here.photo, { force: true });

stage.addEventListener("zoom", () => {
  const full = Math.abs(stage.scale - stage.full) < 1e-6;
  find("zoom").textContent = percent(stage.scale / stage.full);
  find("fit").setAttribute("aria-pressed", String(stage.fitted));
  find("full").setAttribute("aria-pressed", String(full && !stage.fitted));
  if (here.photo?.state === "done") pictures.refine(here.photo, stage.scale);
});

find("turn").onclick = () => stage.turn();
find("crop").onclick = () => {
  stage.cropping = !stage.cropping;
  if (stage.cropping) stage.root.focus({ preventScroll: true });
};
find("whole").onclick = () => stage.restore();
stage.addEventListener("crop", () => {
  find("crop").setAttribute("aria-pressed", String(stage.cropping));
  find("crop-words").hidden = !stage.cropping;
  if (stage.cropping) say(t("looking.draw"));
});
stage.addEventListener("turn", () => palette.close({ refocus: false }));

function markPoint() {
  point(stage.middle);
  marks.node(-1)?.focus();
}

const TOOLS = {
  undo: () => step(-1),
  redo: () => step(1),
  point: markPoint,
  out: () => stage.zoomBy(-1),
  in: () => stage.zoomBy(1),
  fit: () => stage.fit(),
  full: () => stage.zoomTo(stage.full),
};
for (const [id, act] of Object.entries(TOOLS)) find(id).onclick = act;
const KEYS = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "full", p: "point" };

addEventListener("keydown", (event) => {
  if (!here.photo || document.querySelector("dialog[open]") || event.altKey) return;
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (key === "escape") {
    palette.close();
    carry.stop();
    if (stage.cropping) stage.cropping = false;
  }
  if (command && (key === "z" || key === "y")) {
    event.preventDefault();
    step(key === "y" || event.shiftKey ? 1 : -1);
  } else if (!command && key in KEYS && !event.target.closest("input, dialog, #palette")) {
    event.preventDefault();
    find(KEYS[key]).click();
  }
});

health.addEventListener("down", () => warn(t("trouble.down"), "down"));
health.addEventListener("up", () => {
  warn("");
  say(t("trouble.back"));
  if (here.photo?.isVisible) pictures.open(here.photo);
});

whenTokenIsNeeded((wrong) => new Promise((done) => {
  const dialog = find("token");
  find("token-wrong").textContent = wrong ? t("token.wrong") : "";
  find("token-text").value = "";
  if (!dialog.open) dialog.showModal();
  dialog.oncancel = (event) => event.preventDefault();
  dialog.querySelector("form").onsubmit = () => done(find("token-text").value);
}));

try {
  await loadTexts();
} catch (error) {
  // This sentence cannot be among the texts, which did not load.
  find("trouble").textContent = "This page could not load its texts. Is the studio still running? Load the page again.";
  throw error;
}
const canRefer = () => here.photo?.state === "done" && !here.photo.isFilm;
listen(take, (files) => references.add(files), canRefer);
find("sample").onclick = takeSample;
document.documentElement.dataset.ready = "";
await queue.recall();
