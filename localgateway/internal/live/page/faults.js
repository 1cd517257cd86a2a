// The faults: what is on at the gateway. A switch shows what the gateway has
// confirmed, so one that did not reach it goes back.
import { $ } from "./dom.js";
import { post } from "./gateway.js";

const form = $("faults"), problem = $("fault-problem");
const field = (name) => form.elements.namedItem(name);

let known = { on: "" }; // what the gateway said last
let sending = 0;        // requests under way
let typed = 0;          // when a number was last changed here

export function show(fault) {
  known = fault;
  $("fault-banner").hidden = fault.on === "";
  $("fault-banner").querySelector("span").textContent = "The gateway " + fault.on + ".";
  if (sending === 0 && Date.now() - typed > 800) fill();
}

function fill() {
  for (const radio of field("answer")) radio.checked = radio.value === (known.answer ?? "");
  field("retry_after").checked = known.retry_after_s > 0;
  if (known.retry_after_s) field("retry_after_s").value = known.retry_after_s;
  field("slow").checked = known.slow_ms > 0;
  if (known.slow_ms) field("slow_s").value = known.slow_ms / 1000;
  field("refuse").checked = known.refuse_one_in > 0;
  if (known.refuse_one_in) field("refuse_n").value = known.refuse_one_in;
  field("forget_keys").checked = Boolean(known.forget_keys);
  enable();
}

function enable() {
  const waits = ["503", "429"].includes(field("answer").value);
  field("retry_after").disabled = !waits;
  if (!waits) field("retry_after").checked = false;
}

async function send(fault) {
  sending++;
  form.setAttribute("aria-busy", "true");
  problem.hidden = true;
  try {
    known = await post("fault", fault);
  } catch (e) {
    problem.textContent = `Not switched. ${e.message}.`;
    problem.hidden = false;
  }
  sending--;
  if (sending > 0) return;
  typed = 0;
  form.removeAttribute("aria-busy");
  show(known);
  fill();
}

// reached says that the gateway answers again.
export function reached() { problem.hidden = true; }

form.addEventListener("change", (e) => {
  if (e.target.type === "number") typed = Date.now();
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
