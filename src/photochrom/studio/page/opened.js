// The open photo, in every state.

import { Refused, Unreachable } from "./api.js";
import { carry, find, here, marks, outline, palette, panel, pictures, queue, references, stage, strip } from "./parts.js";
import { canBeForced, standing } from "./strip.js";
import { t } from "./texts.js";
import { drawVeil } from "./veil.js";

/** Show a photo on the stage; null clears the stage. */
export function open(photo) {
  palette.close({ refocus: false });
  marks.giveUp();
  carry.stop();
  references.quiet();
  outline.hide();
  here.photo = photo;
  showVeil(false);
  for (const which of ["before", "after"]) find(which).removeAttribute("src");
  stage.root.classList.remove("shown");
  find("sure").checked = false;
  stage.root.classList.remove("own");
  strip.select(photo);
  if (!photo) return;
  here.place = queue.photos.indexOf(photo);
  stage.open(sizeOf(photo), photo.cut, photo.frame);
  present();
  preview(photo);
  pictures.open(photo);
}

export function sizeOf({ told }) {
  return told.width ? { width: told.width, height: told.height } : null;
}

// Show a photo that is still being sent, if the browser knows its format.
function preview(photo) {
  if (photo.state === "done" || photo.inColor || photo.pictures.after || !photo.file) return;
  const image = find("before");
  image.src = photo.local ??= URL.createObjectURL(photo.file);
  image.decode().then(() => {
    if (here.photo === photo && photo.state !== "done" && photo.state !== "failed") stage.open({ width: image.naturalWidth, height: image.naturalHeight }, 100);
  }, () => {
    // It also ends here if the studio's picture has taken its place meanwhile.
    if (here.photo === photo && image.src === photo.local) image.removeAttribute("src");
  });
}

/** Show everything about the open photo except its pictures. */
export function present() {
  const { photo } = here;
  const { state, told: { progress } } = photo;
  const shown = Boolean(photo.pictures.after);
  const waits = !["done", "failed", "gone"].includes(state);
  panel.show(photo);
  references.show(photo);
  marks.show(state === "done" || shown ? photo.history.look.hints : []);
  find("divider").hidden = !shown;
  stage.root.classList.toggle("shown", shown);
  stage.root.classList.toggle("failed", state === "failed" && !shown && !photo.inColor);
  // The colours of a photo that is in colour already are shown, once they have come.
  stage.root.classList.toggle("own", photo.inColor && Boolean(photo.pictures.before));
  stage.root.classList.toggle("film", photo.isFilm && shown);
  find("state").hidden = state === "done" && shown;
  find("state-words").textContent = state === "done" ? t("stage.opening") : state === "gone" ? photo.told.error : standing(photo, { whole: true });
  find("state-progress").hidden = !waits;
  if (["sending", "running"].includes(state)) find("state-progress").value = progress;
  else find("state-progress").removeAttribute("value");
  // The studio would refuse the same photo again.
  find("again").hidden = !photo.file || !(state === "gone" || (state === "failed" && !photo.told.id));
  find("force").hidden = !canBeForced(photo);
  find("drop").hidden = state === "done";
  find("honest").hidden = state === "failed" && !shown;
  find("undo").disabled = !photo.history.canUndo || state !== "done";
  find("redo").disabled = !photo.history.canRedo || state !== "done";
  find("point").disabled = state !== "done" || photo.isFilm;
  for (const id of ["out", "in", "fit", "full"]) find(id).disabled = !shown && !photo.inColor;
}

function showPictures() {
  const { photo } = here;
  const { before, after, fineBefore, fineAfter } = photo.pictures;
  // The frames of two animations would differ. So a film's own one is shown twice, and one is made grey by the style.
  const [left, right] = photo.isFilm ? [after, after] : [fineBefore ?? before, fineAfter ?? after];
  if (left) find("before").src = left.src;
  if (left && photo.inColor) showOwn(photo, left);
  if (!right) return;
  find("after").src = right.src;
  find("before").alt = t("stage.alt-before", { name: photo.name });
  find("after").alt = t("stage.alt-after", { name: photo.name });
  const first = !stage.root.classList.contains("shown");
  if (!stage.size || first) stage.open(sizeOf(photo) ?? { width: right.naturalWidth, height: right.naturalHeight }, photo.cut, photo.frame);
  present();
  stage.lay();
  stage.root.dataset.look = photo.pictures.shows;
  // The small pictures wait until the large one is shown.
  if (after) setTimeout(() => strip.paint(photo, after));
  panel.update();
}

function showOwn(photo, picture) {
  find("before").alt = t("stage.alt-before", { name: photo.name });
  if (!stage.size) stage.open({ width: picture.naturalWidth, height: picture.naturalHeight }, photo.cut);
  present();
  stage.lay();
  strip.paint(photo, picture);
}

async function showVeil(on) {
  find("veil").hidden = true;
  if (!on) return;
  const photo = here.photo;
  try {
    const map = await pictures.confidence(photo);
    if (here.photo !== photo || !find("sure").checked) return;
    drawVeil(find("veil"), map);
    find("veil").hidden = false;
  } catch (error) {
    find("sure").checked = false;
    trouble(photo, error);
  }
}

export function trouble(photo, error) {
  if (error instanceof Unreachable) return;
  if (error instanceof Refused && error.status === 404) return queue.lose(photo);
  const sentence = error instanceof Refused ? error.message : t("trouble.picture");
  if (photo === here.photo) panel.wrong(sentence);
}

stage.addEventListener("cut", () => (here.photo.cut = stage.cut));
panel.addEventListener("sure", ({ detail }) => showVeil(detail));
pictures.addEventListener("shown", ({ detail }) => {
  if (detail !== here.photo) return;
  showPictures();
  panel.mended();
});
pictures.addEventListener("busy", ({ detail }) => stage.root.classList.toggle("busy", detail));
pictures.addEventListener("wrong", ({ detail: { photo, error } }) => trouble(photo, error));
