// The looks of one photo, for undo and redo. Each look is complete.

import { LARGEST, REACHES } from "./reach.js";

const MOST_STEPS = 200;
export const MOST_HINTS = 500;
export const VERSIONS = 3;
export const PLAIN = Object.freeze({ strength: 1, colorfulness: 1, warmth: 0, candidate: 0, hints: Object.freeze([]) });
// The part of a look that has a name, and that files of looks hold.
const NAMED = ["strength", "colorfulness", "warmth"];
const LOOK_VERSION = 1;

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class History {
  constructor(look = PLAIN) {
    this.steps = [look];
    this.at = 0;
    // The look while a slider or a point is being moved. It is not a step yet.
    this.passing = null;
  }

  get look() {
    return this.passing ?? this.steps[this.at];
  }

  get isPlain() {
    return same(this.look, PLAIN);
  }

  try(change) {
    this.passing = { ...this.look, ...change };
  }

  keep(change = {}) {
    const look = { ...this.look, ...change };
    this.passing = null;
    if (same(look, this.steps[this.at])) return;
    this.steps.splice(this.at + 1, Infinity, look);
    if (this.steps.length > MOST_STEPS) this.steps.shift();
    this.at = this.steps.length - 1;
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.steps.length - 1;
  }

  /** Go one step back (-1) or forth (1). Returns whether there was one. */
  step(by) {
    this.passing = null;
    const at = this.at + by;
    if (at < 0 || at >= this.steps.length) return false;
    this.at = at;
    return true;
  }
}

/** The body of a request. The first version does not depend on how many there are, so it is asked for alone. */
export function asked(look, extra = {}) {
  return { ...look, candidates: look.candidate ? VERSIONS : 1, ...extra };
}

/** The part of a look that a named look sets. */
export function named(look) {
  return Object.fromEntries(NAMED.map((key) => [key, look[key] ?? PLAIN[key]]));
}

export function lookText(look) {
  return `${JSON.stringify({ version: LOOK_VERSION, ...named(look) }, null, 1)}\n`;
}

/** The look in a file that this page or `photochrom` saved; null if it is not one. */
export function lookFrom(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  const bounds = { strength: [0, 1.5], colorfulness: [0, 2], warmth: [-1, 1] };
  const good = ([key, value]) => key === "version" || (typeof value === "number" && key in bounds && value >= bounds[key][0] && value <= bounds[key][1]);
  return data?.version === LOOK_VERSION && Object.entries(data).every(good) ? named(data) : null;
}

/** The hints of a file are wrong. `why` is a key of the texts. */
export class BadHints extends Error {
  constructor(why, values = {}) {
    super(why);
    Object.assign(this, { why, values });
  }
}

export function hintsFrom(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    throw new BadHints("hints.not-json");
  }
  const list = Array.isArray(data) ? data : data?.hints;
  if (!Array.isArray(list)) throw new BadHints("hints.not-json");
  if (list.length > MOST_HINTS) throw new BadHints("hints.too-many", { n: list.length });
  return list.map((hint, index) => {
    if (!isHint(hint)) throw new BadHints("hints.bad-entry", { n: index + 1 });
    return hintOf(hint);
  });
}

function isHint(hint) {
  const inside = (value) => typeof value === "number" && value >= 0 && value <= 1;
  const { x, y, color, reach = "thing", radius } = hint ?? {};
  const colored = reach === "keep" ? (color ?? null) === null : /^#[0-9a-f]{6}$/i.test(color);
  const sized = (radius ?? null) === null || (reach === "here" && typeof radius === "number" && radius > 0 && radius <= LARGEST);
  return inside(x) && inside(y) && REACHES.includes(reach) && colored && sized;
}

/** A hint with what the studio takes, and nothing else: a hint that keeps its thing has no colour, only a disc a radius. */
export function hintOf({ x, y, color, reach = "thing", radius }) {
  return {
    x,
    y,
    ...(reach !== "keep" && { color: color.toLowerCase() }),
    ...(reach !== "thing" && { reach }),
    ...(reach === "here" && radius && { radius }),
  };
}

export function hintsText(look) {
  return `${JSON.stringify({ hints: look.hints }, null, 1)}\n`;
}
