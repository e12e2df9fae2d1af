// The parts of the page, and which photo is open.

import { Carry } from "./carry.js";
import { Marks } from "./marks.js";
import { Outline } from "./outline.js";
import { Palette } from "./palette.js";
import { Panel } from "./panel.js";
import { Pictures } from "./pictures.js";
import { Queue } from "./queue.js";
import { References } from "./references.js";
import { Share } from "./share.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";

export const find = (id) => document.getElementById(id);
export const queue = new Queue();
export const stage = new Stage();
export const strip = new Strip();
export const pictures = new Pictures();
export const marks = new Marks(stage);
export const outline = new Outline();
export const palette = new Palette();
export const panel = new Panel();
export const references = new References();
export const carry = new Carry();
export const share = new Share();

/**
 * The open photo and its place in the list. When it is removed, the photo at that place follows. `chosen` says whether
 * a person chose the photo; until then the page opens the first photo that worked.
 */
export const here = { photo: null, place: 0, chosen: false };

/** Say something to people who use a screen reader. */
export function say(sentence) {
  find("say").textContent = sentence;
}

/** Show a message across the page. */
export function warn(sentence, kind = "") {
  find("trouble").textContent = sentence;
  find("trouble").className = kind;
}
