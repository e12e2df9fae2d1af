"""`Colorizer`: one loaded model that colorizes any number of opened photos."""

from __future__ import annotations

import copy
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.engine import merge
from photochrom.engine.batching import Batching
from photochrom.engine.model_info import ModelInfo
from photochrom.engine.options import Options
from photochrom.engine.predict import Colours, predict, sides
from photochrom.engine.resize import GUIDE_SIDE, Float, reduced, resized
from photochrom.engine.session import Session
from photochrom.media import photo as media
from photochrom.media.photo import Page, Photo
from photochrom.modelfile.table import DEFAULT, resolve
from photochrom.resources import cores


class Colorizer:
    """Colorizes photos with one model.

    Parameters
    ----------
    model : the name of a model that came with the package, an ONNX file that Photochrom exported, or a session that is
        loaded already
    device : "auto", "cpu", "cuda", "coreml" or "directml"; not used if `model` is a session
    threads : cores to use for one photo; None means all. With many photos, one core per photo is faster overall.
    batch : the largest number of concurrent calls that share one run of the network; 1 runs each call alone

    Raises
    ------
    ModelError
        If the model or the device is not available.
    """

    def __init__(
        self,
        model: str | Path | Session = DEFAULT,
        *,
        device: str = "auto",
        threads: int | None = None,
        batch: int = 1,
    ) -> None:
        threads = threads or cores()
        session = (
            model if isinstance(model, Session) else Session(resolve(model), device=device, threads=threads)
        )
        # The cores allow this many runs at the same time. Only further calls are batched.
        self.session = Batching(session, batch, runs=max(1, cores() // threads)) if batch > 1 else session
        self.pool = ThreadPoolExecutor(threads, "photochrom") if threads > 1 else None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.session.info.name

    @property
    def info(self) -> ModelInfo:
        """The model's name, size, licence and description, as its file states them."""
        return self.session.info

    @property
    def metadata(self) -> dict[str, Any]:
        """All of the model's metadata."""
        return self.session.info.metadata

    def colorize_photo(
        self,
        photo: Photo,
        options: Options | None = None,
        *,
        format: str | None = None,
        only: Collection[int] | None = None,
    ) -> list[Photo]:
        """Colorize every page of an opened photo.

        Parameters
        ----------
        format : the format of the result; None means the format of the input. Colours for a JPEG are computed at
            JPEG's chroma resolution and rounding. In a lossless format this loss would be visible.
        only : the numbers of the wanted candidates, counted from 1; None means all

        Returns
        -------
        One photo per wanted candidate. `photo` itself is not changed. The results do not contain the provenance mark
        yet; `photochrom.pipeline` adds it.
        """
        options = options or Options()
        wanted = range(1, options.candidates + 1) if only is None else sorted(only)
        versions = [copy.copy(photo) for _ in wanted]
        for version in versions:
            version.pages = []
        for_jpeg = media.output_format(photo, format) == "JPEG"
        for page in photo.pages:
            guide = self._guide(page, options)
            colours = predict(self.session, guide, options)
            for number, version in zip(wanted, versions, strict=True):
                coefficients = coefficients_of(colours[number - 1], guide)
                version.pages.append(self._merge(photo, page, coefficients, options.strength, for_jpeg))
        return versions

    def predict(self, luma: Float, options: Options | None = None) -> Colours:
        """Predict colours for a luma ``(H, W)`` in [0, 1] at the network's scale. Papers measure this output."""
        return predict(self.session, luma, options or Options())[0]

    def confidence(self, photo: Photo, options: Options | None = None) -> NDArray[np.float32]:
        """The model's confidence in each pixel's colour on the first page: ``(H, W)`` in [0, 1]."""
        page = photo.pages[0]
        options = options or Options()
        guide = self._guide(page, options)
        sure = predict(self.session, guide, options, with_confidence=True)[0].confidence
        assert sure is not None
        return resized(sure, page.pixels.shape)

    def _guide(self, page: Page, options: Options) -> Float:
        return reduced(page.pixels, max(GUIDE_SIDE, *sides(self.session, options)))

    def _merge(self, photo: Photo, page: Page, coefficients: Float, strength: float, for_jpeg: bool) -> Page:
        if for_jpeg and photo.format == "JPEG" and page.pixels.dtype == np.uint8:
            # The photo stays in Y'CbCr from the decoder to the encoder, so the luma plane is copied unchanged.
            halved = photo.jpeg is None or photo.jpeg.subsampling == 2
            luma = page.pixels.astype(np.uint8, copy=False)
            pixels = merge.merge_ycbcr(luma, coefficients, strength, halved=halved, pool=self.pool)
            return Page(pixels, "ycbcr", page.alpha)
        return Page(merge.merge_rgb(page.pixels, coefficients, strength, self.pool), "rgb", page.alpha)


def coefficients_of(colours: Colours, guide: Float) -> Float:
    """The coefficients ``(4, gh, gw)`` of `photochrom.engine.merge` for predicted colours with their hints."""
    coefficients = merge.guided_coefficients(colours.ab, guide)
    if colours.change is None:
        return coefficients
    return merge.changed_coefficients(coefficients, colours.ab, colours.change, guide)
