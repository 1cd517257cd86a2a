// The gateway's stream: how far its records go, the counts and the faults.

// open calls on(name, value) for up and down, and for each message, whose value
// says of which run of the gateway it is. It connects again for ever.
export function open(url, on) {
  const source = new EventSource(url);
  source.addEventListener("open", () => on("up"));
  source.addEventListener("error", () => {
    on("down");
    // A stream that was refused does not come back by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => open(url, on), 2000);
  });
  for (const name of ["last", "state", "reset"]) {
    source.addEventListener(name, (e) => on(name, { ...JSON.parse(e.data), run: e.lastEventId.split("-")[0] }));
  }
}
