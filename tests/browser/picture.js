/**
 * What a person sees of each panel, in pixels of the window: texts, bars, lines, and how much of each is left by what
 * clips it. It reads the drawn document alone: boxes, paths, computed styles; nothing of the data behind them.
 */
() => {
  const visible = (node) =>
    node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && node.getBoundingClientRect().height + node.getBoundingClientRect().width > 0;
  const plain = ({ left, top, right, bottom }) => [left, top, right, bottom];
  const meet = (a, b) => [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  const number = (text) => Number.parseFloat(text) || 0;

  /** The rectangle of an SVG clip path, as it lies on the screen for the element that refers to it. */
  function clipOf(node) {
    const id = /url\("?#([^")]+)"?\)/.exec(getComputedStyle(node).clipPath)?.[1];
    const rect = id && document.getElementById(id)?.querySelector("rect");
    if (!rect) return null;
    const own = rect.transform.baseVal.consolidate()?.matrix ?? new DOMMatrix();
    const matrix = new DOMMatrix([...["a", "b", "c", "d", "e", "f"].map((key) => node.getScreenCTM()[key])])
      .multiply(new DOMMatrix(["a", "b", "c", "d", "e", "f"].map((key) => own[key])));
    const [x, y, w, h] = ["x", "y", "width", "height"].map((key) => rect[key].baseVal.value);
    const one = matrix.transformPoint(new DOMPoint(x, y)), other = matrix.transformPoint(new DOMPoint(x + w, y + h));
    return [Math.min(one.x, other.x), Math.min(one.y, other.y), Math.max(one.x, other.x), Math.max(one.y, other.y)];
  }

  const frames = new Map();

  /** The part of the window in which what lies inside a node can be seen, by clip paths and edges up to the page's own scroller. */
  function frame(node) {
    if (!node || node === document.body || node.dataset?.testid === "stMain") return [-1e9, -1e9, 1e9, 1e9];
    if (!frames.has(node)) {
      const around = frame(node.parentElement), { overflowX, contain } = getComputedStyle(node);
      const inside = node.ownerSVGElement ? clipOf(node) : null;
      const cuts = !node.ownerSVGElement && (overflowX !== "visible" || /paint|strict|content/.test(contain));
      const edges = cuts ? plain(node.getBoundingClientRect()) : null;
      frames.set(node, [inside, edges].reduce((box, cut) => (cut ? meet(box, cut) : box), around));
    }
    return frames.get(node);
  }

  /** What is left of a box. */
  function left(node, box) {
    const own = node.ownerSVGElement ? clipOf(node) : null;
    return meet(own ? meet(box, own) : box, frame(node.parentElement));
  }

  const style = (node) => {
    const s = getComputedStyle(node);
    return {
      fill: s.fill, stroke: s.stroke, dash: s.strokeDasharray, line: number(s.strokeWidth),
      filled: number(s.fillOpacity) * number(s.opacity) * (s.fill === "none" ? 0 : 1),
      stroked: number(s.strokeOpacity) * number(s.opacity) * (s.stroke === "none" ? 0 : 1) * (number(s.strokeWidth) > 0 ? 1 : 0),
    };
  };

  const bar = (node, trace) => {
    const box = plain(node.getBoundingClientRect());
    return { trace, box, left: left(node, box), shown: visible(node), ...style(node) };
  };

  /** The strokes of a path: the points of each part that is drawn without lifting the pen. */
  function strokes(node) {
    const m = node.getScreenCTM(), found = [];
    for (const [, kind, x, y] of (node.getAttribute("d") ?? "").matchAll(/([ML])\s*(-?[\d.e-]+)[ ,](-?[\d.e-]+)/g)) {
      if (kind === "M") found.push([]);
      found.at(-1).push([m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f]);
    }
    return found.filter((stroke) => stroke.length > 1);
  }

  /** A text's width, height, middle and slant: a slanted name's own rectangle, not the box around it. */
  function slanted(node) {
    const around = node.getBoundingClientRect();
    const m = node.ownerSVGElement ? node.getScreenCTM() : new DOMMatrix(getComputedStyle(node).transform);
    const [w, h] = node.ownerSVGElement ? [node.getBBox().width, node.getBBox().height] : [node.offsetWidth, node.offsetHeight];
    return { middle: [(around.left + around.right) / 2, (around.top + around.bottom) / 2], size: [w, h], angle: Math.atan2(m.b, m.a) };
  }

  const label = (node) => {
    const s = getComputedStyle(node), box = plain(node.getBoundingClientRect());
    return {
      kind: node.dataset.label, text: node.textContent.trim(), box, left: left(node, box), ...slanted(node),
      of: node.dataset.class === undefined ? null : Number(node.dataset.class),
      full: node.getAttribute("title") ?? node.querySelector("title")?.textContent ?? "",
      bold: Number(s.fontWeight) >= 600, points: number(s.fontSize), family: getComputedStyle(node).fontFamily,
      colour: node.ownerSVGElement ? s.fill : s.color,
    };
  };

  const panel = (figure) => {
    const name = figure.dataset.panel, plot = figure.querySelector(".bglayer .bg");
    return {
      name, title: figure.querySelector("h2, h3, h4, [role=heading]")?.textContent.trim() ?? "",
      figure: plain(figure.getBoundingClientRect()),
      plot: plot && plain(plot.getBoundingClientRect()),
      bars: [...figure.querySelectorAll(".barlayer > g.trace")].flatMap((trace, i) =>
        [...trace.querySelectorAll(".point path")].map((node) => bar(node, i))),
      lines: [...figure.querySelectorAll(".scatterlayer .js-line")].map((node) => ({ strokes: strokes(node), ...style(node) })),
      labels: [...figure.querySelectorAll("[data-label]")].filter((node) => visible(node) && node.textContent.trim()).map(label),
    };
  };
  return [...document.querySelectorAll("[data-panel]")].filter(visible).map(panel);
}
