// How the page talks to the gateway. Every path is relative to this file, so that
// the page also works below a path of a proxy.

const api = new URL("../", import.meta.url);
const patience = 5000; // ms; a browser may queue a request without a word

export const url = (path) => new URL(path, api).href;
export const endpoint = new URL("../", api).href.replace(/\/$/, "");

// session is the run of the gateway whose records the page shows: a record's
// number means nothing in another.
export const session = { run: "" };

// request returns an answer, or throws an Error whose message is for the user.
export async function request(path, options) {
  let response;
  try {
    response = await fetch(url(path), { signal: AbortSignal.timeout(patience), ...options });
    if (response.ok) return await response.text();
  } catch {
    throw new Error("The gateway does not answer");
  }
  throw new Error((await response.text()).trim() || `The gateway answered ${response.status}`);
}

// get reads JSON. A whole number that JavaScript would round stays text.
export async function get(path) {
  const text = await request(path);
  return /\d{16}/.test(text) ? JSON.parse(text, exact) : JSON.parse(text);
}

const exact = (_, value, context) =>
  (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source ? context.source : value);

export const post = async (path, value) =>
  JSON.parse(await request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) }));

// record is one record, with the beginning of its texts; sent is the event, or the
// body of a refused request, whole and exactly as it was sent.
export const record = (seq) => get(`events/${seq}?short=1&run=${session.run}`);
export const sent = (r) => `events/${r.seq}/body?run=${session.run}`;
