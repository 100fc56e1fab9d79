/**
 * Every visible text and control of the page, with the rectangle that it fills: what could be cut, leave the window or
 * lie on something else. Selects are measured by the text that they show, which no scroll width tells.
 */
() => {
  const CONTROLS = "button, select, input, summary, a[href], [role=button]";
  const TEXTS = "h1, h2, h3, h4, p, figcaption, label, output, legend, li, dt, dd, [data-label], [data-chip], [role=heading]";
  const visible = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const root = document.querySelector(".ssm");
  const words = (node) => (node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent ?? "").trim().slice(0, 60);

  const meet = (a, b) => (b ? [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])] : a);

  /** The rectangles of an element's own text: what is read, not the box that holds it. */
  function ink(node) {
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter(({ width, height }) => width > 0 && height > 0);
    if (!rects.length) return null;
    return [Math.min(...rects.map((r) => r.left)), Math.min(...rects.map((r) => r.top)), Math.max(...rects.map((r) => r.right)), Math.max(...rects.map((r) => r.bottom))];
  }

  /** How many pixels of a select's own text do not fit. */
  function cutOfSelect(node) {
    const twin = document.createElement("select");
    twin.className = node.className;
    twin.append(new Option(node.selectedOptions[0]?.textContent ?? ""));
    node.after(twin);
    twin.style.cssText = "position:absolute;width:auto;min-width:0;max-width:none;visibility:hidden;flex:none";
    const natural = twin.getBoundingClientRect().width;
    twin.remove();
    return natural - node.getBoundingClientRect().width;
  }

  /** How many pixels of a text box's value do not fit. */
  const cut = (node) => {
    if (node.tagName === "SELECT") return cutOfSelect(node);
    const style = getComputedStyle(node), scrolls = node.tagName === "INPUT" && node.type !== "range";
    const clips = scrolls || [style.overflowX, style.overflowY].some((value) => value === "hidden" || value === "clip");
    return clips ? Math.max(node.scrollWidth - node.clientWidth, scrolls ? 0 : node.scrollHeight - node.clientHeight - 1) : 0;
  };

  const scrolled = (node) => node.closest(".ssm-scroll, [data-testid=stDialog]");
  const box = ({ left, top, right, bottom }) => [left, top, right, bottom];
  const found = [...root.querySelectorAll(`${CONTROLS}, ${TEXTS}`)].filter((node) => visible(node) && !scrolled(node));
  const seen = found.filter((node) => !node.closest("[role=slider]:not(input)") && !node.closest("option, datalist"));
  return {
    window: document.documentElement.clientWidth,
    wide: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth, ...[...document.querySelectorAll("[data-testid=stMain]")].map((node) => node.scrollWidth)),
    items: seen.map((node, id) => {
      const control = node.matches(CONTROLS), around = box(node.getBoundingClientRect());
      return {
        id, control, what: `${node.tagName.toLowerCase()}${node.dataset.label ? ` ${node.dataset.label}` : ""} ${words(node)}`, label: "label" in node.dataset,
        box: control ? around : meet(ink(node) ?? around, getComputedStyle(node).overflowX === "visible" ? null : around), cut: cut(node), empty: !control && ink(node) === null,
        inside: seen.map((other, i) => (other !== node && other.contains(node) ? i : -1)).filter((i) => i >= 0),
        panel: node.closest("[data-panel]")?.dataset.panel ?? null,
      };
    }),
  };
}
