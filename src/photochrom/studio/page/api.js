// The studio's API. Every request goes through here, so the token, errors and a silent server are handled once.

import { t } from "./texts.js";

const KEY = "photochrom.token";
const PATIENCE = 3;
const LONGEST_WAIT = 20;

/** The studio answered with an error, in a sentence. */
export class Refused extends Error {
  constructor(message, status = 0, wait = 0) {
    super(message);
    Object.assign(this, { status, wait });
  }
}

/** No answer came. */
export class Unreachable extends Error {}

/** Fires "down" when the studio does not answer, and "up" when it answers again. */
export const health = new EventTarget();
let down = false;

function tell(silent) {
  if (silent !== down) {
    down = silent;
    health.dispatchEvent(new Event(silent ? "down" : "up"));
    if (silent) listen();
  }
}

async function listen() {
  while (down) {
    await pause(2000);
    await fetch("healthz", { cache: "no-store" }).then(() => tell(false), () => {});
  }
}

let askForToken = null;
let asking = null;

/** `ask(wrong)` resolves with what the person typed. */
export function whenTokenIsNeeded(ask) {
  askForToken = ask;
}

// Many requests may fail at once. The person is asked once.
function newToken(used) {
  const kept = sessionStorage.getItem(KEY);
  if (kept !== used) return Promise.resolve();
  asking ??= askForToken(used !== null).then((token) => {
    sessionStorage.setItem(KEY, token);
    asking = null;
  });
  return asking;
}

export function pause(ms, signal) {
  return new Promise((done, fail) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      fail(new DOMException("aborted", "AbortError"));
    });
  });
}

export const isAborted = (error) => error.name === "AbortError";

function headers(token) {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

function refusal(status, text, wait) {
  let detail = "";
  try {
    ({ detail } = JSON.parse(text));
  } catch {
    // A proxy has answered with a page of HTML. Only its status helps.
  }
  return new Refused(typeof detail === "string" && detail ? detail : t("trouble.status", { status }), status, Number(wait) || 1);
}

/** Send a request. Throws Refused, Unreachable or an AbortError unless the answer is good. */
export async function call(path, { method = "GET", json, signal } = {}) {
  for (let tries = 1; ; tries += 1) {
    const token = sessionStorage.getItem(KEY);
    const options = { method, signal, headers: headers(token), cache: "no-store" };
    if (json !== undefined) {
      options.body = JSON.stringify(json);
      options.headers["Content-Type"] = "application/json";
    }
    let answer;
    try {
      answer = await fetch(path, options);
    } catch (error) {
      if (isAborted(error)) throw error;
      tell(true);
      throw new Unreachable(t("trouble.down"));
    }
    tell(false);
    if (answer.ok) return answer;
    if (answer.status === 401) {
      await newToken(token);
      continue;
    }
    const refused = refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
    if (refused.status !== 429 || tries === PATIENCE) throw refused;
    await pause(Math.min(refused.wait, LONGEST_WAIT) * 1000, signal);
  }
}

/** Fetch a whole picture or file. A connection that breaks meanwhile is Unreachable too. */
export async function blobOf(path, options) {
  const answer = await call(path, options);
  try {
    const blob = await answer.blob();
    return { blob, name: fileName(answer.headers.get("Content-Disposition") ?? "") };
  } catch (error) {
    if (isAborted(error)) throw error;
    tell(true);
    throw new Unreachable(t("trouble.down"));
  }
}

/** Forget the picture of an address, later: an image that has the address may still be loading it. */
export function release(address) {
  if (address) setTimeout(() => URL.revokeObjectURL(address), 2000);
}

function fileName(disposition) {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition);
  if (encoded) return decodeURIComponent(encoded[1]);
  return /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1].replace(/\\(.)/g, "$1") ?? "";
}

/** Server-sent events as they come: [event, parsed data]. It uses fetch because EventSource sends no token. */
export async function* events(path, signal) {
  const answer = await call(path, { signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch (error) {
      if (isAborted(error)) throw error;
      throw new Unreachable(t("trouble.down"));
    }
    if (part.done) return;
    const blocks = (text + part.value).replaceAll("\r\n", "\n").split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const of = (field) => lines.filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).trim());
      if (of("data").length) yield [of("event")[0] ?? "message", JSON.parse(of("data").join("\n"))];
    }
  }
}

// Only XMLHttpRequest says how much of a body has been sent; fetch does not.
function post(path, form, token, onShare) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers(token))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onShare(event.loaded / event.total);
    request.onload = () => done(request);
    request.onerror = () => fail(new Unreachable(t("trouble.down")));
    request.send(form);
  });
}

/** Send a form. `onShare` is called with the share that has been sent. */
export async function upload(path, form, onShare) {
  for (;;) {
    const token = sessionStorage.getItem(KEY);
    let request;
    try {
      request = await post(path, form, token, onShare);
    } catch (error) {
      tell(true);
      throw error;
    }
    tell(false);
    if (request.status < 300) return JSON.parse(request.responseText);
    if (request.status !== 401) throw refusal(request.status, request.responseText, request.getResponseHeader("Retry-After"));
    await newToken(token);
  }
}
