// Changes to the open photo: points, their colours and reach, sliders, undo and redo.

import { hintOf } from "./looks.js";
import { present } from "./opened.js";
import { carry, find, here, marks, outline, palette, panel, pictures, queue, references, say, stage, strip } from "./parts.js";
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

const hintsNow = () => here.photo.history.look.hints;
const editedPoint = () => (edited < 0 ? marks.pending : hintsNow()[edited]);

function withHint(index, values) {
  const hints = [...hintsNow()];
  if (index < 0) hints.push(hintOf({ ...marks.pending, ...values }));
  else hints[index] = hintOf({ ...hints[index], ...values });
  return { hints };
}

function openPalette(index) {
  edited = index;
  references.quiet();
  const point = editedPoint();
  // A colour under the grey half would not be seen.
  if (!stage.inColor(point)) stage.cut = 0;
  palette.show(here.photo, { ...point, anchor: marks.node(index) });
  showReach();
}

// Before a point has a colour, the part that will change stands out. Afterwards a line is enough.
function showReach() {
  const point = editedPoint();
  outline.showReach(here.photo, point, { strong: !point.color });
}

function setHint(values, kept) {
  const look = withHint(edited, values);
  if (edited < 0) {
    edited = look.hints.length - 1;
    marks.pending = null;
  }
  if (kept) keepLook(look);
  else tryLook(look);
  palette.moveTo(marks.node(edited));
  showReach();
}

function setReach({ reach, radius, moving }) {
  const { color } = palette;
  if (reach === "keep" || color) {
    setHint({ color, reach, radius }, !moving);
    if (reach === "keep") say(t("reach.kept"));
    return;
  }
  // There is no colour yet. A hint that kept its thing becomes a new point again.
  const { x, y } = editedPoint();
  const index = edited;
  edited = -1;
  marks.pending = { x, y, color: null, reach, radius };
  if (index >= 0) keepLook({ hints: hintsNow().filter((_, at) => at !== index) });
  else marks.show(hintsNow());
  palette.moveTo(marks.node(-1));
  showReach();
}

function removeHint(index) {
  palette.close({ refocus: false });
  if (index < 0) {
    marks.giveUp();
    stage.root.focus();
    return;
  }
  keepLook({ hints: hintsNow().filter((_, at) => at !== index) });
  const left = hintsNow().length;
  (left ? marks.node(Math.min(index, left - 1)) : stage.root).focus();
  say(t("hints.removed"));
}

export function point(at) {
  if (here.photo?.state !== "done" || here.photo.isFilm) return;
  palette.close({ refocus: false });
  marks.begin(at);
}

/** Put a hint with a colour on a place of the photo, and show how far it reaches. */
function put(at, color) {
  point(at);
  if (!marks.pending) return;
  edited = -1;
  setHint({ color }, true);
  openPalette(edited);
}

marks.addEventListener("move", ({ detail: { index, x, y } }) => {
  if (index >= 0) {
    tryLook(withHint(index, { x, y }));
    if (palette.open) showReach();
  } else {
    palette.close({ refocus: false });
  }
});
marks.addEventListener("drop", () => {
  if (here.photo.history.passing) keepLook({}, { urgent: false });
});
marks.addEventListener("open", ({ detail }) => openPalette(detail));
marks.addEventListener("remove", ({ detail }) => removeHint(detail));
palette.addEventListener("try", ({ detail: color }) => setHint({ color }, false));
palette.addEventListener("keep", ({ detail: color }) => setHint({ color }, true));
palette.addEventListener("reach", ({ detail }) => setReach(detail));
palette.addEventListener("press", ({ detail }) => (outline.strong = detail || !editedPoint()?.color));
palette.addEventListener("remove", () => removeHint(edited));
palette.addEventListener("close", () => {
  if (here.photo?.history.passing) keepLook({}, { urgent: false });
  marks.giveUp();
  outline.hide();
});
stage.addEventListener("zoom", () => outline.fit());
stage.addEventListener("point", ({ detail }) => {
  const { color } = carry;
  carry.stop();
  if (color) return put(detail, color);
  point(detail);
  if (marks.pending) openPalette(-1);
});
// A colour that is carried over the photo shows where it would go.
function aim(at) {
  if (at) outline.showReach(here.photo, at, { strong: true });
  else outline.hide();
}

stage.addEventListener("hover", ({ detail }) => carry.color && aim(detail));
carry.addEventListener("stop", () => outline.hide());
references.addEventListener("carry", ({ detail }) => {
  palette.close({ refocus: false });
  references.quiet();
  outline.hide();
  carry.start(detail);
  say(find("carry-words").textContent);
});
references.addEventListener("drag", ({ detail: { color, x, y, over } }) => {
  if (!carry.color) {
    palette.close({ refocus: false });
    references.quiet();
    carry.start(color);
  }
  const at = stage.inSight(x, y) && stage.toPhoto(x, y);
  if (!over) return aim(at);
  carry.stop();
  if (at) put(at, color);
});
references.addEventListener("taken", ({ detail: number }) => {
  palette.close({ refocus: false });
  if (number === null) return outline.hide();
  stage.cut = 0;
  outline.showTaken(here.photo, number);
});
references.addEventListener("changed", ({ detail: photo }) => {
  outline.forget();
  outline.hide();
  photo.matched = (photo.matched ?? 0) + 1;
  photo.pictures.shows = "";
  if (photo !== here.photo) return strip.redraw(photo);
  const n = photo.told.references.length;
  if (n) say(t("references.added", { n }));
  changed();
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
