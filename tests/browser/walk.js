/**
 * Move one control, as a hand does, and wait until torch has answered and nothing moves: its state then, and the texts
 * that should have numbers in them.
 */
async (node, value) => {
  const stage = document.querySelector(".ssm");
  const say = (...kinds) => kinds.forEach((kind) => node.dispatchEvent(new Event(kind, { bubbles: true })));
  if (node.matches("input, select")) {
    node.value = value;
    say(...(node.type === "range" ? ["input", "change"] : ["change"]));
  } else node.dispatchEvent(new KeyboardEvent("keydown", { key: value, bubbles: true }));
  const host = document.querySelector("[data-state]:not(td)"), end = performance.now() + 30_000;
  const done = () => ["settled", "refused"].includes(host.dataset.state);
  const print = () => [...stage.querySelectorAll("[data-panel]")].map((panel) => [panel.innerHTML, panel.offsetTop, panel.offsetWidth].join()).join();
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame); // a change is heard at the next frame
  for (let before = ""; performance.now() < end; ) {
    const now = print();
    if (done() && now === before) return host.dataset.state;
    before = now;
    await pause(done() ? 60 : 10);
  }
  return `${host.dataset.state} for 30 s`;
}
