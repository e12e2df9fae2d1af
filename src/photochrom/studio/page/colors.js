// A plain name for a colour, for people who use a screen reader.

import { t } from "./texts.js";

const HUES = [[15, "red"], [45, "orange"], [68, "yellow"], [160, "green"], [195, "turquoise"], [255, "blue"], [300, "violet"], [345, "pink"], [360, "red"]];

export function colorName(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255);
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const light = (most + least) / 2;
  const chroma = most - least;
  let name = "grey";
  if (chroma >= 0.06) {
    const sector = most === red ? (green - blue) / chroma : most === green ? 2 + (blue - red) / chroma : 4 + (red - green) / chroma;
    const hue = (sector * 60 + 360) % 360;
    name = HUES.find(([end]) => hue <= end)[1];
    if (name === "orange" && light < 0.45) name = "brown";
    if (name === "yellow" && light < 0.4) name = "olive";
  }
  const plain = t(`color.${name}`);
  if (light < 0.25) return t("color.dark", { color: plain });
  if (light > 0.75) return t("color.light", { color: plain });
  return name !== "grey" && chroma < 0.14 ? t("color.pale", { color: plain }) : plain;
}

/** `#rrggbb` of red, green and blue from 0 to 255. */
export function toHex(rgb) {
  return `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}
