// The side: counts of each type per minute, and the faults.
import { $, count, el, svg, toast } from "./dom.js";

const maxTypes = 14;
let onType = () => {};
let chosenType = "";
export function setUp(type) { onType = type; }

let shown = "";
export function showStats(stats) {
  for (const b of document.querySelectorAll("[data-count]")) {
    const n = stats[b.dataset.count];
    b.textContent = n ? count(n) : "";
    b.classList.toggle("bad", n > 0 && (b.dataset.count === "refused" || b.dataset.count === "rejected"));
  }
  const key = JSON.stringify(stats.types.slice(0, maxTypes)) + chosenType;
  if (key === shown) return;
  shown = key;
  $("types-none").hidden = stats.types.length > 0;
  const focused = document.activeElement?.dataset?.type;
  $("types").replaceChildren(...stats.types.slice(0, maxTypes).map(typeRow));
  $("known-types").replaceChildren(...stats.types.map((t) => el("option", { value: t.type })));
  if (focused !== undefined) $("types").querySelector(`[data-type="${CSS.escape(focused)}"]`)?.focus();
  if (stats.types.length > maxTypes) $("types").append(el("li", { class: "hint" }, `and ${count(stats.types.length - maxTypes)} more types`));
}

function typeRow(t) {
  const now = t.minutes.at(-1), peak = Math.max(...t.minutes);
  return el("li", null, el("button", {
    type: "button", "data-type": t.type, "aria-pressed": String(t.type === chosenType),
    title: `${t.type}: ${count(now)} in this minute, at most ${count(peak)} in one of the last ${t.minutes.length}`,
    onclick: () => onType(t.type === chosenType ? "" : t.type),
  }, el("span", { class: "name" }, t.type), el("span", { class: "total" }, count(t.total)), bars(t.minutes)));
}

// bars draws a chart as two paths: the minutes with events, and a line under all.
function bars(minutes) {
  const width = 240, height = 22, step = width / minutes.length;
  const peak = Math.max(1, ...minutes);
  let d = "";
  minutes.forEach((n, i) => {
    if (n === 0) return;
    const h = Math.max(2, (n / peak) * (height - 2));
    d += `M${(i * step + 1).toFixed(1)} ${height}v${-h.toFixed(1)}h${(step - 2).toFixed(1)}V${height}z`;
  });
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  chart.append(svg("path", { class: "base", d: `M0 ${height - 0.5}h${width}v1h${-width}z` }), svg("path", { d }));
  return chart;
}

export function setType(type) { chosenType = type; shown = ""; }

const form = $("faults"), field = (name) => form.elements.namedItem(name);
let typing = 0; // when a fault was last changed here

export function showFault(fault) {
  $("fault-banner").hidden = fault.on === "";
  $("fault-banner").querySelector("span").textContent = "The gateway " + fault.on + ".";
  if (Date.now() - typing < 800) return;
  for (const radio of field("answer")) radio.checked = radio.value === (fault.answer ?? "");
  field("retry_after").checked = fault.retry_after_s > 0;
  if (fault.retry_after_s) field("retry_after_s").value = fault.retry_after_s;
  field("slow").checked = fault.slow_ms > 0;
  if (fault.slow_ms) field("slow_s").value = fault.slow_ms / 1000;
  field("refuse").checked = fault.refuse_one_in > 0;
  if (fault.refuse_one_in) field("refuse_n").value = fault.refuse_one_in;
  field("forget_keys").checked = Boolean(fault.forget_keys);
  enable();
}

function enable() {
  const waits = ["503", "429"].includes(field("answer").value);
  field("retry_after").disabled = !waits;
  if (!waits) field("retry_after").checked = false;
}

async function send(fault) {
  typing = Date.now();
  const response = await fetch("/_local/fault", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fault) }).catch(() => null);
  if (!response?.ok) {
    typing = 0;
    toast(response ? await response.text() : "The gateway does not answer");
    return;
  }
  const now = await response.json();
  if (Object.keys(fault).length === 0) typing = 0;
  showFault(now);
}

form.addEventListener("change", () => {
  enable();
  const number = (name) => Number(field(name).value) || 0;
  const fault = {};
  if (field("answer").value) fault.answer = field("answer").value;
  if (field("retry_after").checked) fault.retry_after_s = Math.round(number("retry_after_s"));
  if (field("slow").checked) fault.slow_ms = Math.round(number("slow_s") * 1000);
  if (field("refuse").checked) fault.refuse_one_in = Math.round(number("refuse_n"));
  if (field("forget_keys").checked) fault.forget_keys = true;
  send(fault);
});
form.addEventListener("submit", (e) => e.preventDefault());
$("fault-off").addEventListener("click", () => send({}));
