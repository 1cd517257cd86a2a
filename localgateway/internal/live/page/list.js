// The list: a bounded number of rows, newest first, written at most once a frame.
// Equal refusals are one row, which counts them and moves to the top.
import { $, clip, clock, count, day, dayAndClock, el, isTime, name } from "./dom.js";

export const maxRows = 500;
const list = $("list"), scroll = $("scroll"), newer = $("newer");

let waiting = [];   // records that are not shown yet, oldest first
let unseen = 0;     // of them and of those that were dropped since
let paused = false;
let scheduled = false;
let chosen = 0;     // the number of the record in the details
let dropped = 0;    // rows that made room for newer ones
let onChoose = () => {}, onChange = () => {};

const folds = new Map(); // of equal refusals: how many there were, and their row

export function setUp(choose, change) { onChoose = choose; onChange = change; }

// add shows records, oldest first, or keeps the newest of them while the list
// is paused or scrolled away from its top.
export function add(records) {
  unseen += records.length;
  waiting = waiting.concat(records);
  if (waiting.length > maxRows) {
    dropped += waiting.length - maxRows;
    waiting = waiting.slice(-maxRows);
  }
  schedule();
}

function schedule() {
  if (scheduled) return;
  scheduled = true;
  const once = () => { if (scheduled) { scheduled = false; show(); } };
  requestAnimationFrame(once);
  setTimeout(once, 250); // a tab in the background has no frames
}

const away = () => scroll.scrollTop > 60;

function show() {
  if (paused || away()) {
    newer.hidden = unseen === 0 || paused;
    newer.textContent = `↑ ${count(unseen)} newer`;
    onChange();
    return;
  }
  newer.hidden = true;
  const records = waiting;
  waiting = [];
  unseen = 0;
  if (records.length > 0) {
    const few = records.length <= 10 && list.childElementCount > 0;
    const rows = new Set(); // oldest first
    for (const r of records) {
      const fold = r.outcome === "refused" ? foldOf(r) : null;
      if (fold?.row) rows.delete(fold.row);
      const item = el("li", { class: few ? "fresh" : undefined }, row(r, fold));
      if (fold) replace(fold, item);
      rows.add(item);
    }
    list.prepend(...[...rows].reverse());
    while (list.childElementCount > maxRows) { list.lastElementChild.remove(); dropped++; }
    for (const [key, fold] of folds) if (!fold.row.isConnected) folds.delete(key);
    makeReachable();
  }
  onChange();
}

function foldOf(r) {
  const key = JSON.stringify([r.status, r.fault, r.path, r.reason, r.names, r.apps]);
  const fold = folds.get(key) ?? { times: 0, events: 0, first: r.at_ms, numbers: [] };
  folds.set(key, fold);
  fold.times++;
  fold.events += r.events ?? 0;
  fold.last = r.at_ms;
  fold.numbers = [...fold.numbers.slice(-99), r.seq];
  return fold;
}

// replace puts the newest of equal refusals where the one before was, for the
// keyboard and the details.
function replace(fold, item) {
  const button = item.firstElementChild, before = fold.row?.firstElementChild;
  fold.row?.remove();
  fold.row = item;
  if (!before) return;
  button.tabIndex = before.tabIndex;
  if (before.hasAttribute("aria-current")) button.setAttribute("aria-current", "true");
}

// fold is what is known of the refusals that are equal to one.
export function fold(seq) {
  for (const f of folds.values()) if (f.numbers.includes(seq)) return f;
  return null;
}

