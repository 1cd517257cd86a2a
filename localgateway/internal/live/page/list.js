// The list: a bounded number of rows, newest first, written at most once a frame.
import { $, clock, count, el } from "./dom.js";

const maxRows = 500;
const list = $("list"), scroll = $("scroll"), newer = $("newer");
const phone = matchMedia("(max-width: 820px)");

let waiting = [];   // records that are not shown yet, oldest first
let unseen = 0;     // of them and of those that were dropped since
let paused = false;
let scheduled = false;
let chosen = 0;     // the number of the record in the details
let onChoose = () => {}, onChange = () => {};

export function setUp(choose, change) { onChoose = choose; onChange = change; }

// add shows records, oldest first, or keeps the newest of them while the list
// is paused or scrolled away from its top.
export function add(records) {
  unseen += records.length;
  waiting = waiting.concat(records);
  if (waiting.length > maxRows) waiting = waiting.slice(-maxRows);
  schedule();
}

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => { scheduled = false; show(); });
}

const away = () => (phone.matches ? document.querySelector(".columns") : scroll).scrollTop > 60;

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
    const rows = document.createDocumentFragment();
    const few = records.length <= 10 && list.childElementCount > 0;
    for (let i = records.length - 1; i >= 0; i--) rows.append(row(records[i], few));
    list.prepend(rows);
    while (list.childElementCount > maxRows) list.lastElementChild.remove();
    makeReachable();
  }
  onChange();
}

function row(r, fresh) {
  const button = el("button", { type: "button", class: `row ${r.outcome}`, tabindex: "-1", "data-seq": r.seq });
  button.append(el("span", { class: "time", title: "arrived " + clock(r.at_ms) }, clock(r.timestamp_ms > 0 ? r.timestamp_ms : r.at_ms)));
  if (r.outcome === "refused") {
    button.append(
      el("span", { class: "type" }, el("span", { class: "badge refused" }, r.status ? String(r.status) : "no answer"), "refused"),
      el("span", { class: "reason" }, reason(r)));
  } else {
    const props = el("span", { class: "props" });
    if (r.outcome !== "stored") props.append(el("span", { class: "badge " + r.outcome }, r.outcome));
    if (r.reason) props.append(el("span", { class: "reason" }, r.reason));
    for (const [name, value] of r.glance ?? []) props.append(el("span", null, el("i", null, name + " "), value));
    button.append(
      el("span", { class: "type" }, r.event_type || "(no payload)"),
      el("span", { class: "user" }, r.user_id), el("span", { class: "app" }, r.app_id), props);
  }
  if (r.seq === chosen) button.setAttribute("aria-current", "true");
  return el("li", { class: fresh ? "fresh" : undefined }, button);
}

// reason leaves out what every such message begins with.
export function reason(r) {
  const text = (r.reason ?? "").replace(/^body: failed to parse request body: /, "").replace(/^could not unmarshal request JSON: (proto:\s*)?/, "");
  const size = r.events ? `${count(r.events)} event${r.events === 1 ? "" : "s"}: ` : "";
  return size + text;
}

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

export const focused = () => (list.contains(document.activeElement) ? Number(document.activeElement.dataset.seq) : chosen);
export const focus = (seq) => list.querySelector(`[data-seq="${seq}"]`)?.focus();

export function clear() {
  waiting = [];
  unseen = 0;
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

list.addEventListener("click", (e) => {
  const button = e.target.closest(".row");
  if (button) onChoose(Number(button.dataset.seq));
});
newer.addEventListener("click", () => { scroll.scrollTo(0, 0); document.querySelector(".columns").scrollTo(0, 0); schedule(); });
for (const s of [scroll, document.querySelector(".columns")]) {
  s.addEventListener("scroll", () => { if (waiting.length > 0 && !away()) schedule(); }, { passive: true });
}
