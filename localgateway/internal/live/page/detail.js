// The details of one event or refused request, read when they are opened.
import { $, bytes, clip, clock, copy, count, day, dayAndClock, el, isTime, json, name, toast } from "./dom.js";
import { record, request, sent, session, url } from "./gateway.js";
import { choose, focus, fold, reason } from "./list.js";

// What a browser draws without a pause. Of more, the beginning is shown.
const maxJSON = 16_000, maxText = 60_000, maxValue = 2_000;

const panel = $("detail");
let current = null; // the record, with the run of the gateway that it is of
let tab = "sent";
let asked = 0;      // the newest request; the answers to others come too late
let onFilter = () => {}, onOpen = () => {};

export function setUp(filter, open) { onFilter = filter; onOpen = open; }
export const isOpen = () => !panel.hidden;

export async function open(seq) {
  choose(seq);
  const mine = ++asked, run = session.run;
  let r;
  try {
    r = await record(seq);
  } catch (e) {
    r = { seq, gone: e.message };
  }
  if (mine !== asked) return;
  current = { ...r, run };
  render();
  panel.hidden = false;
  panel.scrollTop = 0;
}

export function close() {
  asked++;
  panel.hidden = true;
  const seq = current?.run === session.run ? current.seq : 0;
  choose(0);
  current = null;
  focus(seq);
}

// outdate says why the gateway no longer has the record that is shown. Its number
// may be another's now.
export function outdate(why) {
  choose(0);
  asked++;
  if (!current || current.outdated) return;
  current.outdated = why;
  render();
}

// copyEvent copies the event of a row, or the one that is shown.
export async function copyEvent(seq) {
  let r = current;
  if (seq && (seq !== r?.seq || r.outdated)) {
    try {
      r = await record(seq);
    } catch (e) {
      toast(e.message);
      return;
    }
  }
  if (!r || r.gone) return;
  const what = r.outcome === "refused" ? "Body" : "Event";
  if (!r.outdated && r.body_kept) await copySent(r, what);
  else await copy(r.event_text || JSON.stringify(r, null, 2), what);
}

async function copySent(r, what) {
  try {
    await copy(await request(sent(r)), what);
  } catch (e) {
    toast(e.message);
  }
}

function render() {
  const r = current;
  const title = r.outcome === "refused" ? "Refused request" : clip(r.event_type || "(no payload)", 300);
  panel.replaceChildren(el("header", null, el("h2", null, r.gone ? "Not shown" : name(title)),
    r.outcome ? el("span", { class: "badge " + r.outcome }, r.outcome === "refused" ? (r.status ? String(r.status) : "no answer") : r.outcome) : "",
    el("button", { type: "button", class: "round", title: "Close (Esc)", "aria-label": "Close", onclick: close }, "×")));
  if (r.outdated) panel.append(el("p", { class: "note" }, r.outdated));
  if (r.gone) {
    panel.append(el("p", { class: "hint" }, r.gone));
  } else if (r.outcome === "refused") {
    refused(r);
  } else {
    event(r);
  }
}

function facts(pairs) {
  const list = el("dl", { class: "facts" });
  for (const [label, value] of pairs) {
    if (value === undefined || value === "") continue;
    list.append(el("dt", null, label), el("dd", null, typeof value === "string" ? clip(value, maxValue) : value));
  }
  return list;
}

const filterLink = (field, value) => value && el("button", { type: "button", class: "link", title: `Show only this ${field}`, onclick: () => onFilter(field, value) }, clip(value, maxValue));

function refused(r) {
  const equal = fold(r.seq);
  const names = (r.names ?? []).join(", ");
  panel.append(el("p", { class: "reason" }, reason(r)),
    facts([
      ["Request", r.path], ["Arrived", dayAndClock(r.at_ms)],
      ["Equal ones", equal?.times > 1 ? `${count(equal.times)} from ${clock(equal.first)} to ${clock(equal.last)}` : ""],
      ["App", (r.apps ?? []).join(", ")],
      ["Events", `${r.events ? count(r.events) : "none that can be read"}${names ? ": " + names : ""}`],
      ["Body", bytes(r.bytes ?? 0)],
      ["Wrong at", r.bad && `line ${r.bad.line}` + (r.bad.column ? `, column ${r.bad.column}` : "") + (r.bad.event >= 0 ? ` (event ${r.bad.event + 1} of ${r.events})` : "")],
      ["Stored", "nothing of it"],
    ]));
  const body = el("div", { class: "body" });
  panel.append(body);
  lines(body, r.lines ?? []);
  if (r.outdated || !r.bytes) return;
  if (!r.body_kept) {
    body.prepend(el("p", { class: "hint" }, "The whole body is not kept any longer."));
    return;
  }
  body.prepend(el("p", { class: "tools" }, el("strong", null, "Body"),
    el("button", { type: "button", onclick: () => copySent(r, "Body") }, "Copy"),
    el("a", { class: "button", href: url(sent(r)), target: "_blank" }, "Open the whole body")));
  if (r.bytes <= maxText) wholeBody(r, body);
}

