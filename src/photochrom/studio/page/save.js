// Downloads: one photo, its hints, or all photos as a zip with their present looks.

import { blobOf } from "./api.js";
import { asked } from "./looks.js";

// A zip without the 64-bit extension ends at 4 GB. Several parts also need less memory of a phone.
const MOST_ZIP = 1e9;
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

export function hand(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads the address some time after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The full-size file of a photo as it looks now. */
export async function result(photo, signal) {
  const { look, isPlain } = photo.history;
  // The studio made its file when the photo was sent, before there were references.
  const made = isPlain && !photo.told.references?.length ? await blobOf(photo.path("/result"), { signal })
    : await blobOf(photo.path("/result"), { method: "POST", json: asked(look), signal });
  return { blob: made.blob, name: made.name || photo.name };
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

// The parts of a header: pairs of a length in bytes and a value, little-endian.
function header(...fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return view.buffer;
}

/** A zip with stored entries, because pictures are compressed already. */
export class Zip {
  #parts = [];
  #central = [];
  #at = 0;
  #names = new Set();

  get size() {
    return this.#at;
  }

  get count() {
    return this.#central.length / 3;
  }

  #unique(name) {
    const dot = name.lastIndexOf(".");
    const [stem, suffix] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let free = name;
    for (let n = 2; this.#names.has(free.toLowerCase()); n += 1) free = `${stem} (${n})${suffix}`;
    this.#names.add(free.toLowerCase());
    return free;
  }

  async add(name, blob) {
    const path = new TextEncoder().encode(this.#unique(name));
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    const now = new Date();
    const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
    const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
    // Bit 11: the name is UTF-8.
    const common = [[2, 20], [2, 0x800], [2, 0], [2, time], [2, date], [4, crc], [4, blob.size], [4, blob.size], [2, path.length], [2, 0]];
    const local = header([4, 0x04034b50], ...common);
    this.#parts.push(local, path, blob);
    this.#central.push(header([4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, this.#at]), path, new Uint8Array());
    this.#at += local.byteLength + path.length + blob.size;
  }

  close() {
    const length = this.#central.reduce((sum, part) => sum + part.byteLength, 0);
    const end = header([4, 0x06054b50], [2, 0], [2, 0], [2, this.count], [2, this.count], [4, length], [4, this.#at], [2, 0]);
    return new Blob([...this.#parts, ...this.#central, end], { type: "application/zip" });
  }
}

/** Download zips of all these photos. Returns the photos that could not be fetched. */
export async function all(photos, onDone) {
  const missing = [];
  let zip = new Zip();
  let number = 0;
  const close = (last) => {
    if (!zip.count) return;
    number += 1;
    hand(zip.close(), last && number === 1 ? "photochrom.zip" : `photochrom-${number}.zip`);
    zip = new Zip();
  };
  for (const [index, photo] of photos.entries()) {
    onDone(index);
    try {
      const { blob, name } = await result(photo);
      if (zip.count && zip.size + blob.size > MOST_ZIP) close(false);
      await zip.add(name, blob);
    } catch (error) {
      missing.push({ photo, error });
    }
  }
  close(true);
  return missing;
}
