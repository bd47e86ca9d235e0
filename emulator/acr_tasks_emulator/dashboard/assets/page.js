// Keeps the page up to date. Without scripts the page reloads itself instead while something runs.
"use strict";

const BUSY = 1000, QUIET = 5000;
const LOOKED_AT = 10 * 60 * 1000; // a forgotten page asks nothing, so that the emulator can end when it is idle
const LOG_KEPT = 2 * 1024 * 1024;
const trouble = document.getElementById("trouble");
let touched = Date.now();

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function ask(address) {
  try {
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    trouble.hidden = true;
    return answer;
  } catch (error) {
    const what = error instanceof TypeError ? "it does not answer" : error.message;
    const text = `The emulator cannot be asked: ${what}. What is shown here is old.`;
    if (trouble.hidden || trouble.textContent !== text) trouble.textContent = text;
    trouble.hidden = false;
    return null;
  }
}

function addLocalTimes(part) {
  for (const time of part.querySelectorAll("time")) {
    const date = new Date(time.dateTime);
    if (date.getTimezoneOffset() !== 0) time.title += ` (${date.toLocaleString()} here)`;
  }
}

// Makes `live` like `fresh`, and leaves alone what stays: focus, selection and a button under the finger survive.
function patch(live, fresh) {
  for (const { name } of [...live.attributes]) if (!fresh.hasAttribute(name)) live.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (live.getAttribute(name) !== value) live.setAttribute(name, value);
  }
  const wanted = new Set([...fresh.children].map((child) => child.id));
  const known = new Map();
  for (const child of [...live.children]) {
    if (child.id && !wanted.has(child.id)) child.remove();
    else if (child.id) known.set(child.id, child);
  }
  let at = live.firstChild;
  for (const next of [...fresh.childNodes]) {
    const same = next.id ? known.get(next.id) : at && !at.id && at.nodeName === next.nodeName ? at : undefined;
    if (!same) {
      live.insertBefore(next, at);
      continue;
    }
    if (same === at) at = at.nextSibling;
    else live.insertBefore(same, at);
    if (same.nodeType === Node.ELEMENT_NODE) patch(same, next);
    else if (same.data !== next.data) same.data = next.data;
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

async function refresh(live) {
  const answer = await ask(location.href);
  if (!answer) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  const focused = document.activeElement;
  addLocalTimes(fresh);
  patch(live, fresh);
  if (!focused.isConnected) document.getElementById("main").focus({ preventScroll: true });
  document.title = page.title;
}

async function keepUpToDate(live) {
  for (;;) {
    await pause(live.dataset.active === "yes" ? BUSY : QUIET);
    if (!document.hidden && (live.dataset.active === "yes" || Date.now() - touched < LOOKED_AT)) await refresh(live);
  }
}

async function follow(log) {
  let next = log.dataset.next, length = log.textContent.length;
  while (next) {
    const answer = await ask(log.dataset.url + next);
    const html = answer ? await answer.text() : "";
    if (html) {
      const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 40;
      const piece = document.createElement("span");
      piece.innerHTML = html; // ours: the emulator has escaped what programs printed
      log.append(piece);
      length += piece.textContent.length;
      for (; length > LOG_KEPT && log.children.length > 1; log.firstChild.remove()) {
        length -= log.firstChild.textContent.length;
        document.getElementById("cut").hidden = false;
      }
      document.getElementById("no-log")?.remove();
      if (atEnd) window.scrollTo(0, document.body.scrollHeight);
    }
    if (answer) next = answer.headers.get("X-Log-Next");
    if (!html) await pause(BUSY);
  }
}

for (const event of ["pointerdown", "pointermove", "keydown", "visibilitychange"]) {
  document.addEventListener(event, () => (touched = Date.now()), { passive: true });
}
addLocalTimes(document);
const log = document.getElementById("log"), live = document.getElementById("live");
if (log) follow(log);
if (live) keepUpToDate(live);
