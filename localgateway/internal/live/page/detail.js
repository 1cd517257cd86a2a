// The details of one event or refused request, read when they are opened.
import { $, clock, copy, count, el, json } from "./dom.js";
import { choose, focus, reason } from "./list.js";

const panel = $("detail");
let current = null;
let tab = "sent";
let onFilter = () => {}, onOpen = () => {};

export function setUp(filter, open) { onFilter = filter; onOpen = open; }
export const isOpen = () => !panel.hidden;

export async function open(seq) {
  choose(seq);
  let r;
  try {
    const response = await fetch(`/_local/events/${seq}`);
    r = response.ok ? await response.json() : { seq, gone: await response.text() };
  } catch {
    r = { seq, gone: "The gateway does not answer." };
  }
  current = r;
  render();
  panel.hidden = false;
  panel.scrollTop = 0;
}

export function close() {
  panel.hidden = true;
  const seq = current?.seq;
  choose(0);
  current = null;
  focus(seq);
}

export async function copyEvent(seq) {
  const response = await fetch(`/_local/events/${seq}`);
  if (!response.ok) return;
  const r = await response.json();
  await copy(r.event_text || JSON.stringify(r, null, 2), "Event");
}

function render() {
  const r = current;
  const title = r.outcome === "refused" ? "Refused request" : r.event_type || "(no payload)";
  const header = el("header", null, el("h2", null, r.gone ? "Not kept" : title),
    r.outcome ? el("span", { class: "badge " + r.outcome }, r.outcome === "refused" ? (r.status ? String(r.status) : "no answer") : r.outcome) : "",
    el("button", { type: "button", class: "round", title: "Close (Esc)", "aria-label": "Close", onclick: close }, "×"));
  panel.replaceChildren(header);
  if (r.gone) {
    panel.append(el("p", { class: "hint" }, r.gone));
  } else if (r.outcome === "refused") {
    request(r);
  } else {
    event(r);
  }
}

// time leaves out what is no time: an event may come without one, or with one
// that no calendar has.
function time(ms) {
  const date = new Date(ms);
  return ms > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined;
}

function facts(pairs) {
  const list = el("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    if (value === undefined || value === "") continue;
    list.append(el("dt", null, name), el("dd", null, value));
  }
  return list;
}

const filterLink = (name, value) => value && el("button", { type: "button", class: "link", title: `Show only this ${name}`, onclick: () => onFilter(name, value) }, value);

function request(r) {
  panel.append(el("p", { class: "reason" }, r.reason),
    facts([
      ["Request", r.path], ["Arrived", clock(r.at_ms)],
      ["Body", `${count(r.bytes ?? 0)} bytes` + (r.events ? `, ${count(r.events)} event${r.events === 1 ? "" : "s"}` : "")],
      ["Wrong at", r.bad && `line ${r.bad.line}` + (r.bad.column ? `, column ${r.bad.column}` : "") + (r.bad.event >= 0 ? ` (event ${r.bad.event + 1} of ${r.events})` : "")],
      ["Stored", "nothing of it"],
    ]));
  if (!r.lines?.length) return;
  const list = el("ol", { class: "lines" });
  for (const line of r.lines) {
    list.append(el("li", { class: line.bad ? "bad" : undefined }, el("span", null, String(line.number)), code(line)));
  }
  panel.append(list);
  list.querySelector(".bad")?.scrollIntoView({ block: "nearest" });
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
  if (r.reason) panel.append(el("p", { class: "reason" }, r.reason));
  if (r.outcome === "duplicate") {
    const note = el("p", { class: "note" }, "Answered as accepted, and not stored: its idempotency key was seen before");
    if (r.first) {
      note.append(", in ", el("button", { type: "button", class: "link", onclick: () => onOpen(r.first.seq) }, `#${r.first.seq}`),
        r.first.outcome === "rejected" ? ", which was rejected and had spent the key." : ".");
    } else note.append(".");
    panel.append(note);
  }
  panel.append(facts([
    ["Time", time(r.timestamp_ms)], ["Arrived", r.loaded ? "in an earlier run" : `${clock(r.at_ms)}, request ${r.request}`],
    ["App", filterLink("app", r.app_id)], ["User", filterLink("user", r.user_id)], ["Session", r.session_id],
    ["Device", r.device_id], ["Correlation", r.correlation_id], ["Id", r.id], ["Key", r.idempotency_key],
  ]));
  const tabs = el("div", { class: "tabs", role: "tablist" });
  const body = el("div", { role: "tabpanel" });
  for (const [name, label] of [["sent", "As sent"], ["row", "Warehouse row"], ["sql", "SQL"]]) {
    tabs.append(el("button", { type: "button", role: "tab", "data-tab": name, "aria-selected": String(name === tab), onclick: () => { tab = name; render(); } }, label));
  }
  panel.append(tabs, body);
  if (tab === "sent") sent(r, body);
  else if (!r.row) body.append(el("p", { class: "hint" }, "Not stored, so there is no row."));
  else if (tab === "row") table(r, body);
  else sql(r, body);
}

const copyButton = (text, what) => el("button", { type: "button", class: "copy", onclick: () => copy(text, what) }, "Copy");

function sent(r, body) {
  if (!r.event_text) {
    body.append(el("p", { class: "hint" }, r.loaded ? "What was sent is kept in memory only; this event comes from the file. Its row has all that was stored."
      : "It came in protobuf’s binary form. Its row shows what it holds."));
    return;
  }
  body.append(copyButton(r.event_text, "Event"), el("pre", null, json(r.event_text)));
}

function table(r, body) {
  const rows = el("tbody");
  for (const [name, value] of Object.entries(r.row)) {
    const zero = value === "" || value === 0 || value === false;
    const shown = name === "payload_json" ? json(String(value)) : value === "" ? "''" : String(value);
    rows.append(el("tr", null, el("th", { scope: "row" }, name), el("td", { class: zero ? "zero" : undefined }, name === "payload_json" ? el("pre", null, shown) : shown)));
  }
  body.append(el("table", { class: "rowtable" }, rows));
}

function sql(r, body) {
  body.append(copyButton(r.sql, "SQL"), el("pre", null, r.sql),
    el("p", { class: "hint" }, "It runs as it stands on the file of -db, and on a warehouse whose table is called events."));
}
