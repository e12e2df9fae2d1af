"""`Colorizer` as Python's interface has it: the kind that goes in comes out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.engine import colorizer as engine
from photochrom.engine.hints import Hint
from photochrom.engine.options import Options, Quality
from photochrom.engine.reference import Reference
from photochrom.files import sweep
from photochrom.media.photo import Photo
from photochrom.pipeline import job as pipeline
from photochrom.pipeline.arrays import array_of, from_array, from_pil, pil_of
from photochrom.pipeline.file_job import FileJob, colorize_file
from photochrom.pipeline.looks import look_values
from photochrom.pipeline.policy import check_color
from photochrom.pipeline.references import open_reference
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Claims, Destination

__all__ = ["Colorizer", "Confidence", "RequestFields", "colorize", "default"]

Confidence = NDArray[np.float32]
"""``(H, W)`` in [0, 1]: how sure the model is of each pixel's colour."""
Kind = TypeVar("Kind", bytes, Image.Image, NDArray[np.uint8], NDArray[np.uint16])


class RequestFields(TypedDict, total=False):
    """What may be asked of `Colorizer.colorize` by keyword, beside `candidates` and `return_confidence`.

    `look` is a name of `photochrom.pipeline.looks.LOOKS` or the path of a TOML or JSON file. See `photochrom.Options`
    for the others of the first group, which count more than the look. The second group are the fields of
    `photochrom.pipeline.request.ColorizeRequest`.
    """

    look: str | None
    strength: float
    size: int | None
    quality: Quality
    colorfulness: float
    warmth: float
    seed: int
    hints: tuple[Hint, ...]
    references: tuple[Reference | Path | str | bytes, ...]

    format: str | None
    jpeg_quality: int | None
    force: bool
    salvage: bool
    max_pixels: int | None


class Colorizer(engine.Colorizer):
    """Puts colour on photographs with one model, which it keeps ready for any number of them.

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

    @overload
    def colorize(
        self,
        source: Path | str,
        *,
        candidates: None = None,
        return_confidence: Literal[False] = False,
        **options: Unpack[RequestFields],
    ) -> Path: ...
    @overload
    def colorize(
        self,
        source: Path | str,
        *,
        candidates: int,
        return_confidence: Literal[False] = False,
        **options: Unpack[RequestFields],
    ) -> list[Path]: ...
    @overload
    def colorize(
        self,
        source: Path | str,
        *,
        candidates: None = None,
        return_confidence: Literal[True],
        **options: Unpack[RequestFields],
    ) -> tuple[Path, Confidence]: ...
    @overload
    def colorize(
        self,
        source: Path | str,
        *,
        candidates: int,
        return_confidence: Literal[True],
        **options: Unpack[RequestFields],
    ) -> tuple[list[Path], Confidence]: ...
    @overload
    def colorize(
        self,
        source: Kind,
        *,
        candidates: None = None,
        return_confidence: Literal[False] = False,
        **options: Unpack[RequestFields],
    ) -> Kind: ...
    @overload
    def colorize(
        self,
        source: Kind,
        *,
        candidates: int,
        return_confidence: Literal[False] = False,
        **options: Unpack[RequestFields],
    ) -> list[Kind]: ...
    @overload
    def colorize(
        self,
        source: Kind,
        *,
        candidates: None = None,
        return_confidence: Literal[True],
        **options: Unpack[RequestFields],
    ) -> tuple[Kind, Confidence]: ...
    @overload
    def colorize(
        self,
        source: Kind,
        *,
        candidates: int,
        return_confidence: Literal[True],
        **options: Unpack[RequestFields],
    ) -> tuple[list[Kind], Confidence]: ...

    def colorize(
        self,
        source: Any,
        *,
        candidates: int | None = None,
        return_confidence: bool = False,
        **options: Any,
    ) -> Any:
        """Colorize one photograph and give back the kind that came in.

        Parameters
        ----------
        source
            A path: writes ``NAME.color.EXT`` beside it and returns the path of that file; what is there already is
            not done again. Bytes of an image file: returns the bytes of one. A PIL image: returns one. An array
            ``(H, W)`` or ``(H, W, 3 or 4)`` of uint8 or uint16, RGB order: returns ``(H, W, 3 or 4)`` of the same
            dtype.
        candidates
            How many versions that differ; a list of them comes back. None gives one, and no list.
        return_confidence
            Also return a map ``(H, W)`` float32 in [0, 1]: how sure the model is of each pixel's colour.
        **options
            See `RequestFields`.

        Raises
        ------
        AlreadyColorError
            If the photo is in colour already, unless ``force=True``.
        PhotoError, ModelError, OptionError
        TypeError
            If the source is of another kind, or an option is unknown.
        """
        request = _request(candidates, options)
        if isinstance(source, (str, Path)):
            made: list[Any] = list(self._to_files(Path(source), request))
        elif isinstance(source, (bytes, bytearray, memoryview)):
            _, found = pipeline.colorize(self, bytes(source), request)
            made = [result.encode() for result in found]
        elif isinstance(source, Image.Image):
            made = [pil_of(result.photo, source) for result in self._in_memory(from_pil(source), request)]
        elif isinstance(source, np.ndarray):
            made = [array_of(result.photo) for result in self._in_memory(from_array(source), request)]
        else:
            kind = type(source).__name__
            raise TypeError(f"cannot colorize a {kind}; give a path, bytes, a PIL image or an array")
        answer = made[0] if candidates is None else made
        return (answer, self._confidence(source, request)) if return_confidence else answer

    def _to_files(self, path: Path, request: ColorizeRequest) -> list[Path]:
        sweep(path.parent)
        job = FileJob(0, path, Destination(path.parent, path.name), request)
        claims = Claims()
        claims.inputs.add(claims.key(path))
        outcome = colorize_file(job, self, claims)
        if outcome.error is not None:
            raise outcome.error
        return [Path(output) for output in outcome.outputs]

    def _in_memory(self, photo: Photo, request: ColorizeRequest) -> list[pipeline.Result]:
        if not request.force:
            check_color(photo)
        return pipeline.results(self, photo, request)

    def _confidence(self, source: Any, request: ColorizeRequest) -> Confidence:
        if isinstance(source, Image.Image):
            photo = from_pil(source)
        elif isinstance(source, np.ndarray):
            photo = from_array(source)
        else:
            photo = pipeline.open_photo(source, request)
        return self.confidence(photo, request.options)


@cache
def default() -> Colorizer:
    """The default model, loaded at the first call."""
    return Colorizer()


if TYPE_CHECKING:
    # A type checker sees the overloads of the method.
    colorize = default().colorize
else:

    def colorize(source: Any, **options: Any) -> Any:
        """Colorize one photograph with the default model; see `Colorizer.colorize` for arguments and errors."""
        return default().colorize(source, **options)


def _request(candidates: int | None, given: dict[str, Any]) -> ColorizeRequest:
    colors = {key: value for key, value in given.items() if key in Options.__dataclass_fields__}
    others = {key: value for key, value in given.items() if key not in colors and key != "look"}
    if "references" in colors:
        colors["references"] = tuple(open_reference(each) for each in colors["references"])
    values = look_values(given.get("look"), candidates=candidates, **colors)
    return ColorizeRequest(Options(**values), **others)
