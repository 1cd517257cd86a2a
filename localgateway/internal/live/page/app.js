// The page: what happens at the gateway, filtered by it. A stream says that there
// is something new, and each tab asks for what matches its filters.
import { $, copy, count, el, toast } from "./dom.js";
import { endpoint, get, session, url } from "./gateway.js";
import { listen } from "./stream.js";
import * as charts from "./charts.js";
import * as detail from "./detail.js";
import * as faults from "./faults.js";
import * as list from "./list.js";

const filters = $("filters");
const names = ["type", "user", "app", "text", "outcome"];
const known = { user: new Set(), app: new Set() };
const maxKnown = 200;

let up = false;     // the stream is there
let problem = "";   // why it is not
let last = 0;       // the newest record that was asked for
let newest = 0;     // the newest that the gateway has
let after = 0;      // the records up to here were cleared
let older = 0;      // that match, and are too old for the list
let question = 0;   // counts the filters that were set: answers to others come too late
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

const options = (name) => (name === "type" ? [...$("known-types").children].map((o) => o.value) : [...known[name]]);

// ask lists anew what matches the filters.
function ask() {
  question++;
  last = after;
  older = 0;
  const q = query();
  $("download").href = url("events?" + new URLSearchParams([...q, ["format", "ndjson"]]));
  list.clear();
  pull();
}

let pulling = false, again = false;

async function pull() {
  if (pulling) { again = true; return; }
  pulling = true;
  do {
    again = false;
    await pullOnce();
  } while (again);
  pulling = false;
}

async function pullOnce() {
  const mine = question;
  const q = query();
  for (const [name, v] of Object.entries({ brief: 1, limit: list.maxRows, run: session.run, after: last })) if (v) q.set(name, v);
  let answer;
  try {
    answer = await get("events?" + q);
  } catch (e) {
    problem = e.message;
    status();
    if (up) setTimeout(pull, 1000);
    return;
  }
  if (mine !== question) { again = true; return; }
  if (answer.run !== session.run) {
    if (session.run) startOver("The gateway was restarted. This event is of the run before.");
    session.run = answer.run;
  } else if (answer.reset) {
    startOver("The gateway was reset, and has forgotten this event.");
  }
  if (answer.missed) toast(`${count(answer.missed)} events were dropped before this page could list them`);
  last = answer.last;
  older += answer.older ?? 0;
  remember(answer.records);
  list.add(answer.records);
}

function startOver(why) {
  after = older = 0;
  list.clear();
  detail.outdate(why);
}

listen((name, message) => {
  switch (name) {
    case "up": up = true; problem = ""; faults.reached(); pull(); break;
    case "down": up = false; explain(); break;
    case "last": newest = message.last; pull(); break;
    case "reset": pull(); break;
    case "state":
      stats = message.stats;
      if (session.run && message.run !== session.run) pull();
      faults.show(message.fault);
      charts.show(stats);
      showEnv(message.any_key);
  }
  status();
});

// explain finds out why the stream is refused, which the stream cannot say.
async function explain() {
  try {
    await get("stats");
  } catch (e) {
    problem = e.message;
    status();
  }
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
  live.className = "live " + (!up ? "off" : list.isPaused() ? "held" : "on");
  const stored = stats ? `${count(stats.stored)} event${stats.stored === 1 ? "" : "s"} stored` : "listening";
  const inFile = stats?.db_rows !== undefined ? ` · ${count(stats.db_rows)} in the file` : "";
  live.lastElementChild.textContent = !up ? `${problem || "The gateway does not answer"}; trying again`
    : list.isPaused() ? `Paused, ${count(list.held())} new` : `Live on ${location.host} · ${stored}${inFile}`;
  live.title = live.lastElementChild.textContent;
  const empty = list.isEmpty() && list.held() === 0;
  $("cleared").hidden = !empty || after === 0;
  $("empty").hidden = !empty || after > 0 || isFiltered() || !session.run;
  $("no-match").hidden = !empty || after > 0 || !isFiltered();
  $("unfilter").hidden = !isFiltered();
  $("show-filters").classList.toggle("on", isFiltered());
  const out = older + list.left();
  $("older").hidden = out === 0 || list.isEmpty();
  $("older").textContent = `${count(out)} older ones match too. Filters look at all that is kept; Download has them.`;
}

let filterTimer;
function refilter(delay) {
  clearTimeout(filterTimer);
  filterTimer = setTimeout(() => {
    const q = new URLSearchParams();
    for (const name of names) if (value(name)) q.set(name, value(name));
    history.replaceState(null, "", q.size ? "?" + q : location.pathname);
    charts.setType(value("type"));
    if (stats) charts.show(stats);
    ask();
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
  after = Math.max(last, newest);
  ask();
}

function unclear() {
  after = 0;
  ask();
}

filters.addEventListener("input", (e) => refilter(e.target.type === "radio" ? 0 : 200));
filters.addEventListener("submit", (e) => e.preventDefault());
$("unfilter").addEventListener("click", unfilter);
$("unfilter-too").addEventListener("click", unfilter);
$("unclear").addEventListener("click", unclear);
$("pause").addEventListener("click", pause);
$("clear").addEventListener("click", clear);
$("help").addEventListener("click", () => $("keys").showModal());

// On a phone one of these is open, or none.
for (const panel of ["filters", "charts", "faults"]) {
  $(`show-${panel}`).addEventListener("click", () => {
    document.body.dataset.panel = document.body.dataset.panel === panel ? "" : panel;
    for (const b of $("panels").children) b.setAttribute("aria-expanded", String(b.id === `show-${document.body.dataset.panel}`));
  });
}

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
    c: () => detail.copyEvent(list.focused()),
    "?": () => $("keys").showModal(),
  }[e.key];
  if (!act || (own && e.key.length !== 1) || (own && e.key === " ")) return;
  e.preventDefault();
  act();
});

function showEnv(anyKey) {
  $("env").textContent = [
    `export CAUSALITY_ENDPOINT=${endpoint}`,
    "export CAUSALITY_API_KEY=" + (anyKey ? "10ca".padStart(64, "0") : "…the one of -key…"),
    "export CAUSALITY_APP_ID=my-app",
    "export CAUSALITY_FLUSH_INTERVAL=100ms",
  ].join("\n");
}
showEnv(true);
$("copy-env").addEventListener("click", () => copy($("env").textContent, "Environment"));

const given = new URLSearchParams(location.search);
for (const name of names) if (given.get(name)) filters.elements.namedItem(name).value = given.get(name);
charts.setType(value("type"));
charts.setUp((type) => setFilter("type", type));
list.setUp(detail.open, status);
detail.setUp(setFilter, detail.open);
$("stuck").remove();
ask();
