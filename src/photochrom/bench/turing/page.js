"use strict";

const SIDES = ["left", "right"];
const KEYS = { ArrowLeft: "left", f: "left", ArrowRight: "right", j: "right" };
const STACKED_KEYS = { ArrowUp: "left", ArrowDown: "right" };
const stacked = matchMedia("(max-aspect-ratio: 1/1)");
const at = (id) => document.getElementById(id);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const pressed = (id) => new Promise((resolve) => at(id).addEventListener("click", resolve, { once: true }));

/** Resolves with the side that is chosen, by key, touch or mouse; only while `ask` waits for it. */
let choose = null;

async function call(path, body) {
  const options = { signal: AbortSignal.timeout(15000) };
  if (body !== undefined) {
    options.method = "POST";
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (!response.ok) throw Object.assign(new Error(response.statusText), { status: response.status });
  return response.json();
}

/** Do it until it succeeds: the study may be stopped and started again, a phone may lose its network. */
async function insist(action) {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      const outdated = error.status >= 400 && error.status < 500;
      at("reason").textContent = outdated
        ? "This page belongs to an older run of the study. Load it again to go on."
        : "Nothing is lost: your answers so far are kept. Ask for help if this goes on.";
      at("trouble").hidden = false;
      at("retry").focus();
      await pressed("retry");
      at("trouble").hidden = true;
      if (outdated) location.reload();
    }
  }
}

function show(id) {
  for (const section of document.querySelectorAll("main")) section.hidden = section.id !== id;
  scrollTo(0, 0);
  at(id).querySelector("[tabindex]").focus();
}

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

async function introduce(state) {
  at("seconds").textContent = state.seconds === 1 ? "for one second" : `for ${plural(state.seconds, "second")}`;
  const each = 2 * state.seconds + 1.5 * state.pause + 2;
  const minutes = Math.max(1, Math.round(((state.practice + state.pairs) * each) / 60));
  at("amount").textContent =
    (state.practice ? `First ${plural(state.practice, "pair")} for practice, with the answer. Then ` : "") +
    `${plural(state.pairs, "pair")} that count. That takes about ${plural(minutes, "minute")}.`;
  const pair = state.pair;
  at("back").hidden = !pair;
  at("start").textContent = pair ? "Go on" : "Start";
  if (pair) {
    const which = `${pair.practice ? "practice pair" : "pair"} ${pair.number} of ${pair.of}`;
    at("back").textContent = `Welcome back. You go on with ${which}.`;
  }
  show("intro");
  await pressed("start");
  return pair ? state : insist(() => call("/api/begin", { again: state.stage === "done" }));
}

function reset() {
  for (const side of SIDES) {
    at(side).className = "frame";
    at(side).disabled = true;
    at(side).querySelector(".photo").replaceChildren();
  }
}

async function load(pair) {
  await Promise.all(
    SIDES.map(async (side) => {
      const image = new Image();
      image.alt = "";
      image.draggable = false;
      image.src = pair[side];
      at(side).querySelector(".photo").replaceChildren(image);
      await image.decode();
    }),
  );
}

/**
 * Show one photo for `duration` ms, to the nearest frame of the screen, and give the time it really was.
 * Both ends are the times of frames, so that what the screen adds to each cancels out.
 */
function flash(frame, duration) {
  return new Promise((resolve) => {
    let begun, last;
    const step = (now) => {
      if (begun === undefined) {
        begun = now;
        frame.classList.replace("soon", "on");
      } else if (now - begun + (now - last) / 2 >= duration) {
        frame.classList.remove("on");
        resolve(now - begun);
        return;
      }
      last = now;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
}

function ask() {
  at("question").textContent = "Which one did the computer colour?";
  for (const side of SIDES) at(side).disabled = false;
  at("question").focus();
  return new Promise((resolve) => {
    choose = (side) => {
      choose = null;
      for (const each of SIDES) at(each).disabled = true;
      resolve(side);
    };
  });
}

async function teach(chosen, coloured, last) {
  at("question").textContent =
    chosen === coloured ? "Right, that one was coloured by the computer." : "No, it was the other one.";
  for (const side of SIDES) {
    at(side).classList.add("on", "told");
    at(side).classList.toggle("chosen", side === chosen);
    at(side).querySelector(".verdict").textContent = side === coloured ? "Coloured by the computer" : "True colours";
  }
  at("next").textContent = last ? "Practice is over: start" : "Next pair";
  at("next").hidden = false;
  at("next").focus();
  await pressed("next");
  at("next").hidden = true;
  for (const side of SIDES) at(side).querySelector(".verdict").textContent = "";
}

async function run(state) {
  const { pair } = state;
  reset();
  at("count").textContent = `${pair.practice ? "Practice" : "Pair"} ${pair.number} of ${pair.of}`;
  at("progress").max = pair.of;
  at("progress").value = pair.number - 1;
  at("question").textContent = "";
  await insist(() => load(pair));
  await insist(() => call("/api/look", { pair: pair.token }));
  const order = pair.first === "left" ? ["left", "right"] : ["right", "left"];
  const shown = [];
  for (const [index, side] of order.entries()) {
    at(side).classList.add("soon");
    await wait((1000 * state.pause) / (index + 1));
    shown.push(await flash(at(side), 1000 * state.seconds));
  }
  const asked = performance.now();
  const side = await ask();
  const answer = { pair: pair.token, side, shown, thought: performance.now() - asked };
  const next = await insist(() => call("/api/answer", answer));
  if (next.coloured) await teach(side, next.coloured, !next.pair?.practice);
  return next;
}

function thank(state) {
  reset();
  const found = state.answered - state.fooled;
  at("score").textContent = `You found the computer's photo in ${found} of ${plural(state.answered, "pair")}.`;
  const share = found / state.answered;
  at("meaning").textContent =
    share > 0.5
      ? `In ${plural(state.fooled, "pair")} you took it for the true one. Guessing finds about half.`
      : "Guessing finds about half: these colours fooled you well.";
  show("done");
}

document.addEventListener("keydown", (event) => {
  if (!choose || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const side = KEYS[key] ?? (stacked.matches ? STACKED_KEYS[key] : undefined);
  if (!side) return;
  event.preventDefault();
  choose(side);
});
for (const side of SIDES) at(side).addEventListener("click", () => choose?.(side));

(async () => {
  let state = await insist(() => call("/api/state"));
  if (state.stage !== "done") state = await introduce(state);
  for (;;) {
    if (state.stage === "pair") show("stage");
    while (state.stage === "pair") state = await run(state);
    thank(state);
    await pressed("again");
    state = await introduce(state);
  }
})();
