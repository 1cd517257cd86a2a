// What happens at the gateway, by the stream that all tabs share.
import { url } from "./gateway.js";
import { open } from "./source.js";

const script = new URL("worker.js", import.meta.url).href;

export function listen(on) {
  const alone = () => open(url("watch?records=none"), on);
  if (!("SharedWorker" in window)) return alone(); // some browsers of phones
  // The page's policy takes no plain text as the address of a script.
  const policy = window.trustedTypes?.createPolicy("worker", { createScriptURL: () => script });
  const worker = new SharedWorker(policy ? policy.createScriptURL("") : script, { type: "module", name: "causality" });
  worker.addEventListener("error", alone, { once: true });
  worker.port.onmessage = ({ data }) => on(data.name, data.value);
  addEventListener("pagehide", () => worker.port.postMessage("leave"));
  addEventListener("pageshow", (e) => { if (e.persisted) worker.port.postMessage("return"); });
}
