// Changes to the open photo: points and their colours, sliders, undo and redo.

import { present } from "./opened.js";
import { here, marks, palette, panel, pictures, queue, say, stage, strip } from "./parts.js";
import { t } from "./texts.js";

// Which hint the palette is open for; -1 for a new point.
let edited = -1;

function changed({ urgent = true } = {}) {
  panel.update();
  present();
  pictures.ask(here.photo, { urgent });
  queue.keepLooks();
}

function tryLook(change) {
  here.photo.history.try(change);
  changed({ urgent: false });
}

function keepLook(change, options) {
  here.photo.history.keep(change);
  changed(options);
}

export function step(by) {
  if (here.photo?.state !== "done" || !here.photo.history.step(by)) return;
  palette.close();
  changed();
  say(t(by < 0 ? "hints.undone" : "hints.redone"));
}

function withHint(index, change) {
  const hints = [...here.photo.history.look.hints];
  if (index < 0) hints.push({ x: marks.pending.x, y: marks.pending.y, ...change });
  else hints[index] = { ...hints[index], ...change };
  return { hints };
}

function openPalette(index) {
  const point = index < 0 ? marks.pending : here.photo.history.look.hints[index];
  edited = index;
  // A colour under the grey half would not be seen.
  if (!stage.inColor(point.x)) stage.cut = 0;
  palette.open(here.photo, { ...point, anchor: marks.node(index) });
}

function setColor(color, keep) {
  const change = withHint(edited, { color });
  if (edited < 0) {
    edited = change.hints.length - 1;
    marks.pending = null;
  }
  if (keep) keepLook(change);
  else tryLook(change);
  palette.moveTo(marks.node(edited));
}

function removeHint(index) {
  palette.close({ refocus: false });
  if (index < 0) {
    marks.giveUp();
    stage.root.focus();
    return;
  }
  keepLook({ hints: here.photo.history.look.hints.filter((_, at) => at !== index) });
  const left = here.photo.history.look.hints.length;
  (left ? marks.node(Math.min(index, left - 1)) : stage.root).focus();
  say(t("hints.removed"));
}

export function point(at) {
  if (here.photo?.state !== "done" || here.photo.isFilm) return;
  palette.close({ refocus: false });
  marks.begin(at);
}

marks.addEventListener("move", ({ detail: { index, x, y } }) => {
  if (index >= 0) tryLook(withHint(index, { x, y }));
  else palette.close({ refocus: false });
});
marks.addEventListener("drop", () => {
  if (here.photo.history.passing) keepLook({}, { urgent: false });
});
marks.addEventListener("open", ({ detail }) => openPalette(detail));
marks.addEventListener("remove", ({ detail }) => removeHint(detail));
palette.addEventListener("try", ({ detail }) => setColor(detail, false));
palette.addEventListener("keep", ({ detail }) => setColor(detail, true));
palette.addEventListener("remove", () => removeHint(edited));
palette.addEventListener("close", () => {
  if (here.photo?.history.passing) keepLook({}, { urgent: false });
  marks.giveUp();
});
stage.addEventListener("point", ({ detail }) => {
  point(detail);
  if (marks.pending) openPalette(-1);
});
panel.addEventListener("try", ({ detail }) => tryLook(detail));
panel.addEventListener("keep", ({ detail }) => keepLook(detail, { urgent: Object.keys(detail).length > 0 }));
panel.addEventListener("all", ({ detail }) => {
  for (const photo of queue.photos) photo.history.keep(detail);
  changed();
  for (const photo of queue.photos) strip.redraw(photo);
  say(t("look.all-said", { n: queue.photos.length }));
});
panel.addEventListener("said", ({ detail }) => say(detail));
