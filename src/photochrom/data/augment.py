"""Crops of a batch of photos, taken directly from the buffer of the set: random for training, fixed for measuring.

Each photo has its own random generator. Its crop therefore does not depend on the other photos of the batch, or on
the number of processes.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from photochrom.data.dataset import PhotoDataset

Boxes = NDArray[np.int64]


def random_resized_crops(
    photos: PhotoDataset,
    indices: ArrayLike,
    size: int,
    rngs: Sequence[np.random.Generator],
    *,
    smallest: float = 0.6,
    flip: bool = True,
) -> Tensor:
    """Random square crops of between `smallest` and all of the short side, mirrored half of the time.

    Parameters
    ----------
    indices : the B photos, by their numbers in the set
    size : side of the result in pixels
    rngs : one generator for each of `indices`; it draws the side, the place and, if `flip`, the mirroring

    Returns
    -------
    (B, 3, size, size) float32 sRGB in [0, 1] on the set's device, in channels_last memory.

    Raises
    ------
    ValueError
        If the number of generators is not the number of photos.
    """
    chosen = np.asarray(indices, dtype=np.intp).reshape(-1)
    if len(rngs) != len(chosen):
        raise ValueError(f"{len(chosen)} photos need as many generators, not {len(rngs)}")
    boxes, mirrored = np.empty((len(chosen), 4), np.int64), np.zeros(len(chosen), bool)
    for i, ((height, width), rng) in enumerate(zip(photos.shapes[chosen], rngs, strict=True)):
        side = max(1, round(min(height, width) * rng.uniform(smallest, 1.0)))
        boxes[i] = rng.integers(height - side + 1), rng.integers(width - side + 1), side, side
        mirrored[i] = flip and rng.random() < 0.5
    return crops(photos, chosen, size, boxes, mirrored)


def center_crops(photos: PhotoDataset, indices: ArrayLike, size: int) -> Tensor:
    """Cut the largest central square of each photo and resize it: (B, 3, size, size), as `random_resized_crops`."""
    chosen = np.asarray(indices, dtype=np.intp).reshape(-1)
    shapes = photos.shapes[chosen]
    side = shapes.min(axis=1, keepdims=True)
    return crops(photos, chosen, size, np.hstack([(shapes - side) // 2, side, side]))


def resized(photos: PhotoDataset, indices: ArrayLike, size: int) -> Tensor:
    """Stretch each whole photo to a square, whatever its proportions: (B, 3, size, size)."""
    chosen = np.asarray(indices, dtype=np.intp).reshape(-1)
    return crops(
        photos, chosen, size, np.hstack([np.zeros((len(chosen), 2), np.int64), photos.shapes[chosen]])
    )


def crops(
    photos: PhotoDataset,
    indices: ArrayLike,
    size: int,
    boxes: Boxes,
    mirrored: NDArray[np.bool_] | None = None,
) -> Tensor:
    """Cut boxes of photos and resize them. A side that shrinks is averaged by area, and one that grows is bilinear.

    Parameters
    ----------
    boxes : (B, 4) top, left, height and width in pixels, within the photos
    mirrored : (B,) whether to flip left and right

    Returns
    -------
    (B, 3, size, size) float32 sRGB in [0, 1] on the set's device, in channels_last memory.
    """
    chosen = np.asarray(indices, dtype=np.intp).reshape(-1)
    flips = np.zeros(len(chosen), bool) if mirrored is None else mirrored
    # On one core of an EPYC, 24 crops of 160 px took 2 to 6 ms with OpenCV and 60 ms with gathers.
    pick = _with_opencv if photos.device.type == "cpu" else gathered
    return pick(photos, chosen, size, boxes, flips)


def _with_opencv(
    photos: PhotoDataset, chosen: NDArray[np.intp], size: int, boxes: Boxes, mirrored: NDArray[np.bool_]
) -> Tensor:
    batch = np.empty((len(chosen), size, size, 3), np.uint8)
    for i, (top, left, height, width) in enumerate(boxes.tolist()):
        box = photos[chosen[i]][top : top + height, left : left + width]
        smaller = (min(width, size), min(height, size))
        if smaller != (width, height):
            box = np.asarray(cv2.resize(box, smaller, interpolation=cv2.INTER_AREA), np.uint8)
        if smaller != (size, size):
            box = np.asarray(cv2.resize(box, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
        batch[i] = box[:, ::-1] if mirrored[i] else box
    return torch.from_numpy(batch).permute(0, 3, 1, 2).float().div_(255)


def gathered(
    photos: PhotoDataset, chosen: NDArray[np.intp], size: int, boxes: Boxes, mirrored: NDArray[np.bool_]
) -> Tensor:
    """Do what `crops` does, for a whole batch at once on any device. Pixels are weighted sums of gathered pixels."""
    device = photos.device
    rows, row_weights = taps(boxes[:, 0], boxes[:, 2], size)
    columns, column_weights = taps(boxes[:, 1], boxes[:, 3], size)
    columns[mirrored], column_weights[mirrored] = columns[mirrored, ::-1], column_weights[mirrored, ::-1]
    starts = rows * photos.shapes[chosen, 1, None, None] + photos.offsets[chosen, None, None]
    down, across = torch.from_numpy(starts).to(device), torch.from_numpy(columns).to(device)
    by_row = torch.from_numpy(row_weights).to(device)
    by_column = torch.from_numpy(column_weights).to(device)
    batch = torch.zeros(len(chosen), size, size, 3, device=device)
    for i in range(rows.shape[2]):
        for j in range(columns.shape[2]):
            pixels = photos.atlas[down[:, :, None, i] + across[:, None, :, j]]
            weights = by_row[:, :, None, i] * by_column[:, None, :, j]
            batch.addcmul_(pixels.float(), weights[..., None])
    # Rounded weights can sum to 1.0000001, and white must not become more than 1.
    return batch.div_(255).clamp_(max=1).permute(0, 3, 1, 2)


def taps(first: NDArray[np.int64], extent: NDArray[np.int64], size: int) -> tuple[Boxes, NDArray[np.float32]]:
    """Return which pixels make up each of the `size` new pixels along a side, and their weights.

    Parameters
    ----------
    first, extent : (B,) the first pixel of the side and its number of pixels

    Returns
    -------
    Positions (B, size, T) and float32 weights that sum to 1 over T. T is 2 if all sides grow, and more if one shrinks.
    """
    # On the CPU, because MPS has no float64. These are only a few thousand numbers.
    scale = (extent / size)[:, None, None]
    count = int(max(1, np.ceil(scale.max(initial=1)))) + 1
    at, tap = np.arange(size)[None, :, None], np.arange(count)
    # By area: the weight is the part of the new pixel that the old one covers.
    begin = at * scale
    area_position = np.floor(begin) + tap
    overlap = np.minimum(area_position + 1, begin + scale) - np.maximum(area_position, begin)
    # Bilinear: the two pixels whose centres are on either side. At the ends it is the last pixel twice.
    middle = np.clip((at + 0.5) * scale - 0.5, 0, extent[:, None, None] - 1)
    linear_position = np.floor(middle) + tap
    nearness = np.clip(1 - np.abs(linear_position - middle), 0, None)
    shrinks = scale > 1
    position = np.where(shrinks, area_position, linear_position)
    weight = np.where(shrinks, np.clip(overlap, 0, None) / scale, nearness)
    inside = np.minimum(position, extent[:, None, None] - 1).astype(np.int64)
    return first[:, None, None] + inside, weight.astype(np.float32)
