/**
 * While a hand drags, only lengths change: the marks that Plotly drew are moved in place, 2 ms where a full update of
 * Plotly takes 40, and Plotly draws the same numbers again when the hand rests. Written for the structure of the
 * vendored Plotly; a test compares the two pictures, and what cannot be moved is left to Plotly.
 */

const groups = (node) => [...node.querySelectorAll(".barlayer > g.trace")];

function bars(group, trace, { x, y, base }, axes) {
  const points = group.querySelectorAll(".point > path"), line = trace.marker.line?.width ?? 0;
  if (points.length !== x.length) return false;
  const half = trace.width / 2;
  points.forEach((path, i) => {
    const from = base?.[i] ?? 0, empty = !y[i];
    const left = axes.x.d2p(x[i] - half), right = axes.x.d2p(x[i] + half), low = axes.y.d2p(from), high = axes.y.d2p(from + (y[i] ?? 0));
    path.setAttribute("d", `M${left},${low}V${high}H${right}V${low}Z`);
    path.style.strokeWidth = empty ? "0px" : `${line}px`;
  });
  return true;
}

function outline({ x, y }, axes) {
  let pen = "M", d = "";
  y.forEach((value, i) => {
    if (value === null || x[i] === null) pen = "M";
    else {
      d += `${pen}${axes.x.d2p(x[i])},${axes.y.d2p(value)}`;
      pen = "L";
    }
  });
  return d;
}

function lines(group, data, axes) {
  const paths = group.querySelectorAll(".js-line"), d = outline(data, axes);
  if (!paths.length) return d === "";
  paths.forEach((path, i) => path.setAttribute("d", i ? "M0,0" : d || "M0,0"));
  return true;
}

function markers(group, { x, y }, axes) {
  const points = group.querySelectorAll(".points > path");
  if (points.length !== x.length) return false;
  points.forEach((path, i) => path.setAttribute("transform", `translate(${axes.x.d2p(x[i])},${axes.y.d2p(y[i])})`));
  return true;
}

function texts(group) {
  group.querySelector("g.text")?.style.setProperty("display", "none"); // numbers return when the hand rests
  return true;
}

/** Move the marks of a plot to new data; false where their number or kind would have to change. */
export function sketch(node, data) {
  const layout = node._fullLayout, axes = { x: layout.xaxis, y: layout.yaxis };
  const left = groups(node);
  return data.every((columns, i) => {
    const trace = node.data[i], shown = node._fullData[i];
    const group = trace.type === "bar" ? left.shift() : node.querySelector(`.scatterlayer > .trace${shown.uid}`);
    if (!group) return !columns.y.some((value) => value !== null); // Plotly has no group for a trace without data
    if (trace.type === "bar") return bars(group, trace, columns, axes);
    if (trace.mode === "lines") return lines(group, columns, axes);
    return trace.mode === "markers" ? markers(group, columns, axes) : texts(group);
  });
}

/** Outline the bars that are there and no others: Plotly keeps each bar's old outline while it moves it. */
export function outlines(node) {
  const left = groups(node);
  for (const trace of node.data.filter(({ type }) => type === "bar")) {
    const width = `${trace.marker.line?.width ?? 0}px`;
    left.shift()?.querySelectorAll(".point > path").forEach((path, i) => (path.style.strokeWidth = trace.y?.[i] ? width : "0px"));
  }
}

/** Take back what `sketch` hid, before Plotly draws again. */
export function unveil(node) {
  for (const group of node.querySelectorAll("g.text")) group.style.removeProperty("display");
}
