"""How often "is it in colour?" is answered wrongly, on composed prints, pages and faults, before and after.

    python benchmarks/in_color.py [FOLDER ...] [--each 3] [--seed 0] [--sheet wrong.png] [--fit] [--examples out.jpg]

The photos are those of scikit-image, which the weights were not fitted to. With folders, the table is of every second
photo in them, and `--fit` fits the weights of `photochrom.engine.evidence` to the others and prints them. Photos with
colours so pale that nobody can label them without looking (chroma below 15 in 95 % of 64 x 64 pixels) are left out.
"before" is the rule of version 0.1.0, "after" is `judge`. "In colour" counts what was missed: such a photo would be
painted over. "Without colour" counts what was taken to be in colour: such a photo would be refused without force.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from in_color_cases import GROUPS, Draw, compose
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from photochrom.color.lab import rgb_to_lab
from photochrom.data.sources import find
from photochrom.engine import toning
from photochrom.engine.album import find_photos
from photochrom.engine.evidence import SOFT, measure
from photochrom.media.photo import open as open_photo

COLORED = ("astronaut", "chelsea", "coffee", "rocket", "stereo_motorcycle")
GREY = ("camera", "moon", "coins", "grass", "brick", "gravel")
FREE = 4
"""How many of `COLORED` are in the public domain or under CC0."""
PALE = 15.0
Case = tuple[str, bool, NDArray[np.uint8] | None]


def before(thumbnail: NDArray[np.uint8] | None) -> bool:
    """Whether version 0.1.0 took it to be in colour: 5 % of the page have chroma above 12 beyond the tone."""
    if thumbnail is None:
        return False
    lab = rgb_to_lab(thumbnail.reshape(-1, 3).astype(np.float32) / 255)
    lightness, ab = lab[:, 0], lab[:, 1:]
    if np.percentile(np.hypot(ab[:, 0], ab[:, 1]), 95) < 3.0:
        return False
    level = np.clip(lightness / 100 * 16, 0, 15).astype(int)
    residual = np.empty(len(ab), np.float32)
    for i in np.unique(level):
        here = level == i
        residual[here] = np.hypot(*(ab[here] - np.median(ab[here], axis=0)).T)
    return bool(np.percentile(residual, 95) > 12.0)


def after(thumbnail: NDArray[np.uint8] | None) -> bool:
    """Whether it counts as in colour now."""
    return toning.kind_of(thumbnail) == "colour"


def photos_of(folders: list[Path]) -> list[NDArray[np.uint8]]:
    """The photos in colour, (H, W, 3) uint8, in the order of their names."""
    if not folders:
        from_skimage = [getattr(skimage.data, name)() for name in COLORED]
        return [photo[0] if isinstance(photo, tuple) else photo for photo in from_skimage]
    every = (np.array(item.read()) for folder in folders for item in find(str(folder)).items)
    return [photo for photo in every if not _pale(photo)]


def _pale(photo: NDArray[np.uint8]) -> bool:
    small = cv2.resize(photo, (64, 64), interpolation=cv2.INTER_AREA)
    ab = rgb_to_lab(small / 255)[..., 1:]
    return bool(np.percentile(np.hypot(ab[..., 0], ab[..., 1]), 95) < PALE)


def cases_from(
    colored: list[NDArray[np.uint8]], grey: list[NDArray[np.uint8]], each: int, seed: int
) -> list[Case]:
    """`each` cases of every group, as the product sees them: the thumbnail of an opened file."""
    cases: list[Case] = []
    for name, label, make in GROUPS:
        rng = np.random.default_rng([seed, zlib.crc32(f"{label} {name}".encode())])
        draw = Draw(colored, grey, rng)
        for _ in range(each):
            cases.append((name, label, open_photo(compose(draw, make)).pages[0].thumbnail))
    return cases


def fit(cases: list[Case], steps: int = 3000, rate: float = 0.5) -> tuple[list[float], float]:
    """Weights and bias of a logistic model in which a page is in colour if its most colourful photo is.

    Each group counts equally, and what is in colour counts twice: to paint over colours is the worse fault.
    """
    seen = [case for case in cases if case[2] is not None]
    bags = []
    for *_, thumbnail in seen:
        found = (measure(picture) for picture in toning.pictures(thumbnail, find_photos(thumbnail)))
        bags.append(np.log([[e.second, e.strange, e.rough] for e in found] + np.float64(SOFT)))
    label = np.array([label for _, label, _ in seen], float)
    shares = {label: 1 + label for _, label, _ in seen}
    weight = np.array([shares[label] / sum(group[1] == label for group in GROUPS) for _, label, _ in seen])
    weight /= weight.sum()
    model = np.array([1.0, 1.0, -1.0, 0.0])
    for _ in range(steps):
        best = np.array([max(bag, key=lambda row: row @ model[:3]) for bag in bags])
        inputs = np.column_stack([best, np.ones(len(best))])
        odds = 1 / (1 + np.exp(-inputs @ model))
        model -= rate * (inputs.T @ ((odds - label) * weight))
    return model[:3].tolist(), float(model[3])


def table(cases: list[Case]) -> tuple[str, list[tuple[str, Case]]]:
    """The table in Markdown, and the wrong answers with "before" or "after"."""
    answers = [(before(case[2]), after(case[2])) for case in cases]
    lines, wrong = [], []
    for label, title in ((True, "In colour"), (False, "Without colour")):
        lines += ["", f"| {title} | cases | wrong before | wrong after |", "| --- | ---: | ---: | ---: |"]
        total = np.zeros(3, int)
        for name in [name for name, kind, _ in GROUPS if kind == label]:
            group = [i for i, case in enumerate(cases) if case[:2] == (name, label)]
            errors = [sum(answers[i][rule] != label for i in group) for rule in (0, 1)]
            total += [len(group), *errors]
            lines.append(f"| {name} | {len(group)} | {errors[0]} | {errors[1]} |")
        rates = [f"{n} ({100 * n / total[0]:.1f} %)" for n in total[1:]]
        lines.append(f"| **all** | {total[0]} | {rates[0]} | {rates[1]} |")
    for case, pair in zip(cases, answers, strict=True):
        wrong += [
            (rule, case) for rule, given in zip(("before", "after"), pair, strict=True) if given != case[1]
        ]
    return "\n".join(lines[1:]), wrong


def save_sheet(pictures: list[tuple[str, NDArray[np.uint8] | None]], path: Path, columns: int = 12) -> None:
    """A contact sheet of thumbnails with a line of words below each."""
    side = 128
    sheet = Image.new("RGB", (columns * side, -(-len(pictures) // columns) * (side + 14)), (40, 40, 40))
    pen = ImageDraw.Draw(sheet)
    for i, (words, thumbnail) in enumerate(pictures):
        x, y = i % columns * side, i // columns * (side + 14)
        if thumbnail is not None:
            picture = Image.fromarray(thumbnail)
            picture.thumbnail((side - 4, side - 4))
            sheet.paste(picture, (x, y))
        pen.text((x, y + side - 2), words[:21], fill=(255, 255, 0))
    sheet.save(path, quality=72)


def save_examples(path: Path, seed: int) -> None:
    """One case of each group but the plain photos, with the right answer, from photos that are free to pass on."""
    colored, grey = photos_of([])[:FREE], [skimage.data.camera()]
    cases = [case for case in cases_from(colored, grey, 1, seed) if case[0] != "photo"]
    save_sheet([(f"{'colour' if label else 'b/w'}: {name}", small) for name, label, small in cases], path, 9)


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--each", type=int, default=3, help="cases of each group")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of the wrong answers")
    parser.add_argument("--fit", action="store_true", help="fit the weights to the other half of the photos")
    parser.add_argument("--examples", type=Path, help="write a contact sheet with one case of each group")
    args = parser.parse_args()
    if args.examples:
        save_examples(args.examples, args.seed)
        return
    photos = photos_of(args.folders)
    grey = [np.array(Image.fromarray(getattr(skimage.data, name)()).convert("L")) for name in GREY]
    if args.fit:
        weights, bias = fit(cases_from(photos[::2], grey[::2], args.each, args.seed + 1))
        print(f"WEIGHTS = ({', '.join(f'{w:.2f}' for w in weights)}), BIAS = {bias:.2f}")
        return
    held_back, grey = (photos[1::2], grey[1::2]) if args.folders else (photos, grey)
    cases = cases_from(held_back, grey, args.each, args.seed)
    text, wrong = table(cases)
    print(f"{len(cases)} cases from {len(held_back)} photos in colour and {len(grey)} without\n\n{text}")
    if args.sheet:
        words = {True: "colour", False: "b/w"}
        wrong.sort(key=lambda item: item[0])
        save_sheet(
            [(f"{rule}: {words[label]}, {name}", small) for rule, (name, label, small) in wrong], args.sheet
        )


if __name__ == "__main__":
    main()
