"""Composed pictures for `in_color.py`: prints, pages and their faults, each with the right answer.

Every case is a function of a `Draw`: its photos and its random generator. The same seed gives the same pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.lab import rgb_to_lab

Picture = NDArray[np.float32]
"""(H, W, 3) sRGB in [0, 1]."""

LUMA = np.float32([0.299, 0.587, 0.114])
CARDS = {
    "white": (0.96, 0.96, 0.95),
    "black": (0.07, 0.07, 0.08),
    "grey": (0.55, 0.55, 0.56),
    "brown": (0.55, 0.42, 0.28),
}


@dataclass
class Draw:
    """What a case is made from: photos in colour, (H, W, 3) uint8, photos without colour, (H, W) uint8, and chance."""

    colored: Sequence[NDArray[np.uint8]]
    grey: Sequence[NDArray[np.uint8]]
    rng: np.random.Generator

    def color_photo(self) -> Picture:
        """A photo in colour, sometimes mirrored, its longer side 480 pixels."""
        return self._fitted(self.colored[self.rng.integers(len(self.colored))])

    def grey_photo(self) -> Picture:
        """A black-and-white photo: the luma of a photo in colour, or one that never had colours."""
        number = self.rng.integers(len(self.colored) + len(self.grey))
        if number >= len(self.colored):
            return self._fitted(np.dstack([self.grey[number - len(self.colored)]] * 3))
        return drain(self._fitted(self.colored[number]), 0)

    def _fitted(self, photo: NDArray[np.uint8]) -> Picture:
        photo = photo[:, ::-1] if self.rng.random() < 0.5 else photo
        scale = 480 / max(photo.shape[:2])
        size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        return np.clip(cv2.resize(photo, size, interpolation=way).astype(np.float32) / 255, 0, 1)


def drain(rgb: Picture, chroma: float | Picture) -> Picture:
    """The same luma with `chroma` times the colour."""
    luma = (rgb @ LUMA)[..., None]
    return np.clip(luma + (rgb - luma) * chroma, 0, 1).astype(np.float32)


def noise(draw: Draw, shape: tuple[int, ...], size: float) -> Picture:
    """Smooth noise (H, W) in [0, 1] whose blobs are `size` of the longer side wide."""
    height, width = shape[:2]
    cells = [max(2, round(side / (size * max(height, width))) + 2) for side in (height, width)]
    field = cv2.resize(draw.rng.random(cells, np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return (field - field.min()) / max(float(np.ptp(field)), 1e-6)


def distance(shape: tuple[int, ...]) -> Picture:
    """The distance to the nearest edge (H, W), as a part of half of the shorter side."""
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in shape[:2])
    return (np.minimum(rows[:, None], columns) / (min(shape[:2]) / 2)).astype(np.float32)


def spot(draw: Draw, shape: tuple[int, ...], radius: float, soft: float) -> Picture:
    """An uneven blob (H, W) in [0, 1]; `radius` and the width of its soft edge are parts of the longer side."""
    height, width = shape[:2]
    longest = max(height, width)
    y, x = draw.rng.uniform(0.1, 0.9) * height, draw.rng.uniform(0.1, 0.9) * width
    away = np.hypot(np.arange(height)[:, None] - y, np.arange(width) - x) / longest
    away = away + (noise(draw, shape, max(radius, 0.02)) - 0.5) * radius * 0.8
    return np.clip((radius - away) / max(soft, 1e-3) + 0.5, 0, 1).astype(np.float32)


def dye(rgb: Picture, mask: Picture, color: Sequence[float]) -> Picture:
    """Multiply by `color` where `mask` (H, W) is 1: what a stain or a glaze does to a print."""
    return rgb * (1 - mask[..., None] * (1 - np.float32(color)))


def toned(rgb: Picture, dark: Sequence[float], light: Sequence[float], bend: Sequence[float]) -> Picture:
    """The print's greys on a curve from `dark` to `light`; `bend` is a power for each channel."""
    level = (rgb @ LUMA)[..., None] ** np.float32(bend)
    return np.float32(dark) + (np.float32(light) - np.float32(dark)) * level


