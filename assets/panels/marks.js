/**
 * The marks that Plotly drew, moved in place: a fraction of a millisecond where Plotly's own update takes ten. What is
 * missing is copied from a mark of the same trace. At rest Plotly draws the same numbers itself (`settle`); a test
 * compares the two pictures. Written for the structure of the vendored Plotly.
 */

const CONFIG = { staticPlot: true, displayModeBar: false, responsive: false };
const EMPTY = "M0,0Z";
const round = (value) => Math.round(value * 100) / 100;
const known = (value) => value !== null && Number.isFinite(value);

function barPath(on, along, value, base, half) {
  const [x0, y0] = on.point(along - half, base);
  const [x1, y1] = on.point(along + half, base + value);
  return `M${round(x0)},${round(y0)}V${round(y1)}H${round(x1)}V${round(y0)}Z`;
}

/** A path for each run of known points: crossing lines of one trace then darken each other. */
function linePaths(on, { along, value }) {
  const paths = [];
  let path = "";
  for (let i = 0; i <= value.length; i++) {
    const [x, y] = i < value.length && known(value[i]) && known(along[i]) ? on.point(along[i], value[i]) : [NaN, NaN];
    if (Number.isFinite(x) && Number.isFinite(y)) path += `${path ? "L" : "M"}${round(x)},${round(y)}`;
    else if (path) {
      paths.push(path);
      path = "";
    }
  }
  return paths;
}

/** As many children as needed, copied from a template. */
function atLeast(parent, selector, count, template) {
  const found = [...parent.querySelectorAll(selector)];
  while (found.length < count) found.push(parent.appendChild(template.cloneNode(true)));
  return found;
}

const KINDS = {
  bar: { parent: ".points", mark: ":scope > .point", move: moveBars },
  lines: { parent: ".lines", mark: ":scope > .js-line", move: moveLines },
  markers: { parent: ".points", mark: ":scope > path.point", move: moveDots },
};

const kindOf = (trace) => KINDS[trace.type === "bar" ? "bar" : trace.mode];

/** @param {(count: number) => any[]} grown at least so many marks of the trace */
function moveBars(grown, { along, value, base }, on, trace) {
  const stroke = `${trace.marker.line.width ?? 0}px`;
  grown(value.length).forEach((mark, i) => {
    const path = mark.firstElementChild;
    const there = i < value.length && known(value[i]);
    path.setAttribute("d", there ? barPath(on, along[i], value[i], base?.[i] ?? 0, trace.width / 2) : EMPTY);
    path.style.strokeWidth = there ? stroke : "0px";
  });
}

function moveLines(grown, columns, on) {
  const paths = linePaths(on, columns);
  grown(paths.length).forEach((mark, i) => mark.setAttribute("d", paths[i] ?? EMPTY));
}

function moveDots(grown, { along, value }, on) {
  grown(value.length).forEach((mark, i) => {
    const there = i < value.length && known(value[i]) && known(along[i]);
    const [x, y] = there ? on.point(along[i], value[i]) : [0, 0];
    mark.style.display = there && Number.isFinite(y) ? "" : "none";
    if (there) mark.setAttribute("transform", `translate(${round(x)},${round(y)})`);
  });
}

/** The marks of one panel. */
export class Marks {
  constructor(node, plotly) {
    this.node = node;
    this.plotly = plotly;
    this.traces = [];
    this.drawn = [];
  }

  /** Have Plotly draw one mark of each trace, from which the others are copied. */
  async define(spec, turned, box) {
    this.spec = spec;
    this.turned = turned;
    this.box = box;
    this.traces = spec.traces;
    const seed = { along: [1, 2], value: [1, 2] };
    const ranges = { along: [0, 3], value: [0, 3] };
    await this.plotly.newPlot(this.node, this.#data(this.traces.map(() => seed)), this.#layout(ranges), CONFIG);
    this.#find();
    this.templates = this.traces.map((trace, i) => this.#parent(i).querySelector(kindOf(trace).mark).cloneNode(true));
  }

  #parent(i) {
    return this.groups[i].querySelector(kindOf(this.traces[i]).parent);
  }

  #data(columns) {
    const [across, up] = this.turned ? ["y", "x"] : ["x", "y"];
    return this.traces.map((trace, i) => {
      const { along, value, base } = columns[i];
      const data = { [across]: along.length ? along : [null], [up]: value.length ? value : [null] };
      if (base) data.base = base.length ? base : [null];
      if (trace.type === "bar" && this.turned) data.orientation = "h";
      return { ...structuredClone(trace), ...data };
    });
  }

  #layout(ranges) {
    const axis = (type, range) => ({ type, range, visible: false, fixedrange: true, autorange: false });
    const types = { slots: "linear", rows: "linear", log: "log" };
    const along = axis(types[this.spec.along_axis], this.turned ? ranges.along.toReversed() : ranges.along);
    const value = axis(this.spec.value_axis, ranges.value);
    const [xaxis, yaxis] = this.turned ? [value, along] : [along, value];
    const clear = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 0, r: 0, t: 0, b: 0 } };
    return {
      ...structuredClone(this.spec.layout),
      ...clear,
      xaxis,
      yaxis,
      width: this.box.width,
      height: this.box.height,
    };
  }

  /** Plotly's group of each trace. */
  #find() {
    const bars = [...this.node.querySelectorAll(".barlayer > g.trace")];
    this.groups = this.traces.map((trace, i) =>
      trace.type === "bar"
        ? bars.shift()
        : this.node.querySelector(`.scatterlayer > .trace${this.node._fullData[i].uid}`),
    );
    this.drawn = [];
  }

  /** Put every mark where its numbers are. */
  move(columns, on) {
    this.columns = columns;
    this.traces.forEach((trace, i) => {
      const { along, value, base } = columns[i];
      const before = this.drawn[i];
      if (before && before.key === on.key && before.along === along && before.value === value && before.base === base)
        return;
      this.drawn[i] = { along, value, base, key: on.key };
      const kind = kindOf(trace);
      kind.move((count) => atLeast(this.#parent(i), kind.mark, count, this.templates[i]), columns[i], on, trace);
    });
  }

  /** Another size, at once: what Plotly draws is cut off at the edges of the box. */
  resize(box) {
    if (this.box && box.width === this.box.width && box.height === this.box.height) return;
    this.box = box;
    const size = (node) => {
      node.setAttribute("width", box.width);
      node.setAttribute("height", box.height);
    };
    this.node.querySelectorAll(".main-svg, .plotclip > rect, .axesclip > rect").forEach(size);
  }

  /** Plotly's own drawing of what is shown. */
  async settle(ranges) {
    await this.plotly.react(this.node, this.#data(this.columns), this.#layout(ranges), CONFIG);
    this.#find();
  }
}
