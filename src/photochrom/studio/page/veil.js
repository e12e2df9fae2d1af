// The confidence map over the picture: orange where the network is unsure.

const ORANGE = [255, 122, 0];
const DENSEST = 200;

// The values below which the given shares of all pixels lie.
function quantiles(values, shares) {
  const counts = new Uint32Array(256);
  for (const value of values) counts[value] += 1;
  return shares.map((share) => {
    let left = share * values.length;
    return counts.findIndex((count) => (left -= count) < 0);
  });
}

/** Draw a grey map (255 is sure) on a canvas, stretched to the values of this photo, which differ little. */
export function drawVeil(canvas, map) {
  Object.assign(canvas, { width: map.width, height: map.height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(map, 0, 0);
  const pixels = pen.getImageData(0, 0, map.width, map.height);
  const sure = Uint8Array.from({ length: map.width * map.height }, (_, index) => pixels.data[4 * index]);
  const [low, high] = quantiles(sure, [0.02, 0.98]);
  sure.forEach((value, index) => {
    const unsure = Math.min(Math.max((high - value) / Math.max(high - low, 1), 0), 1);
    pixels.data.set([...ORANGE, unsure ** 2 * DENSEST], 4 * index);
  });
  pen.putImageData(pixels, 0, 0);
}