def tone(draw: Draw, rgb: Picture, kind: str = "") -> Picture:
    """A chemical tone, drawn by chance unless named."""
    kinds: dict[str, tuple[Sequence[float], Sequence[float], Sequence[float]]] = {
        "sepia": ((0.12, 0.07, 0.03), (1.0, 0.93, 0.78), (0.85, 1.0, 1.25)),
        "cyanotype": ((0.03, 0.10, 0.28), (0.93, 0.97, 0.98), (1.35, 1.0, 0.75)),
        "selenium": ((0.10, 0.06, 0.10), (0.98, 0.96, 0.97), (0.95, 1.05, 1.0)),
        "gold": ((0.07, 0.06, 0.10), (0.97, 0.95, 0.90), (1.05, 1.0, 0.92)),
        "yellowed": ((0.10, 0.08, 0.05), (0.95, 0.87, 0.68), (1.0, 1.0, 1.0)),
    }
    dark, light, bend = kinds[kind or str(draw.rng.choice(list(kinds)))]
    strength = draw.rng.uniform(0.6, 1.2)
    full = toned(rgb, dark, light, bend)
    return np.clip(rgb + (full - rgb) * strength, 0, 1)


def on_page(draw: Draw, photo: Picture, card: str, share: float) -> Picture:
    """A page of which `share` is card and the rest is the photo, somewhere on it; the longer side has 960 pixels."""
    height, width = photo.shape[:2]
    page_width = round(960 * min(1.0, draw.rng.uniform(0.75, 1.3)))
    page_height = round(960 * 960 / page_width) if page_width > 740 else 960
    scale = np.sqrt((1 - share) * page_width * page_height / (height * width))
    scale = min(scale, page_width / width, page_height / height)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    page = paper(draw, (page_height, page_width), card)
    y = draw.rng.integers(page_height - size[1] + 1)
    x = draw.rng.integers(page_width - size[0] + 1)
    page[y : y + size[1], x : x + size[0]] = small
    return page


def paper(draw: Draw, shape: tuple[int, int], card: str) -> Picture:
    """Card (H, W, 3) with a little unevenness and grain."""
    page = np.ones((*shape, 3), np.float32) * np.float32(CARDS[card])
    page *= 1 + 0.05 * (noise(draw, shape, 0.5) - 0.5)[..., None]
    return np.clip(page + draw.rng.normal(0, 0.008, (*shape, 1)), 0, 1).astype(np.float32)


