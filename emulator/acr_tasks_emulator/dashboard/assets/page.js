// Keeps the page up to date while something runs. Without scripts the page reloads itself instead.
"use strict";

const PAUSE = 1000;
const wait = () => new Promise((done) => setTimeout(done, PAUSE));

async function refresh() {
  const live = document.getElementById("live");
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  const focused = ["href", "aria-label"]
    .map((name) => [name, document.activeElement?.getAttribute(name)])
    .find(([, value]) => value);
  if (fresh.innerHTML !== live.innerHTML) {
    live.innerHTML = fresh.innerHTML;
    if (focused) live.querySelector(`[${focused[0]}="${CSS.escape(focused[1])}"]`)?.focus();
  }
  live.dataset.active = fresh.dataset.active;
  document.title = page.title;
}

async function follow(log) {
  const decoder = new TextDecoder();
  let offset = Number(log.dataset.offset);
  while (log.dataset.complete !== "yes") {
    const answer = await fetch(log.dataset.url, { headers: { Range: `bytes=${offset}-` }, cache: "no-store" });
    if (answer.status === 206) {
      const bytes = await answer.arrayBuffer();
      offset += bytes.byteLength;
      const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 40;
      log.append(decoder.decode(bytes, { stream: true }));
      document.getElementById("no-log")?.remove();
      if (atEnd) window.scrollTo(0, document.body.scrollHeight);
      continue;
    }
    if (answer.headers.has("x-ms-meta-complete")) log.dataset.complete = "yes";
    else await wait();
  }
}

async function main() {
  const log = document.getElementById("log");
  if (log) follow(log).catch(() => {});
  const live = document.getElementById("live");
  while (live?.dataset.active === "yes") {
    await wait();
    if (!document.hidden) await refresh().catch(() => {});
  }
}

main();
