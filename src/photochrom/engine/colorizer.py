"""`Colorizer`: one model, kept ready, for any number of photographs. Every interface goes through it."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, overload

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom._version import __version__
from photochrom.engine import merge
from photochrom.engine.batching import Batching
from photochrom.engine.models import DEFAULT, ModelInfo, resolve
from photochrom.engine.options import Options
from photochrom.engine.predict import Colours, predict, sides
from photochrom.engine.resize import GUIDE_SIDE, Float, reduced, resized
from photochrom.engine.session import Session
from photochrom.engine.toning import is_coloured, kind_of
from photochrom.errors import AlreadyColorError, Remedy
from photochrom.files import write_atomic
from photochrom.media import photo as media
from photochrom.media import provenance
from photochrom.media.photo import Page, Photo


class Colorizer:
    """Puts colour on photographs with one model.

    Parameters
    ----------
    model : the name of a model that came with the package, or an ONNX file that Photochrom exported
    device : "auto", "cpu", "cuda", "coreml" or "directml"
    threads : cores to use for one photo; None for all. One photo per core is the better use of several.
    batch : calls of several threads that share a run of the network, at most; 1 runs each by itself

    Raises
    ------
    ModelError
        If the model or device is not there.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT,
        *,
        device: str = "auto",
        threads: int | None = None,
        batch: int = 1,
    ) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        threads = threads or cores
        session = Session(resolve(model), device=device, threads=threads)
        # As many runs at once as there are cores for; only who comes beyond them joins another's run.
        self.session = Batching(session, batch, runs=max(1, cores // threads)) if batch > 1 else session
        self.pool = ThreadPoolExecutor(threads, "photochrom") if threads > 1 else None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.session.info.name

    @property
    def info(self) -> ModelInfo:
        """What the model says of itself."""
        return self.session.info

    @property
    def metadata(self) -> dict[str, Any]:
        """All of the model's metadata."""
        return self.session.info.metadata

    @overload
    def colorize(self, source: Path | str, **options: Any) -> Path: ...
    @overload
    def colorize(self, source: bytes, **options: Any) -> bytes: ...
    @overload
    def colorize(self, source: Image.Image, **options: Any) -> Image.Image: ...
    @overload
    def colorize(self, source: NDArray[Any], **options: Any) -> NDArray[Any]: ...

    def colorize(
        self, source: Any, *, return_confidence: bool = False, force: bool = False, **options: Any
    ) -> Any:
        """Colorize one photograph and give back the kind that came in.

        Parameters
        ----------
        source
            A path: writes ``NAME.color.EXT`` beside it and returns that path. Bytes of an image file: returns the
            bytes of one. A PIL image: returns one. An array ``(H, W)`` or ``(H, W, 3 or 4)`` of uint8 or uint16,
            RGB order: returns ``(H, W, 3 or 4)`` of the same dtype.
        return_confidence
            Also return a map ``(H, W)`` float32 in [0, 1]: how sure the model is of each pixel's colour.
        force
            Colorize even what is already in colour.
        **options
            The fields of `Options`. With ``candidates`` above 1 a list comes back.

        Raises
        ------
        AlreadyColorError, PhotoError, ModelError, ValueError
        """
        wanted = Options(**options)
        finish: Callable[[Photo], Any]
        if isinstance(source, (str, Path)):
            path = Path(source)
            photo = media.open(path)
            finish = _PathResult(path)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            photo = media.open(bytes(source))
            finish = media.encode
        elif isinstance(source, Image.Image):
            photo = _from_pil(source)
            finish = _PilResult(source)
        elif isinstance(source, np.ndarray):
            photo = _from_array(source)
            finish = _to_array
        else:
            raise TypeError(
                f"cannot colorize a {type(source).__name__}; give a path, bytes, a PIL image or an array"
            )
        if not force and any(is_coloured(page) for page in photo.pages):
            raise AlreadyColorError(photo.name, "is in colour already", Remedy.FORCE)
        versions, confidence = self._versions(photo, wanted, with_confidence=return_confidence)
        results = [finish(version) for version in versions]
        result = results if wanted.candidates > 1 else results[0]
        return (result, confidence[0]) if return_confidence else result

    def colorize_photo(
        self, photo: Photo, options: Options | None = None, *, format: str | None = None
    ) -> list[Photo]:
        """Colorize every page of an opened photo.

        Parameters
        ----------
        format : what it will be encoded as, if not as what it came: a JPEG's colours are prepared for JPEG's own
            rounding, and a lossless format would show it

        Returns
        -------
        As many photos as `options.candidates`, marked with their provenance; `photo` itself is not changed.
        """
        return self._versions(photo, options or Options(), format=format)[0]

    def predict(self, luma: Float, options: Options | None = None) -> Colours:
        """The network's own colours for a luma ``(H, W)`` in [0, 1], at its own scale: what papers measure."""
        return predict(self.session, luma, options or Options())[0]

    def _versions(
        self, photo: Photo, options: Options, *, with_confidence: bool = False, format: str | None = None
    ) -> tuple[list[Photo], list[NDArray[np.float32]]]:
        versions = [copy.copy(photo) for _ in range(options.candidates)]
        for version in versions:
            version.pages = []
            provenance.mark(version, self.session.info.name, __version__)
        maps = []
        for_jpeg = media.output_format(photo, format) == "JPEG"
        for page in photo.pages:
            guide = reduced(page.pixels, max(GUIDE_SIDE, *sides(self.session, options)))
            colours = predict(self.session, guide, options, with_confidence=with_confidence)
            for version, colour in zip(versions, colours, strict=True):
                coefficients = merge.guided_coefficients(colour.ab, guide)
                version.pages.append(self._merge(photo, page, coefficients, options.strength, for_jpeg))
            if colours[0].confidence is not None:
                maps.append(resized(colours[0].confidence, page.pixels.shape))
        return versions, maps

    def _merge(self, photo: Photo, page: Page, coefficients: Float, strength: float, for_jpeg: bool) -> Page:
        if for_jpeg and photo.format == "JPEG" and page.pixels.dtype == np.uint8:
            # Stays in Y'CbCr from the decoder to the encoder: the luma plane passes through.
            halved = photo.jpeg is None or photo.jpeg.subsampling == 2
            luma = page.pixels.astype(np.uint8, copy=False)
            pixels = merge.merge_ycbcr(luma, coefficients, strength, halved=halved, pool=self.pool)
            return Page(pixels, "ycbcr", page.alpha)
        return Page(merge.merge_rgb(page.pixels, coefficients, strength, self.pool), "rgb", page.alpha)


class _PathResult:
    def __init__(self, path: Path) -> None:
        self.path, self.written = path, 0

    def __call__(self, version: Photo) -> Path:
        self.written += 1
        number = f".{self.written}" if self.written > 1 else ""
        target = self.path.with_name(f"{self.path.stem}.color{number}{media.extension_for(version)}")
        write_atomic(target, media.encode(version))
        return target


class _PilResult:
    def __init__(self, source: Image.Image) -> None:
        self.info = dict(source.info)

    def __call__(self, version: Photo) -> Image.Image:
        image = Image.fromarray(_to_array(version))
        image.info.update({k: v for k, v in self.info.items() if k in ("dpi", "exif")})
        image.info["xmp"] = version.xmp
        return image


def _from_pil(image: Image.Image) -> Photo:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        raise ValueError(
            f"a PIL image of mode {image.mode} cannot come back in colour; pass a uint16 array instead"
        )
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        return _from_array(np.asarray(image.convert("RGBA")))
    if image.mode in ("1", "L"):
        return _from_array(np.asarray(image.convert("L")))
    return _from_array(np.asarray(image.convert("RGB")))


def _from_array(array: NDArray[Any]) -> Photo:
    if array.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"an array of {array.dtype}; give uint8 or uint16")
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(f"an array of shape {array.shape}; give (H, W), (H, W, 3) or (H, W, 4)")
    if array.ndim == 2:
        return Photo([Page(np.ascontiguousarray(array))], name="array", format="PNG")
    alpha = np.ascontiguousarray(array[..., 3]) if array.shape[2] == 4 else None
    rgb = array[..., :3]
    luma = _luma(rgb)
    thumbnail = None
    if (rgb != rgb[..., :1]).any():
        scale = min(1.0, 256 / max(luma.shape))
        size = max(1, round(luma.shape[1] * scale)), max(1, round(luma.shape[0] * scale))
        small = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
        thumbnail = (small // (257 if array.dtype == np.uint16 else 1)).astype(np.uint8)
    return Photo([Page(luma, "luma", alpha, thumbnail)], name="array", format="PNG")


def _luma(rgb: NDArray[Any]) -> NDArray[Any]:
    """Rec. 601 luma in the input's depth: Pillow's fixed-point weights, so that 8 bit equals ``convert("L")``."""
    red, green, blue = (rgb[..., i].astype(np.uint32) for i in range(3))
    # At 16 bit the sum reaches exactly 2^32 - 2^15: it still fits.
    return ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16).astype(rgb.dtype)


def _to_array(version: Photo) -> NDArray[Any]:
    page = version.pages[0]
    return page.pixels if page.alpha is None else np.dstack([page.pixels, page.alpha])


__all__ = ["Colorizer", "kind_of"]
