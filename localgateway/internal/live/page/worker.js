// One stream for all tabs of a browser, which opens six connections to a host at
// most: with a stream in each tab the seventh would wait for ever.
import { open } from "./source.js";

const ports = new Set();
const latest = new Map(); // what a new tab should know

open(new URL("../watch?records=none", import.meta.url), (name, value) => {
  if (name === "up" || name === "down") latest.delete(name === "up" ? "down" : "up");
  if (name !== "reset") latest.set(name, value);
  for (const port of ports) port.postMessage({ name, value });
});

self.addEventListener("connect", ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = ({ data }) => (data === "leave" ? ports.delete(port) : ports.add(port));
  for (const [name, value] of latest) port.postMessage({ name, value });
});