def album(draw: Draw, colored: str) -> Picture:
    """An album page of 2 to 9 photos; `colored` is "none", "one", "some" or "all"."""
    count = int(draw.rng.integers(2, 10))
    few = {"none": 0, "one": 1, "some": max(1, count // 2), "all": count}[colored]
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    page = paper(draw, (900, 1200), str(draw.rng.choice(list(CARDS))))
    places = draw.rng.permutation(count)
    for i in range(count):
        photo = draw.color_photo() if places[i] < few else draw.grey_photo()
        if places[i] >= few and draw.rng.random() < 0.4:
            photo = tone(draw, photo)
        if draw.rng.random() < 0.5:
            photo = cv2.copyMakeBorder(photo, 14, 14, 14, 14, cv2.BORDER_CONSTANT, value=(0.95, 0.94, 0.9))
        cell = (1200 / columns, 900 / rows)
        scale = min(cell[0] / photo.shape[1], cell[1] / photo.shape[0]) * draw.rng.uniform(0.65, 0.9)
        size = (int(photo.shape[1] * scale), int(photo.shape[0] * scale))
        small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        x = int((i % columns + 0.5) * cell[0] - size[0] / 2)
        y = int((i // columns + 0.5) * cell[1] - size[1] / 2)
        page[y : y + size[1], x : x + size[0]] = small
    return page


def stained(draw: Draw, rgb: Picture, kind: str) -> Picture:
    """A print with stains of one kind."""
    rng, shape = draw.rng, rgb.shape
    if kind == "brown":
        for _ in range(rng.integers(1, 4)):
            rgb = dye(
                rgb, spot(draw, shape, rng.uniform(0.08, 0.3), rng.uniform(0.05, 0.25)), (1.0, 0.78, 0.45)
            )
    elif kind == "ink":
        for _ in range(rng.integers(1, 3)):
            rgb = dye(rgb, spot(draw, shape, rng.uniform(0.03, 0.1), 0.01), (0.25, 0.3, 0.7))
    elif kind == "foxing":
        for _ in range(rng.integers(15, 60)):
            mask = spot(draw, shape, rng.uniform(0.004, 0.02), 0.012)
            rgb = dye(rgb, mask * rng.uniform(0.4, 1), (0.8, 0.58, 0.35))
    elif kind == "water":
        field = noise(draw, shape, rng.uniform(0.3, 0.6))
        level = rng.uniform(0.35, 0.6)
        edge = np.exp(-(((field - level) / 0.03) ** 2))
        rgb = dye(rgb, 0.35 * (field > level) + 0.6 * edge, (0.85, 0.7, 0.45))
    elif kind == "rust":
        for _ in range(rng.integers(2, 6)):
            rgb = dye(rgb, spot(draw, shape, rng.uniform(0.01, 0.06), 0.04), (0.75, 0.42, 0.2))
    else:
        for _ in range(rng.integers(5, 25)):
            color = ((0.55, 0.6, 0.45), (0.45, 0.42, 0.4), (0.65, 0.6, 0.35))[rng.integers(3)]
            rgb = dye(rgb, spot(draw, shape, rng.uniform(0.01, 0.05), 0.03) * rng.uniform(0.4, 0.9), color)
    return np.clip(rgb, 0, 1)


def silvered(draw: Draw, rgb: Picture) -> Picture:
    """A bluish sheen in the dark parts near the edges."""
    near = np.clip(1 - distance(rgb.shape) / draw.rng.uniform(0.25, 0.6), 0, 1)
    near *= 0.5 + 0.5 * noise(draw, rgb.shape, 0.3)
    dark = np.clip(1 - (rgb @ LUMA) / 0.6, 0, 1)
    sheen = (near * dark * draw.rng.uniform(0.5, 1.0))[..., None]
    return np.clip(rgb + sheen * np.float32([0.22, 0.30, 0.45]), 0, 1)


def written(draw: Draw, rgb: Picture, kind: str) -> Picture:
    """A red stamp, or the orange date of a camera, on a black-and-white print."""
    height, width = rgb.shape[:2]
    rgb = np.ascontiguousarray(rgb)
    drawn = np.zeros((height, width), np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    if kind == "date":
        cv2.putText(drawn, "98 7 14", (width - 150, height - 20), font, 1.0, 255, 3, cv2.LINE_AA)
        ink = drawn[..., None].astype(np.float32) / 255
        return rgb * (1 - ink) + ink * np.float32([1.0, 0.55, 0.15])
    x, y = int(draw.rng.uniform(0.3, 0.7) * width), int(draw.rng.uniform(0.3, 0.7) * height)
    cv2.ellipse(drawn, (x, y), (90, 55), draw.rng.uniform(-20, 20), 0, 360, 255, 4, cv2.LINE_AA)
    cv2.putText(drawn, "ARCHIV", (x - 62, y + 8), font, 1.0, 255, 3, cv2.LINE_AA)
    return dye(rgb, drawn.astype(np.float32) / 255 * 0.85, (0.8, 0.1, 0.15))


def _on_light(draw: Draw, rgb: Picture) -> Picture:
    """A soft spot on a light part, of several by chance: a glaze on black cannot be seen."""
    spots = [spot(draw, rgb.shape, draw.rng.uniform(0.05, 0.1), 0.05) for _ in range(6)]
    return max(spots, key=lambda mask: float(((rgb @ LUMA) * mask).sum() / (mask.sum() + 1)))


def tinted(draw: Draw, rgb: Picture, kind: str) -> Picture:
    """A hand-tinted print: pink cheeks and lips, and with "dress" a garment, its border on an edge of the picture."""
    shape = rgb.shape
    if draw.rng.random() < 0.5:
        rgb = tone(draw, rgb, "sepia")
    for _ in range(2 if kind == "cheeks" else 3):
        rgb = dye(rgb, _on_light(draw, rgb), (1.0, 0.72, 0.72))
    if kind == "dress":
        luma = cv2.GaussianBlur(rgb @ LUMA, (0, 0), 6)
        level = np.quantile(luma, draw.rng.uniform(0.5, 0.8))
        garment = (abs(luma - level) < 0.1) & (spot(draw, shape, draw.rng.uniform(0.25, 0.4), 0.01) > 0.5)
        color = ((0.6, 0.75, 1.0), (0.65, 0.95, 0.7), (1.0, 0.65, 0.75))[draw.rng.integers(3)]
        rgb = dye(rgb, cv2.GaussianBlur(garment.astype(np.float32), (0, 0), 2), color)
    return np.clip(rgb, 0, 1)


def red_flower(draw: Draw) -> Picture:
    """A photo whose colours are almost grey but for its most colourful spot, a fiftieth to a tenth of it."""
    rgb = draw.color_photo()
    chroma = cv2.GaussianBlur(np.hypot(*np.moveaxis(rgb_to_lab(rgb)[..., 1:], -1, 0)), (0, 0), 8)
    inside = (chroma > np.quantile(chroma, 1 - draw.rng.uniform(0.02, 0.1))).astype(np.float32)
    keep = 0.25 + 0.75 * cv2.GaussianBlur(inside, (0, 0), 2)[..., None]
    return drain(rgb, keep)


def autochrome(draw: Draw) -> Picture:
    """Weak colours under a warm cast, with coloured grain."""
    rgb = drain(draw.color_photo(), draw.rng.uniform(0.4, 0.6)) * np.float32([1.0, 0.93, 0.78])
    return np.clip(rgb + draw.rng.normal(0, 0.05, rgb.shape), 0, 1).astype(np.float32)


def night(draw: Draw) -> Picture:
    """A photo that is a quarter as light, with noise."""
    rgb = draw.color_photo() ** 1.5 * draw.rng.uniform(0.35, 0.6)
    return np.clip(rgb + draw.rng.normal(0, 0.015, rgb.shape), 0, 1).astype(np.float32)


def faded(draw: Draw, rgb: Picture) -> Picture:
    """A colour print whose dyes have faded unevenly: a cast, lifted blacks, weaker colours."""
    casts = ((1.0, 0.78, 0.72), (1.0, 0.9, 0.65), (0.9, 0.85, 1.0))
    rgb = 0.2 + 0.75 * drain(rgb, draw.rng.uniform(0.45, 0.8))
    return np.clip(rgb * np.float32(casts[draw.rng.integers(3)]), 0, 1)


def misregistered(draw: Draw, rgb: Picture) -> Picture:
    """The channels of a scanner, shifted against each other by up to 3 of 480 pixels."""
    out = rgb.copy()
    for channel in (0, 2):
        shift = np.float32([[1, 0, draw.rng.uniform(-3, 3)], [0, 1, draw.rng.uniform(-3, 3)]])
        moved = cv2.warpAffine(rgb[..., channel], shift, rgb.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        out[..., channel] = moved
    return out


def newton(draw: Draw, rgb: Picture) -> Picture:
    """Newton's rings of glass on film: thin rings in weak colours of the spectrum."""
    height, width = rgb.shape[:2]
    y, x = draw.rng.uniform(0, height), draw.rng.uniform(0, width)
    square = ((np.arange(height)[:, None] - y) ** 2 + (np.arange(width) - x) ** 2) / max(height, width) ** 2
    near = np.exp(-square / 0.06)
    thickness = square * draw.rng.uniform(150, 400)
    rings = [np.cos(2 * np.pi * thickness * w) * near for w in (0.85, 1.0, 1.2)]
    return np.clip(rgb * (1 + 0.06 * np.dstack(rings)), 0, 1).astype(np.float32)


def chroma_noise(draw: Draw, rgb: Picture) -> Picture:
    """The coloured noise of a small sensor."""
    rough = draw.rng.normal(0, draw.rng.uniform(0.03, 0.1), rgb.shape).astype(np.float32)
    return np.clip(rgb + cv2.GaussianBlur(rough, (0, 0), 1.0), 0, 1)


def uneven(draw: Draw, rgb: Picture) -> Picture:
    """Sepia on one side that is grey or of another tone on the other."""
    ramp = np.linspace(0, 1, rgb.shape[1], dtype=np.float32)[None, :, None]
    left, right = tone(draw, rgb, "sepia"), tone(draw, rgb, "selenium" if draw.rng.random() < 0.5 else "gold")
    return left * (1 - ramp) + right * ramp


def edge_fade(draw: Draw, rgb: Picture) -> Picture:
    """A print that has turned yellow and pale from its edges."""
    near = np.clip(1 - distance(rgb.shape) / draw.rng.uniform(0.3, 0.8), 0, 1)[..., None]
    return rgb * (1 - near) + (0.35 + 0.6 * rgb) * np.float32([1.0, 0.9, 0.66]) * near


def jpeg(rgb: Picture, quality: int) -> bytes:
    """The picture as a JPEG with halved chroma."""
    file = BytesIO()
    Image.fromarray(np.round(np.clip(rgb, 0, 1) * 255).astype(np.uint8)).save(
        file, "JPEG", quality=quality, subsampling=2
    )
    return file.getvalue()


def _cast(draw: Draw, rgb: Picture) -> Picture:
    return np.clip(rgb * draw.rng.uniform(0.82, 1.0, 3).astype(np.float32), 0, 1)


def _duotone(draw: Draw, rgb: Picture) -> Picture:
    ends = draw.rng.random((2, 3)) * [[0.35], [0.4]] + [[0.0], [0.6]]
    return toned(rgb, ends[0], ends[1], (1, 1, 1))


def _share(draw: Draw) -> float:
    return float(draw.rng.choice([0.1, 0.3, 0.5, 0.7, 0.85, 0.92, 0.97]))


Maker = Callable[[Draw], Any]

IN_COLOR: dict[str, Maker] = {
    "photo": lambda d: d.color_photo(),
    "on white": lambda d: on_page(d, d.color_photo(), "white", _share(d)),
    "on black": lambda d: on_page(d, d.color_photo(), "black", _share(d)),
    "on grey card": lambda d: on_page(d, d.color_photo(), "grey", _share(d)),
    "on brown card": lambda d: on_page(d, d.color_photo(), "brown", _share(d)),
    "album, one": lambda d: album(d, "one"),
    "album, some": lambda d: album(d, "some"),
    "album, all": lambda d: album(d, "all"),
    "JPEG of quality 15": lambda d: jpeg(d.color_photo(), 15),
    "muted": lambda d: drain(d.color_photo(), d.rng.uniform(0.35, 0.5)),
    "autochrome": autochrome,
    "night": night,
    "one colourful thing": red_flower,
    "faded dyes": lambda d: faded(d, d.color_photo()),
    "scanner cast": lambda d: _cast(d, d.color_photo()),
    "stained": lambda d: stained(d, d.color_photo(), str(d.rng.choice(["brown", "foxing", "water"]))),
    "tinted cheeks": lambda d: tinted(d, d.grey_photo(), "cheeks"),
    "tinted dress": lambda d: tinted(d, d.grey_photo(), "dress"),
}
WITHOUT: dict[str, Maker] = {
    "photo": lambda d: d.grey_photo(),
    "on white": lambda d: on_page(d, tone(d, d.grey_photo()), "white", _share(d)),
    "on black": lambda d: on_page(d, tone(d, d.grey_photo()), "black", _share(d)),
    "on grey card": lambda d: on_page(d, tone(d, d.grey_photo()), "grey", _share(d)),
    "on brown card": lambda d: on_page(d, d.grey_photo(), "brown", _share(d)),
    "album, none": lambda d: album(d, "none"),
    "brown stain": lambda d: stained(d, d.grey_photo(), "brown"),
    "blue ink": lambda d: stained(d, d.grey_photo(), "ink"),
    "foxing": lambda d: stained(d, d.grey_photo(), "foxing"),
    "water edge": lambda d: stained(d, d.grey_photo(), "water"),
    "rust": lambda d: stained(d, d.grey_photo(), "rust"),
    "mould": lambda d: stained(d, d.grey_photo(), "mould"),
    "silvering": lambda d: silvered(d, d.grey_photo()),
    "sepia": lambda d: tone(d, d.grey_photo(), "sepia"),
    "cyanotype": lambda d: tone(d, d.grey_photo(), "cyanotype"),
    "selenium": lambda d: tone(d, d.grey_photo(), "selenium"),
    "gold": lambda d: tone(d, d.grey_photo(), "gold"),
    "yellowed": lambda d: tone(d, d.grey_photo(), "yellowed"),
    "uneven tone": lambda d: uneven(d, d.grey_photo()),
    "faded edges": lambda d: edge_fade(d, d.grey_photo()),
    "duotone": lambda d: _duotone(d, d.grey_photo()),
    "sepia and stain": lambda d: stained(d, tone(d, d.grey_photo(), "sepia"), "brown"),
    "red stamp": lambda d: written(d, d.grey_photo(), "stamp"),
    "orange date": lambda d: written(d, d.grey_photo(), "date"),
    "chroma noise": lambda d: chroma_noise(d, d.grey_photo()),
    "sepia, quality 10": lambda d: jpeg(tone(d, d.grey_photo(), "sepia"), 10),
    "scanner cast": lambda d: _cast(d, d.grey_photo()),
    "Newton rings": lambda d: newton(d, d.grey_photo()),
    "misregistered": lambda d: misregistered(d, d.grey_photo()),
}
GROUPS: list[tuple[str, bool, Maker]] = [
    *((name, True, make) for name, make in IN_COLOR.items()),
    *((name, False, make) for name, make in WITHOUT.items()),
]


def compose(draw: Draw, make: Maker) -> bytes:
    """The file of one case: a JPEG of quality 90 unless the case chose its own."""
    made = make(draw)
    return made if isinstance(made, bytes) else jpeg(made, 90)