// wholeBody replaces the lines that came with the record by all of them.
async function wholeBody(r, body) {
  try {
    const text = await request(sent(r));
    if (r !== current) return;
    body.querySelector(".lines")?.remove();
    lines(body, text.replace(/\n$/, "").split("\n").map((text, i) => {
      const bad = r.bad?.line === i + 1;
      return { number: i + 1, text, bad, mark: bad ? r.bad.column : 0 };
    }));
  } catch { /* the lines that came with the record are there */ }
}

function lines(body, all) {
  if (all.length === 0) return;
  body.append(el("ol", { class: "lines" }, ...all.map((line) =>
    el("li", { class: line.bad ? "bad" : undefined }, el("span", null, String(line.number)), code(line)))));
  body.querySelector(".bad")?.scrollIntoView({ block: "nearest" });
}

function code(line) {
  if (!line.mark) return el("code", null, (line.text || " ") + (line.cut ? " …" : ""));
  const chars = [...line.text];
  const from = line.mark - 1;
  const rest = chars.slice(from).join("");
  const wrong = (/^"(?:[^"\\]|\\.)*"?|^[^\s,:{}[\]]+|^./s.exec(rest) ?? [" "])[0];
  return el("code", null, chars.slice(0, from).join(""), el("mark", null, wrong), rest.slice(wrong.length) + (line.cut ? " …" : ""));
}

function event(r) {
  if (r.reason) panel.append(el("p", { class: "reason" }, clip(r.reason, maxValue)));
  if (r.outcome === "duplicate") {
    const note = el("p", { class: "note" }, "Answered as accepted, and not stored: its idempotency key was seen before");
    if (r.first) {
      note.append(", in ", el("button", { type: "button", class: "link", onclick: () => onOpen(r.first.seq) }, `#${r.first.seq}`),
        r.first.outcome === "rejected" ? ", which was rejected and had spent the key." : ".");
    } else note.append(".");
    panel.append(note);
  }
  const sent = r.payload && r.payload !== r.event_type ? `, sent as ${r.payload}` : "";
  panel.append(facts([
    ["Time", time(r.timestamp_ms)], ["Arrived", r.loaded ? "in an earlier run" : `${dayAndClock(r.at_ms)}, request ${r.request}`],
    ["Category", r.event_category && r.event_category + sent],
    ["App", filterLink("app", r.app_id)], ["User", filterLink("user", r.user_id)], ["Session", r.session_id],
    ["Device", r.device_id], ["Correlation", r.correlation_id], ["Id", r.id], ["Key", r.idempotency_key],
  ]));
  const tabs = el("div", { class: "tabs", role: "tablist" });
  const body = el("div", { role: "tabpanel" });
  for (const [id, label] of [["sent", "As sent"], ["row", "Warehouse row"], ["sql", "SQL"]]) {
    tabs.append(el("button", { type: "button", role: "tab", "data-tab": id, "aria-selected": String(id === tab), onclick: () => { tab = id; render(); } }, label));
  }
  panel.append(tabs, body);
  if (tab === "sent") asSent(r, body);
  else if (!r.row) body.append(el("p", { class: "hint" }, "It was not stored, so it has no row."));
  else if (tab === "row") table(r, body);
  else sql(r, body);
}

function time(ms) {
  if (!ms) return undefined;
  if (isTime(ms)) return new Date(ms).toISOString() + (day(ms) ? "" : ` (${clock(ms)} here)`);
  return el("span", { class: "warn" }, `${ms} is no time in milliseconds` + (ms > 1e14 ? ": microseconds or nanoseconds?" : ""));
}

function asSent(r, body) {
  if (!r.event_text) {
    body.append(el("p", { class: "hint" }, r.loaded ? "What was sent is kept in memory only, and this event was read from the file. Its row has all that was stored."
      : "It came in protobuf’s binary form. Its row shows what it holds."));
    return;
  }
  body.append(el("button", { type: "button", class: "copy", onclick: () => copyEvent() }, "Copy"));
  if (r.event_bytes > maxJSON) {
    body.append(el("p", { class: "hint" }, `The beginning of ${bytes(r.event_bytes)}. `, el("a", { class: "link", href: url(sent(r)), target: "_blank" }, "Open the whole event")));
  }
  body.append(el("pre", null, json(r.event_text.slice(0, maxJSON))));
}

function table(r, body) {
  const rows = el("tbody");
  for (const [column, value] of Object.entries(r.row)) {
    const zero = value === "" || value === 0 || value === false;
    rows.append(el("tr", null, el("th", { scope: "row" }, column), el("td", { class: zero ? "zero" : undefined },
      column === "payload_json" ? el("pre", null, json(String(value).slice(0, maxJSON)), value.length > maxJSON ? " …" : "") : value === "" ? "''" : clip(String(value), maxValue))));
  }
  body.append(el("table", { class: "rowtable" }, rows));
}

function sql(r, body) {
  if (!r.sql) {
    body.append(el("p", { class: "hint" }, "Without a time the event is in no partition that SQL could name."));
    return;
  }
  for (const [label, text] of [["In the warehouse (Trino)", r.warehouse_sql], ["In the file of -db (SQLite)", r.sql]]) {
    body.append(el("section", { class: "sql" }, el("p", { class: "tools" }, el("strong", null, label), el("button", { type: "button", onclick: () => copy(text, "SQL") }, "Copy")), el("pre", null, clip(text, maxText))));
  }
}
