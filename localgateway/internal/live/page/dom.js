// Everything that is shown goes through textContent: what events carry is never
// read as HTML.

export const $ = (id) => document.getElementById(id);

// el makes an element: el("p", {class: "hint"}, "text", child, …).
export function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === "onclick") e.addEventListener("click", value);
    else if (value === true) e.setAttribute(key, "");
    else if (value !== undefined && value !== false) e.setAttribute(key, value);
  }
  e.append(...children.filter((c) => c !== undefined && c !== null && c !== ""));
  return e;
}

export function svg(name, attributes) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
}

let toastTimer;
export function toast(text) {
  const t = $("toast");
  t.textContent = text;
  t.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { t.hidden = true; }, 1800 + 40 * text.length);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(what + " copied");
  } catch {
    toast("The browser does not let this page copy");
  }
}

const lastTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

// isTime says whether a number is a time in milliseconds, as events should have.
// Nanoseconds are not.
export const isTime = (ms) => ms > 0 && ms <= lastTime;

const two = (n) => String(n).padStart(2, "0");
const dayOf = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;

// day is the date of a time, or nothing if it is today.
export function day(ms) {
  const date = dayOf(new Date(ms));
  return date === dayOf(new Date()) ? "" : date;
}

export function clock(ms) {
  const d = new Date(ms);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, "0")}`;
}

export const dayAndClock = (ms) => `${day(ms)} ${clock(ms)}`.trim();

export const bytes = (n) => (n < 1e6 ? count(n) + " bytes" : (n / 1e6).toFixed(1) + " MB");

// clip shortens what would take a browser long to draw.
export const clip = (text, n) => (text.length <= n ? text : text.slice(0, n) + "…");

// name is one whole name that breaks where its words end.
export function name(text) {
  const out = document.createDocumentFragment();
  text.split(/(?<=[_./:-])/).forEach((word, i) => out.append(...(i ? [el("wbr"), word] : [word])));
  return out;
}

export const count = (n) => String(n ?? 0).replace(/\B(?=(\d{3})+$)/g, "\u202f");

const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|[^\s]/g;

// json sets JSON with an indent, token by token, so that a number keeps every
// digit that was sent.
export function json(text) {
  const out = document.createDocumentFragment();
  const tokens = text.match(token) ?? [];
  let depth = 0;
  const put = (kind, t) => out.append(kind ? el("span", { class: kind }, t) : t);
  const line = () => "\n" + "  ".repeat(depth);
  tokens.forEach((t, i) => {
    const next = tokens[i + 1];
    switch (true) {
      case t === "{" || t === "[": {
        const empty = next === "}" || next === "]";
        if (!empty) depth++;
        put("mark", t + (empty ? "" : line()));
        break;
      }
      case t === "}" || t === "]": {
        const empty = tokens[i - 1] === "{" || tokens[i - 1] === "[";
        if (!empty) depth = Math.max(0, depth - 1);
        put("mark", (empty ? "" : line()) + t);
        break;
      }
      case t === ",": put("mark", "," + line()); break;
      case t === ":": put("mark", ": "); break;
      case t[0] === '"': put(next === ":" ? "key" : "text", t); break;
      case /^[-\d]/.test(t): put("number", t); break;
      default: put("word", t);
    }
  });
  return out;
}
