"""Where the photos lie on a page."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photochrom.engine.album import Album, find_photos

PLACES = [(20, 30, 60, 50), (120, 25, 80, 60), (40, 120, 90, 40)]


def page_with(photos: NDArray[np.uint8], card: tuple[int, int, int], mount: int = 0) -> NDArray[np.uint8]:
    """A page of 240 x 180 with a photo at each of `PLACES`; `mount` is the width of a white border around each."""
    page = Image.new("RGB", (240, 180), card)
    for x, y, width, height in PLACES:
        page.paste((255, 255, 255), (x - mount, y - mount, x + width + mount, y + height + mount))
        page.paste(Image.fromarray(photos).resize((width, height)), (x, y))
    return np.asarray(page)


@pytest.mark.parametrize("card", [(15, 15, 15), (140, 105, 70), (128, 128, 128)])
@pytest.mark.parametrize("mount", [0, 4])
def test_photos_are_found_without_their_mounts(
    card: tuple[int, int, int], mount: int, astronaut: NDArray[np.uint8]
) -> None:
    # This part of the picture has neither white nor the colour of a card at its edges.
    found = find_photos(page_with(astronaut[260:400, 160:300], card, mount))
    assert found.regular
    assert found.card is not None
    assert found.card.tolist() == list(card)
    assert np.abs(np.array(sorted(found.photos)) - np.array(sorted(PLACES))).max() <= 3


def test_a_photo_that_fills_the_page(chelsea: NDArray[np.uint8]) -> None:
    assert find_photos(chelsea) == Album([])


def test_an_empty_page_and_dirt_have_no_photos() -> None:
    page = np.full((180, 240, 3), 240, np.uint8)
    assert find_photos(page).photos == []
    page[50:56, 60:66] = 0
    assert find_photos(page).photos == []
