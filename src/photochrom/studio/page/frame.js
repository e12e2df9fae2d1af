// How the open photo is turned and cropped on the stage, for looking only. The photo itself stays as it is.

export const WHOLE = Object.freeze({ left: 0, top: 0, right: 1, bottom: 1 });
const clamp = (value) => Math.min(Math.max(value, 0), 1);

/** Places are shares of the width and height: {x, y} of the photo as it is, or of what is seen after turning it. */
export class Frame {
  // Quarter turns, clockwise.
  turns = 0;
  // In shares of the turned photo.
  crop = WHOLE;

  /** Turn the view clockwise by a quarter. The cropped part stays the same. */
  turn() {
    const { left, top, right, bottom } = this.crop;
    this.turns = (this.turns + 1) % 4;
    if (this.crop !== WHOLE) this.crop = { left: 1 - bottom, top: left, right: 1 - top, bottom: right };
  }

  /** The width and height of the turned photo. */
  shape({ width, height }) {
    return this.turns % 2 ? { width: height, height: width } : { width, height };
  }

  toView({ x, y }) {
    return [{ x, y }, { x: 1 - y, y: x }, { x: 1 - x, y: 1 - y }, { x: y, y: 1 - x }][this.turns];
  }

  toPhoto({ x, y }) {
    return [{ x, y }, { x: y, y: 1 - x }, { x: 1 - x, y: 1 - y }, { x: 1 - y, y: x }][this.turns];
  }

  /** Whether a place of the view is inside the crop. */
  holds({ x, y }) {
    const { left, top, right, bottom } = this.crop;
    return x >= left && x <= right && y >= top && y <= bottom;
  }

  /** Crop to the rectangle between two places of the view. */
  cropTo(a, b) {
    const [left, right] = [clamp(a.x), clamp(b.x)].sort((one, two) => one - two);
    const [top, bottom] = [clamp(a.y), clamp(b.y)].sort((one, two) => one - two);
    this.crop = { left, top, right, bottom };
  }
}
