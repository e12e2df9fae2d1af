"""Is it in colour? Each case is composed from a photo in colour, so that the right answer is known."""

from collections.abc import Callable
from io import BytesIO

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from photochrom.engine.toning import Coloring, is_colored, judge, kind_of, reason
from photochrom.media.photo import Page
from photochrom.media.photo import open as open_photo

Picture = NDArray[np.uint8]


def page_of(picture: Picture, quality: int = 90) -> Page:
    """The page as the product sees it: opened from a JPEG."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return open_photo(file.getvalue()).pages[0]


def grey(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).convert("L").convert("RGB"))


def sepia(picture: Picture) -> Picture:
    level = grey(picture) / 255
    return np.uint8(255 * level ** np.array([0.8, 1.0, 1.3]))


def cyanotype(picture: Picture) -> Picture:
    return np.uint8(grey(picture) * np.array([0.6, 0.9, 0.92]) + [10, 20, 20])


def drained(picture: Picture, share: float) -> Picture:
    return np.asarray(Image.blend(Image.fromarray(grey(picture)), Image.fromarray(picture), share))


def on_card(picture: Picture, side: int, card: tuple[int, int, int]) -> Picture:
    """A page of 1000 x 800 with the photo at (600, 200), `side` pixels wide and high."""
    page = Image.new("RGB", (1000, 800), card)
    page.paste(Image.fromarray(picture).resize((side, side)), (600, 200) if side < 400 else (100, 50))
    return np.asarray(page)


def album(photos: list[Picture], card: tuple[int, int, int]) -> Picture:
    """Six photos with white borders, in two rows."""
    page = Image.new("RGB", (1400, 1000), card)
    for i, photo in enumerate(photos):
        x, y = 60 + i % 3 * 450, 60 + i // 3 * 480
        page.paste((250, 250, 245), (x - 12, y - 12, x + 332, y + 332))
        page.paste(Image.fromarray(photo).resize((320, 320)), (x, y))
    return np.asarray(page)


def dyed(
    picture: Picture, spots: list[tuple[int, int, int]], color: tuple[float, ...], soft: float
) -> Picture:
    """Multiply by `color` in round spots (x, y, radius) with soft edges."""
    mask = Image.new("L", picture.shape[1::-1])
    for x, y, radius in spots:
        ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    share = cv2.GaussianBlur(np.asarray(mask), (0, 0), soft)[..., None] / 255
    return np.uint8(picture * (1 - share * (1 - np.array(color))))


def foxed(picture: Picture) -> Picture:
    places = np.random.default_rng(0).integers(0, 500, (30, 2))
    return dyed(picture, [(int(x), int(y), 5) for x, y in places], (0.8, 0.58, 0.35), 2)


def silvered(picture: Picture) -> Picture:
    """A bluish sheen on what is dark, strongest at the left and right edges."""
    near = np.abs(np.linspace(-1, 1, picture.shape[1]))[None, :, None] ** 3
    dark = np.clip(1 - picture / 150, 0, 1)
    return np.uint8(np.clip(picture + near * dark * [40, 60, 90], 0, 255))


def misregistered(picture: Picture) -> Picture:
    red, green, blue = (picture[..., i] for i in range(3))
    return np.dstack([np.roll(red, 2, axis=1), green, np.roll(blue, (1, -2), axis=(0, 1))])


def hand_tinted(picture: Picture) -> Picture:
    """Pink cheeks and a blue garment on a grey print."""
    cheeks = dyed(grey(picture), [(200, 120, 25), (260, 120, 25)], (1.0, 0.72, 0.72), 8)
    return dyed(cheeks, [(200, 380, 110)], (0.6, 0.75, 1.0), 3)


IN_COLOR: dict[str, Callable[[Picture], Picture]] = {
    "as it is": lambda p: p,
    "97 % of the page white": lambda p: on_card(p, 155, (250, 250, 248)),
    "97 % of the page black": lambda p: on_card(p, 155, (15, 15, 18)),
    "brown card": lambda p: on_card(p, 300, (140, 105, 70)),
    "grey card": lambda p: on_card(p, 300, (140, 140, 142)),
    "half of its chroma": lambda p: drained(p, 0.5),
    "night": lambda p: np.uint8(p * 0.3),
    "red dyes that remain": lambda p: np.uint8((60 + 0.7 * drained(p, 0.7)) * [1.0, 0.8, 0.75]),
    "stained": lambda p: dyed(p, [(300, 200, 80)], (1.0, 0.78, 0.45), 20),
    "hand-tinted": hand_tinted,
}
WITHOUT: dict[str, Callable[[Picture], Picture]] = {
    "sepia": sepia,
    "cyanotype": cyanotype,
    "sepia on white": lambda p: on_card(sepia(p), 155, (250, 250, 248)),
    "cyanotype on black": lambda p: on_card(cyanotype(p), 300, (15, 15, 18)),
    "grey on brown card": lambda p: on_card(grey(p), 500, (140, 105, 70)),
    "brown stain": lambda p: dyed(grey(p), [(350, 120, 90)], (1.0, 0.75, 0.35), 30),
    "stain on sepia": lambda p: dyed(sepia(p), [(350, 120, 90)], (1.0, 0.78, 0.5), 30),
    "ink": lambda p: dyed(grey(p), [(300, 250, 30)], (0.25, 0.3, 0.7), 1),
    "foxing": lambda p: foxed(grey(p)),
    "silvering": lambda p: silvered(grey(p)),
    "shifted channels": lambda p: misregistered(grey(p)),
}


@pytest.mark.parametrize("name", IN_COLOR)
def test_real_colors_are_seen(name: str, astronaut: Picture, chelsea: Picture) -> None:
    for photo in (astronaut, chelsea):
        page = page_of(IN_COLOR[name](photo))
        assert judge(page.thumbnail) == Coloring("colour", 1, 1)
        assert is_colored(page)
        assert reason([page]) == "is in colour already"


@pytest.mark.parametrize("name", WITHOUT)
def test_tones_and_damage_are_not_colors(name: str, astronaut: Picture, chelsea: Picture) -> None:
    for photo in (astronaut, chelsea):
        page = page_of(WITHOUT[name](photo))
        assert kind_of(page.thumbnail) in ("toned", "grey")
        assert not is_colored(page)
        assert reason([page]) is None


def test_grey_and_toned_are_told_apart(astronaut: Picture) -> None:
    assert kind_of(None) == "grey"
    assert kind_of(np.empty((0, 0, 3), np.uint8)) == "grey"
    assert kind_of(grey(astronaut)[::2, ::2]) == "grey"
    assert kind_of(sepia(astronaut)[::2, ::2]) == "toned"


@pytest.mark.parametrize("card", [(235, 235, 235), (20, 20, 22), (140, 105, 70)])
def test_an_album_page_says_how_many_are_in_color(
    card: tuple[int, int, int], astronaut: Picture, chelsea: Picture
) -> None:
    old = [grey(astronaut), sepia(chelsea), grey(chelsea), sepia(astronaut), grey(astronaut)]
    page = page_of(album([*old[:4], astronaut, old[4]], card))
    assert judge(page.thumbnail) == Coloring("colour", 6, 1)
    assert reason([page]) == "is in colour in part already (1 of 6 photos on the page)"
    assert not is_colored(page_of(album([*old, sepia(chelsea)], card)))
    assert judge(page_of(album([astronaut, chelsea] * 3, card)).thumbnail) == Coloring("colour", 6, 6)


def test_poor_jpegs(astronaut: Picture) -> None:
    assert is_colored(page_of(astronaut, quality=15))
    # Below a quality of about 40 the coarse chroma of a toned print can pass for colours: docs/in-color.md.
    assert not is_colored(page_of(sepia(astronaut), quality=75))


@pytest.mark.parametrize("shape", [(1, 1), (1, 256), (256, 2), (7, 9), (33, 3)])
def test_any_size_has_an_answer(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert kind_of(noise) in ("grey", "toned", "colour")
    assert kind_of(np.full((*shape, 3), 255, np.uint8)) == "grey"
