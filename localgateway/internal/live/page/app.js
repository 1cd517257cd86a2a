// The page: one stream of what happens, filtered by the gateway.
import { $, copy, count, el, toast } from "./dom.js";
import * as list from "./list.js";
import * as detail from "./detail.js";
import * as side from "./side.js";

const filters = $("filters");
const names = ["type", "user", "app", "text", "outcome"];
const known = { user: new Set(), app: new Set() };
const maxKnown = 200;

let source;
let epoch = "";
let last = 0;  // the newest record that the gateway has told of
let after = 0; // the records up to here were cleared
let stats;

const value = (name) => filters.elements.namedItem(name).value.trim();
const isFiltered = () => names.some((name) => value(name) !== "");

// query is the filter as the API reads it: what was typed may be a part of a
// type, user or app, unless it is one of those that are known.
function query() {
  const q = new URLSearchParams();
  for (const name of names) {
    const v = value(name);
    if (v === "") continue;
    const whole = ["text", "outcome"].includes(name) || v.includes("*") || options(name).includes(v);
    q.set(name, whole ? v : `*${v}*`);
  }
  return q;
}

const options = (name) => (name === "type" ? (stats?.types ?? []).map((t) => t.type) : [...known[name]]);

function connect() {
  source?.close();
  const q = query();
  $("download").href = "/_local/events?" + new URLSearchParams([...q, ["format", "ndjson"]]);
  if (after) q.set("after", after);
  source = new EventSource("/_local/watch?" + q);
  const mine = source;
  list.clear();
  source.addEventListener("open", status);
  source.addEventListener("error", () => {
    status();
    // A stream that was refused does not come back by itself.
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => { if (mine === source) connect(); }, 2000);
  });
  const on = (name, f) => source.addEventListener(name, (e) => { note(e.lastEventId); f(JSON.parse(e.data)); });
  on("records", ({ records }) => { remember(records); list.add(records); });
  on("state", (state) => { stats = state.stats; side.showFault(state.fault); side.showStats(stats); showEnv(state.any_key); status(); });
  on("reset", () => { after = 0; list.clear(); });
  on("missed", ({ missed }) => toast(`${count(missed)} events went by too fast to be listed`));
}

// note sees another run of the gateway by the id of its messages.
function note(id) {
  const [run, seq] = id.split("-");
  if (epoch && run !== epoch) { after = 0; list.clear(); }
  epoch = run;
  last = Number(seq);
}

function remember(records) {
  for (const [name, field] of [["user", "user_id"], ["app", "app_id"]]) {
    const before = known[name].size;
    for (const r of records) if (r[field] && known[name].size < maxKnown) known[name].add(r[field]);
    if (known[name].size !== before) $(`known-${name}s`).replaceChildren(...[...known[name]].map((v) => el("option", { value: v })));
  }
}

function status() {
  const live = $("live");
  const up = source.readyState === EventSource.OPEN;
  live.className = "live " + (!up ? "off" : list.isPaused() ? "held" : "on");
  const stored = stats ? `${count(stats.stored)} event${stats.stored === 1 ? "" : "s"} stored` : "listening";
  live.lastElementChild.textContent = !up ? "The gateway does not answer; trying again"
    : list.isPaused() ? `Paused, ${count(list.held())} new` : `Live on ${location.host} · ${stored}`;
  $("empty").hidden = !list.isEmpty() || isFiltered() || list.held() > 0;
  $("no-match").hidden = !list.isEmpty() || !isFiltered();
  $("unfilter").hidden = !isFiltered();
}

let filterTimer;
function refilter(delay) {
  clearTimeout(filterTimer);
  filterTimer = setTimeout(() => {
    const q = new URLSearchParams();
    for (const name of names) if (value(name)) q.set(name, value(name));
    history.replaceState(null, "", q.size ? "?" + q : location.pathname);
    side.setType(value("type"));
    if (stats) side.showStats(stats);
    connect();
  }, delay);
}

function setFilter(name, v) {
  filters.elements.namedItem(name).value = v;
  refilter(0);
}

function unfilter() {
  filters.reset();
  refilter(0);
}

function pause() {
  list.setPaused(!list.isPaused());
  $("pause").setAttribute("aria-pressed", String(list.isPaused()));
  $("pause").textContent = list.isPaused() ? "Resume" : "Pause";
  status();
}

function clear() {
  after = last;
  list.clear();
}

filters.addEventListener("input", (e) => refilter(e.target.type === "radio" ? 0 : 200));
filters.addEventListener("submit", (e) => e.preventDefault());
$("unfilter").addEventListener("click", unfilter);
$("unfilter-too").addEventListener("click", unfilter);
$("pause").addEventListener("click", pause);
$("clear").addEventListener("click", clear);
$("help").addEventListener("click", () => $("keys").showModal());

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || $("keys").open) return;
  const typing = e.target.matches("input:not([type=radio], [type=checkbox])");
  if (e.key === "Escape") {
    if (typing) e.target.blur();
    else if (detail.isOpen()) detail.close();
    return;
  }
  if (typing) return;
  const own = e.target.closest("button:not(.row), a, summary, input") !== null; // has keys of its own
  const act = {
    ArrowDown: () => list.move(1), j: () => list.move(1),
    ArrowUp: () => list.move(-1), k: () => list.move(-1),
    "/": () => filters.elements.namedItem("text").focus(),
    " ": pause, x: clear,
    c: () => list.focused() && detail.copyEvent(list.focused()),
    "?": () => $("keys").showModal(),
  }[e.key];
  if (!act || (own && e.key.length !== 1) || (own && e.key === " ")) return;
  e.preventDefault();
  act();
});

function showEnv(anyKey) {
  $("env").textContent = [
    `export CAUSALITY_ENDPOINT=${location.origin}`,
    "export CAUSALITY_API_KEY=" + (anyKey ? "10ca".padStart(64, "0") : "…the one of -key…"),
    "export CAUSALITY_APP_ID=my-app",
    "export CAUSALITY_FLUSH_INTERVAL=100ms",
  ].join("\n");
}
showEnv(true);
$("copy-env").addEventListener("click", () => copy($("env").textContent, "Environment"));

if (matchMedia("(max-width: 820px)").matches) for (const box of ["types-box", "faults-box"]) $(box).open = false;
const given = new URLSearchParams(location.search);
for (const name of names) if (given.get(name)) filters.elements.namedItem(name).value = given.get(name);
side.setType(value("type"));
side.setUp((type) => setFilter("type", type));
list.setUp(detail.open, status);
detail.setUp(setFilter, detail.open);
connect();
