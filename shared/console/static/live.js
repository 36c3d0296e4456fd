// Keeps an open page up to date: asks again with the version that it shows, and replaces what has changed.
const FIRST = 500, LONGEST = 5000, GROWTH = 1.3; // milliseconds between two questions
const OPEN = "details[id]";

let wait = FIRST;
let timer;

function address() {
  const url = new URL(location.href);
  url.searchParams.set("seen", document.body.dataset.version);
  return url;
}

function isIn(element, focused) {
  return focused && focused !== document.body && element.contains(focused);
}

function replace(old, fresh) {
  for (const open of old.querySelectorAll(OPEN)) {
    const same = fresh.querySelector(`#${CSS.escape(open.id)}`);
    if (same) same.open = open.open;
  }
  const focused = isIn(old, document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(document.adoptNode(fresh));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function take(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  for (const fresh of next.querySelectorAll("[data-live][id]")) {
    const old = document.getElementById(fresh.id);
    if (old && old.outerHTML !== fresh.outerHTML) replace(old, fresh);
  }
  if (document.title !== next.title) {
    document.title = next.title;
    document.getElementById("news").textContent = next.title;
  }
  if (next.body.dataset.version) document.body.dataset.version = next.body.dataset.version;
  else delete document.body.dataset.version;
  document.dispatchEvent(new CustomEvent("lanes:changed"));
}

async function ask() {
  try {
    const answer = await fetch(address(), { headers: { Accept: "text/html" } });
    if (answer.status === 200) {
      take(await answer.text());
      wait = FIRST;
    } else wait = Math.min(LONGEST, wait * GROWTH);
  } catch {
    wait = LONGEST;
  }
  plan();
}

function plan() {
  clearTimeout(timer);
  if (document.body.dataset.version && !document.hidden) timer = setTimeout(ask, wait);
}

document.addEventListener("visibilitychange", () => {
  wait = FIRST;
  plan();
});
plan();
