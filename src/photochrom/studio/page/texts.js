// All words of the page are in one JSON file per language. A translator adds NAME.json, and its name here.

const LANGUAGES = ["en", "de", "fr"];

let words = {};
let plural = new Intl.PluralRules("en");
let language = "en";

export async function loadTexts() {
  const wanted = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
  language = wanted.find((tag) => LANGUAGES.includes(tag)) ?? LANGUAGES[0];
  const answer = await fetch(`static/${language}.json`);
  words = await answer.json();
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  fill(document);
}

// "{n}" stands for a value; an entry with "one" and "other" is chosen by the number `n`.
export function t(key, values = {}) {
  let text = words[key] ?? key;
  if (typeof text === "object") text = text[plural.select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

function fill(root) {
  for (const node of root.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const node of root.querySelectorAll("[data-title]")) node.title = t(node.dataset.title);
  for (const node of root.querySelectorAll("[data-alt]")) node.alt = t(node.dataset.alt);
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
    if (node.localName === "button") node.title = t(node.dataset.label);
  }
}
