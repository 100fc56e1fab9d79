/** PNG: a picture as pixels, with its words in it for those who cannot see it. */

const SCALE = 2; // pixels for one of the page
const SIGNATURE = 8; // bytes before the first chunk
const HEAD = 25; // bytes of that chunk, which says how large the picture is

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

const crc = (bytes) => ~bytes.reduce((c, byte) => TABLE[(c ^ byte) & 255] ^ (c >>> 8), -1) >>> 0;

/** A chunk of international text, uncompressed: keyword, two flags, no language, then the words. @param {string} keyword @param {string} words */
function chunk(keyword, words) {
  const body = new TextEncoder().encode(`iTXt${keyword}\0\0\0\0\0${words}`);
  const whole = new Uint8Array(body.length + 8);
  const view = new DataView(whole.buffer);
  view.setUint32(0, body.length - 4);
  whole.set(body, 4);
  view.setUint32(body.length + 4, crc(body));
  return whole;
}

/** A PNG that describes itself. @param {Uint8Array} png @param {Record<string, string>} words by keyword */
export function described(png, words) {
  const chunks = Object.entries(words).map(([keyword, text]) => chunk(keyword, text));
  const first = SIGNATURE + HEAD;
  return new Blob([png.slice(0, first), ...chunks, png.slice(first)], { type: "image/png" });
}

/** The pixels of a picture. @param {{svg: string, width: number, height: number, alt: string}} picture @param {string} title */
export async function pixels({ svg, width, height, alt }, title) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SCALE * width, SCALE * height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = /** @type {Blob} */ (await new Promise((done) => canvas.toBlob(done, "image/png")));
  return described(new Uint8Array(await blob.arrayBuffer()), { Title: title, Description: alt });
}
