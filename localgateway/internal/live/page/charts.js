// The charts: events of each minute, of all types and of each, on one scale.
import { $, count, el, name, svg } from "./dom.js";

const maxTypes = 14;
let onType = () => {};
let chosen = ""; // the type that the list is filtered by
let shown = "";

export function setUp(type) { onType = type; }
export function setType(type) { chosen = type; shown = ""; }

// filterOf is what the filter's type is for one row of the charts.
const filterOf = (t) => (t.category && t.category !== "custom" ? `${t.category}/${t.type}` : t.type);

export function show(stats) {
  for (const b of document.querySelectorAll("[data-count]")) {
    const n = stats[b.dataset.count];
    b.textContent = n ? count(n) : "";
    b.classList.toggle("bad", n > 0 && (b.dataset.count === "refused" || b.dataset.count === "rejected"));
  }
  const types = stats.types.slice(0, maxTypes);
  const key = JSON.stringify([stats.minutes, types, chosen]);
  if (key === shown) return;
  shown = key;
  const { stored, duplicate, refused } = stats.minutes;
  const scale = ceiling(Math.max(1, ...stored.map((n, i) => n + duplicate[i] + refused[i])));
  const total = (list) => list.reduce((a, b) => a + b, 0);
  $("all-chart").replaceChildren(bars(54, scale, [["stored", stored], ["duplicate", duplicate], ["refused", refused]]));
  $("scale").textContent = count(scale);
  $("legend").replaceChildren(...[["stored", "stored", stored], ["duplicate", "duplicate", duplicate], ["refused", "refused", refused]]
    .filter(([, , minutes], i) => i === 0 || total(minutes) > 0)
    .map(([series, label, minutes]) => el("span", { class: series }, `${label} ${count(total(minutes))}`)));
  $("all-chart").setAttribute("aria-label", `In the last ${stored.length} minutes ${count(total(stored))} events were stored, ${count(total(duplicate))} were duplicates and ${count(total(refused))} were refused; at most ${count(scale)} a minute fit the chart`);
  const focused = document.activeElement?.dataset?.type;
  $("types").replaceChildren(...types.map((t) => typeRow(t, scale)));
  $("known-types").replaceChildren(...stats.types.map((t) => el("option", { value: filterOf(t) })));
  if (focused !== undefined) $("types").querySelector(`[data-type="${CSS.escape(focused)}"]`)?.focus();
  if (stats.types.length > maxTypes) $("types").append(el("li", { class: "hint" }, `and ${count(stats.types.length - maxTypes)} more types`));
  $("types-none").hidden = stats.types.length > 0;
}

function typeRow(t, scale) {
  const filter = filterOf(t), now = t.minutes.at(-1), peak = Math.max(...t.minutes);
  return el("li", null, el("button", {
    type: "button", "data-type": filter, "aria-pressed": String(filter === chosen),
    title: `${filter}: ${count(now)} in this minute, at most ${count(peak)} in one of the last ${t.minutes.length}`,
    onclick: () => onType(filter === chosen ? "" : filter),
  }, el("span", { class: "name" }, name(t.type), t.category && t.category !== "custom" ? el("small", { class: "category" }, t.category) : ""),
  el("span", { class: "total" }, count(t.total)), bars(18, scale, [["stored", t.minutes]])));
}

// ceiling is a round number that is not below n.
function ceiling(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 5, 10].map((f) => f * power).find((c) => c >= n);
}

// bars draws series on top of each other, each as one path, and a line under all.
function bars(height, scale, series) {
  const length = series[0][1].length, width = 240, step = width / length;
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true", height });
  chart.append(svg("path", { class: "base", d: `M0 ${height - 0.5}h${width}v1h${-width}z` }));
  const tops = new Array(length).fill(height);
  for (const [kind, minutes] of series) {
    let d = "";
    minutes.forEach((n, i) => {
      if (n === 0) return;
      const h = Math.max(1.5, (n / scale) * (height - 2));
      d += `M${(i * step + 1).toFixed(1)} ${tops[i].toFixed(1)}v${-h.toFixed(1)}h${(step - 2).toFixed(1)}v${h.toFixed(1)}z`;
      tops[i] -= h;
    });
    chart.append(svg("path", { class: kind, d }));
  }
  return chart;
}