function row(r, fold) {
  const button = el("button", { type: "button", class: `row ${r.outcome}`, tabindex: "-1", "data-seq": r.seq });
  button.append(time(r));
  const props = el("span", { class: "props" });
  if (r.outcome === "refused") {
    const names = r.names?.length ? r.names.join(", ") : "refused";
    props.append(el("span", { class: "badge refused" }, r.status ? String(r.status) : "no answer"));
    if (fold.times > 1) props.append(el("span", { class: "times", title: `equal ones since ${dayAndClock(fold.first)}` }, `${count(fold.times)} times`));
    if (fold.events) props.append(el("span", { class: "events" }, `${count(fold.events)} event${fold.events === 1 ? "" : "s"}`));
    props.append(el("span", { class: "reason" }, reason(r)));
    button.append(el("span", { class: "kind" }, el("span", { class: "type" }, name(names))), el("span", { class: "user" }), el("span", { class: "app" }, (r.apps ?? []).join(", ")), props);
  } else {
    if (r.outcome !== "stored") props.append(el("span", { class: "badge " + r.outcome }, r.outcome));
    if (r.reason) props.append(el("span", { class: "reason" }, clip(r.reason, 300)));
    for (const [key, value] of r.glance ?? []) props.append(el("span", { class: "prop", title: `${key} ${value}` }, el("i", null, key + " "), value));
    button.append(kind(r), el("span", { class: "user", title: r.user_id }, r.user_id), el("span", { class: "app", title: r.app_id }, r.app_id), props);
  }
  if (r.seq === chosen) button.setAttribute("aria-current", "true");
  return button;
}

// kind is a type with its category, as the warehouse has them. Of the events that
// have no payload of their own the category says nothing.
export function kind(r) {
  const typed = r.event_category && r.event_category !== "custom";
  return el("span", { class: "kind", title: r.payload && r.payload !== r.event_type ? `sent as ${r.payload}` : undefined },
    el("span", { class: "type" }, name(r.event_type || "(no payload)")), typed ? el("small", { class: "category" }, r.event_category) : "");
}

function time(r) {
  const ms = isTime(r.timestamp_ms) ? r.timestamp_ms : r.at_ms;
  const cell = el("span", { class: "time", title: "arrived " + dayAndClock(r.at_ms) });
  if (day(ms)) cell.append(el("span", { class: "day" }, day(ms)), " ");
  cell.append(clock(ms));
  if (r.timestamp_ms && !isTime(r.timestamp_ms)) cell.append(" ", el("span", { class: "badge duplicate", title: `timestamp_ms is ${r.timestamp_ms}, which is no time in milliseconds; this is when the event arrived` }, "time?"));
  return cell;
}

// reason leaves out what every such message begins with.
export const reason = (r) => (r.reason ?? "").replace(/^body: failed to parse request body: /, "").replace(/^could not unmarshal request JSON: (proto:\s*)?/, "");

// The Tab key reaches one row; the arrows move on from there.
function makeReachable() {
  if (!list.querySelector('[tabindex="0"]')) list.querySelector(".row")?.setAttribute("tabindex", "0");
}

export function move(step) {
  const at = list.contains(document.activeElement) ? document.activeElement : list.querySelector('[aria-current="true"]');
  const next = at ? (step > 0 ? at.closest("li").nextElementSibling : at.closest("li").previousElementSibling) : list.firstElementChild;
  const button = next?.querySelector(".row");
  if (!button) return;
  list.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
  button.setAttribute("tabindex", "0");
  button.focus();
  if (chosen) onChoose(Number(button.dataset.seq));
}

export function choose(seq) {
  list.querySelector('[aria-current="true"]')?.removeAttribute("aria-current");
  chosen = seq;
  list.querySelector(`[data-seq="${seq}"]`)?.setAttribute("aria-current", "true");
}

export const focused = () => (list.contains(document.activeElement) ? Number(document.activeElement.dataset.seq) : 0);
export const focus = (seq) => list.querySelector(`[data-seq="${seq}"]`)?.focus();

export function clear() {
  waiting = [];
  unseen = dropped = 0;
  folds.clear();
  list.replaceChildren();
  newer.hidden = true;
  onChange();
}

export function setPaused(on) {
  paused = on;
  schedule();
}

export const isPaused = () => paused;
export const held = () => (paused ? unseen : 0);
export const isEmpty = () => list.childElementCount === 0;
export const left = () => dropped; // out, because newer ones came

list.addEventListener("click", (e) => {
  const button = e.target.closest(".row");
  if (button) onChoose(Number(button.dataset.seq));
});
newer.addEventListener("click", () => { scroll.scrollTo(0, 0); schedule(); });
scroll.addEventListener("scroll", () => { if (waiting.length > 0 && !away()) schedule(); }, { passive: true });
