"""What a reference brings: PSNR over automatic, for references that fit and for others.

    python benchmarks/reference.py films FILM... [--pairs 200]
    python benchmarks/reference.py scenes DATA... [--pairs 200] --classifier FILE.safetensors [--references 1]
    python benchmarks/reference.py unrelated DATA... [--pairs 200]

"films": a frame takes colours from the frame one second later in the same shot, without optical flow. "scenes": each
photo takes from its nearest neighbours among all the others, by a classifier's features of the grey photos; the nearest
pairs of all are measured, without near-copies (a similarity above 0.985). "unrelated": from photos drawn by chance.
A folder counts whole; of a tar (a WebDataset that trained a model), only the 2 % that training holds back. Grey photos
are left out. Everything goes through the product's own steps, at 256 px.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.bench.protocol import Protocol
from photochrom.data.sources import find
from photochrom.data.splits import split
from photochrom.engine.reference import Reference
from photochrom.errors import PhotoError
from photochrom.pipeline.python import Colorizer
from photochrom.pipeline.references import open_reference

SIDE = 320
"""Frames are reduced to this longest side."""
CUT = 25.0
"""A frame whose 32 x 18 thumbnail differs more from the one before, in levels of 255, begins a shot."""
COPY = 0.985
HELD_BACK = "0.02"

Picture = NDArray[np.uint8]


def psnr(picture: Picture, rgb: Picture) -> float:
    """In dB of sRGB."""
    return float(-10 * np.log10(max(np.mean((picture / 255 - rgb / 255) ** 2), 1e-10)))


def film_pairs(files: list[Path], count: int) -> Iterator[tuple[Picture, list[Picture]]]:
    """Frames, and the frames one second later in their shots; evenly spaced over all films."""
    import av

    pairs: list[tuple[Picture, list[Picture]]] = []
    for file in files:
        with av.open(str(file)) as container:
            second = round(float(container.streams.video[0].average_rate or 25))
            frames = [small(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
        shot, before = 0, None
        shots = []
        for frame in frames:
            thumbnail = cv2.resize(frame, (32, 18), interpolation=cv2.INTER_AREA).astype(float)
            if before is not None and np.abs(thumbnail - before).mean() > CUT:
                shot += 1
            shots.append(shot)
            before = thumbnail
        last = len(frames) - second
        pairs += [(frames[i], [frames[i + second]]) for i in range(last) if shots[i] == shots[i + second]]
    chosen = np.unique(np.linspace(0, len(pairs) - 1, min(count, len(pairs))).round().astype(int))
    return iter([pairs[i] for i in chosen])


def small(rgb: Picture) -> Picture:
    """A frame with its longest side at most `SIDE`."""
    scale = min(1.0, SIDE / max(rgb.shape[:2]))
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def photos_of(sources: list[str]) -> list[Picture]:
    """All photos in colour, 256 x 256."""
    found, protocol = [], Protocol()
    for source in sources:
        items = list(find(source).items)
        if source.endswith(".tar"):
            _, held_back = split([item.group for item in items], HELD_BACK)
            items = [items[i] for i in held_back]
        for item in items:
            rgb = protocol.fitted(item.read())
            if np.ptp(rgb.astype(int), axis=2).mean() > 8:
                found.append(rgb)
    return found


def grey(rgb: Picture) -> Picture:
    """Luma ``(H, W)``."""
    return np.asarray(Image.fromarray(rgb).convert("L"))


def neighbours(photos: list[Picture], classifier: Path, count: int, each: int) -> list[tuple[int, list[int]]]:
    """The `count` photos that are most like their nearest neighbours, and those."""
    import torch

    from photochrom.nets.classifier import pretrained_classifier
    from photochrom.training.pretrained import read_tensors

    network = pretrained_classifier(read_tensors(classifier))
    rows: list[Any] = []
    for rgb in photos:
        level = cv2.resize(grey(rgb), (160, 160), interpolation=cv2.INTER_AREA)
        with torch.no_grad():
            logits, features = network(torch.from_numpy(level).float()[None, None].expand(1, 3, -1, -1) / 255)
        standard = (logits - logits.mean()) / logits.std() / 30
        rows.append(torch.cat([standard[0], features[0] / features.norm()]).numpy())
    vectors = np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)
    alike = vectors @ vectors.T
    alike[(alike > COPY) | np.eye(len(photos), dtype=bool)] = -1
    order = np.argsort(-alike, axis=1)[:, :each]
    best = np.argsort(-alike.max(axis=1))[:count]
    return [(int(i), [int(j) for j in order[i]]) for i in best]


def opened(pictures: list[Picture]) -> tuple[Reference, ...]:
    """References of arrays. What the product refuses, such as a nearly grey picture, is left out."""
    found = []
    for picture in pictures:
        try:
            found.append(open_reference(picture))
        except PhotoError:
            continue
    return tuple(found)


def main() -> None:
    """Parse the command line and print the figures with their 95 % intervals."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=("films", "scenes", "unrelated"))
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--references", type=int, default=1)
    parser.add_argument("--classifier", type=Path)
    parser.add_argument("--model", default="photochrom")
    args = parser.parse_args()
    pairs: Iterator[tuple[Picture, list[Picture]]]
    if args.kind == "films":
        pairs = film_pairs([Path(source) for source in args.sources], args.pairs)
    else:
        photos, rng = photos_of(args.sources), np.random.default_rng(0)
        if args.kind == "scenes":
            if args.classifier is None:
                parser.error("scenes needs --classifier")
            near = neighbours(photos, args.classifier, args.pairs, args.references)
        else:
            first = rng.choice(len(photos), min(args.pairs, len(photos)), replace=False)
            near = [(int(i), [int((i + rng.integers(1, len(photos))) % len(photos))]) for i in first]
        pairs = iter([(photos[i], [photos[j] for j in others]) for i, others in near])
    colorizer = Colorizer(args.model, threads=1)
    gains, refused = [], 0
    for photo, others in pairs:
        references = opened(others)
        refused += len(others) - len(references)
        luma = grey(photo)
        automatic = psnr(colorizer.colorize(luma), photo)
        gains.append(psnr(colorizer.colorize(luma, references=references), photo) - automatic)
    gain = np.array(gains)
    again = np.random.default_rng(0).integers(len(gain), size=(2000, len(gain)))
    low, high = np.percentile(gain[again].mean(axis=1), [2.5, 97.5])
    print(
        f"{args.model}: {args.kind}, {len(gain)} photos, {args.references} references; {refused} refused as grey"
    )
    print(f"gain {gain.mean():.2f} dB ({low:.2f} to {high:.2f})")
    print(
        f"worst {gain.min():.2f}, 5th percentile {np.percentile(gain, 5):.2f}, unchanged {(gain == 0).mean():.2f}"
    )


if __name__ == "__main__":
    main()
