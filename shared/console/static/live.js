// Keeps an open page up to date: asks again with the version that it shows, and changes what has changed.
import { dress } from "./dress.js";
import { morph } from "./morph.js";

const FIRST = 500, LONGEST = 5000, GROWTH = 1.3; // milliseconds between two questions
const PATIENCE = 30000; // milliseconds until a console that says nothing is one that does not answer

const { body } = document;
let wait = FIRST;
let timer = 0;
let asking = null;

function address() {
  const url = new URL(location.href);
  url.hash = "";
  url.searchParams.set("seen", body.dataset.version);
  return url;
}

// A section that this page had no need of yet comes behind the nearest one before it that both have.
function begin(fresh) {
  for (let before = fresh.previousElementSibling; before; before = before.previousElementSibling) {
    const old = before.id && document.getElementById(before.id);
    if (old) {
      old.after(document.importNode(fresh, true));
      return;
    }
  }
}

function take(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  dress(next);
  const focused = document.activeElement?.id;
  for (const old of document.querySelectorAll("[data-live][id]")) {
    if (!next.getElementById(old.id)) old.remove();
  }
  for (const fresh of next.querySelectorAll("[data-live][id]")) {
    const old = document.getElementById(fresh.id);
    if (old) morph(old, fresh);
    else begin(fresh);
  }
  if (focused && document.activeElement?.id !== focused) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
  if (document.title !== next.title) {
    document.title = next.title;
    document.getElementById("news").textContent = next.title;
  }
  body.dataset.version = next.body.dataset.version;
  body.toggleAttribute("data-moving", next.body.hasAttribute("data-moving"));
  document.dispatchEvent(new CustomEvent("lanes:changed"));
}

// The console is there, and cannot tell: its page says why, and so does the guard's plain text.
function reason(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const told = page.getElementById("problem") ?? page.body;
  return told.textContent.trim().replace(/\s+/g, " ").slice(0, 400);
}

function tell(what) {
  const trouble = document.getElementById("trouble");
  const text = what && `This page shows what was known before. ${what}`;
  if (trouble.textContent !== text) trouble.textContent = text;
  trouble.hidden = !text;
}

// What the console says; null where it says nothing in time, or nobody listens.
async function answer(signal) {
  try {
    const told = await fetch(address(), { signal });
    return { status: told.status, ok: told.ok, text: await told.text() };
  } catch {
    return null;
  }
}

async function ask() {
  const mine = (asking = new AbortController());
  const patience = setTimeout(() => mine.abort(), PATIENCE);
  const told = await answer(mine.signal);
  clearTimeout(patience);
  if (asking !== mine) return; // the page was hidden or left meanwhile
  asking = null;
  wait = told?.status === 200 ? FIRST : Math.min(LONGEST, wait * GROWTH);
  if (told === null) tell("The console does not answer: it has ended, or is busy. It is asked again.");
  else tell(told.ok ? "" : reason(told.text));
  if (told?.status === 200) take(told.text);
  plan();
}

function plan() {
  clearTimeout(timer);
  const unwell = !document.getElementById("trouble").hidden;
  if (!document.hidden && (unwell || body.hasAttribute("data-moving"))) timer = setTimeout(ask, wait);
}

function pause() {
  clearTimeout(timer);
  asking?.abort();
  asking = null;
}

// At once, also of what had ended: it may have been redriven since.
function resume() {
  pause();
  wait = FIRST;
  ask();
}

dress(document);
if (body.dataset.version !== undefined) {
  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : resume()));
  addEventListener("pagehide", pause);
  addEventListener("pageshow", (event) => event.persisted && resume());
  plan();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy)?.textContent ?? "";
  const news = document.getElementById("news");
  news.textContent = "";
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    button.textContent = "selected"; // this browser lets no page copy
  }
  news.textContent = button.textContent;
  setTimeout(() => (button.textContent = "copy"), 2000);
});

// A form is sent once: what it starts may take seconds to answer.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.hasAttribute("data-sent")) event.preventDefault();
  event.target.setAttribute("data-sent", "");
  document.getElementById("news").textContent = "sent";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
});

document.getElementById("errors")?.focus();
