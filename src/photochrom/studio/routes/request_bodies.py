"""The bodies of requests: the fields of a form, and the JSON of the live view."""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from photochrom.engine.hints import BRUSH, LARGEST_BRUSH, MOST_HINTS, Hint, Reach, parse_hints
from photochrom.engine.options import Options, Quality
from photochrom.engine.reference import MOST_REFERENCES, Reference
from photochrom.media import formats
from photochrom.pipeline.looks import LOOKS, look_values
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.sharing import Kind
from photochrom.studio.api_error import ApiError, invalid_error

__all__ = [
    "REFERENCES",
    "Appearance",
    "ColorizeForm",
    "Comparison",
    "Position",
    "ReachOf",
    "body_of",
    "colorize_request",
    "document",
]

LONGEST_JSON = 128 * 1024
WRITABLE = [format.name.lower() for format in formats.writable()]


def _known_format(value: str) -> str:
    """The name of the format that is written for `value`, such as "JPEG" for "jpg"."""
    format = formats.by_name(value)
    if format is None or not format.writes:
        raise ValueError(f"must be one of {', '.join(WRITABLE)}")
    return format.name


def _known_look(value: str) -> str:
    # `find_look` would also open a file of the server.
    if value not in LOOKS:
        raise ValueError(f"must be one of {', '.join(LOOKS)}")
    return value


Format = Annotated[str, AfterValidator(_known_format), Field(json_schema_extra={"enum": WRITABLE})]
LookName = Annotated[str, AfterValidator(_known_look), Field(json_schema_extra={"enum": list(LOOKS)})]
Strength = Annotated[
    float | None,
    Field(ge=0, le=1.5, description="How much colour: 0 none, 1 as inferred; by default the look's."),
]
Colorfulness = Annotated[
    float | None,
    Field(ge=0, le=2, description="Fuller colours above 1, calmer below; by default the look's."),
]
Warmth = Annotated[
    float | None, Field(ge=-1, le=1, description="Below 0 cooler, above 0 warmer; by default the look's.")
]
Seed = Annotated[int, Field(ge=0, lt=2**63, description="Which candidates are drawn.")]
Share = Annotated[float, Field(ge=0, le=1, description="Of the upright photo, from the left or the top.")]

Model = TypeVar("Model", bound=BaseModel)


class ColorizeForm(BaseModel):
    """The fields of a form beside its photos. Their names and ranges are those of the command's options."""

    model_config = ConfigDict(extra="forbid")

    look: LookName | None = None
    strength: Strength = None
    # The command takes 2048. Here several photos at once would need too much memory.
    size: Annotated[int | None, Field(ge=32, le=1024, description="The network's side, pixels.")] = None
    quality: Quality = "balanced"
    colorfulness: Colorfulness = None
    warmth: Warmth = None
    candidates: Annotated[int, Field(ge=1, le=16, description="How many versions.")] = 1
    seed: Seed = 0
    format: Annotated[Format | None, Field(description="By default as the photo came.")] = None
    force: Annotated[bool, Field(description="Colorize also what is in colour.")] = False
    salvage: Annotated[bool, Field(description="Colorize what is left of a damaged photo.")] = False
    jpeg_quality: Annotated[int | None, Field(ge=1, le=100, description="By default as the photo came.")] = (
        None
    )
    hints: Annotated[
        str | None,
        Field(
            description='JSON: {"hints": [{"x": 0.5, "y": 0.5, "color": "#a06040", "reach": "thing"}, ...]}'
        ),
    ] = None


class HintPoint(BaseModel):
    """A colour at a point of the photo, or with the reach "keep" a point whose automatic colour is kept."""

    model_config = ConfigDict(extra="forbid")

    x: Share
    y: Share
    color: Annotated[
        str | None,
        Field(pattern="^#[0-9a-fA-F]{6}$", description='Its lightness does not count. None with "keep".'),
    ] = None
    reach: Annotated[
        Reach,
        Field(
            description="here: a disc; thing: the thing on which the point lies; like: everything like it; "
            "keep: the automatic colour of the thing stays."
        ),
    ] = "thing"
    radius: Annotated[
        float | None,
        Field(
            gt=0,
            le=LARGEST_BRUSH,
            description=f"Of the disc, a share of the photo's mean side; by default {BRUSH}. Only with here.",
        ),
    ] = None

    @model_validator(mode="after")
    def _check(self) -> HintPoint:
        self.hint()
        return self

    def hint(self) -> Hint:
        """The hint that it describes. Raises ValueError if the fields do not fit together."""
        return Hint(self.x, self.y, self.color, self.reach, self.radius)


class ReachOf(BaseModel):
    """A point whose reach is shown before its colour is chosen."""

    model_config = ConfigDict(extra="forbid")

    x: Share
    y: Share
    reach: Reach = "thing"
    radius: Annotated[float | None, Field(gt=0, le=LARGEST_BRUSH)] = None

    @model_validator(mode="after")
    def _check(self) -> ReachOf:
        self.hint()
        return self

    def hint(self) -> Hint:
        """A hint with this reach, of any colour. Raises ValueError if the fields do not fit together."""
        return Hint(self.x, self.y, None if self.reach == "keep" else "#808080", self.reach, self.radius)


class Position(BaseModel):
    """A point of the photo."""

    model_config = ConfigDict(extra="forbid")

    x: Share
    y: Share


class Appearance(BaseModel):
    """How to colorize a photo now. A field that is left out has its default."""

    model_config = ConfigDict(extra="forbid")

    look: LookName | None = None
    strength: Strength = None
    colorfulness: Colorfulness = None
    warmth: Warmth = None
    candidate: Annotated[int, Field(ge=0, lt=16, description="Which version, from 0.")] = 0
    candidates: Annotated[
        int | None, Field(ge=1, le=16, description="Of how many; by default as the photo was sent.")
    ] = None
    seed: Seed = 0
    quality: Quality = "balanced"
    hints: Annotated[list[HintPoint], Field(max_length=MOST_HINTS)] = []
    references: Annotated[bool, Field(description="Whether the photo's references count.")] = True
    format: Annotated[Format | None, Field(description="Of a full-size file; by default as it came.")] = None
    side: Annotated[
        int | None, Field(ge=32, le=4096, description="The longer side of a view, at most; for thumbnails.")
    ] = None

    def applied_to(self, sent: ColorizeRequest, most: int) -> ColorizeRequest:
        """The request for a photo that was sent with the request `sent`.

        Raises
        ------
        ApiError
            422 if there is no such candidate, or there are more than `most`.
        """
        candidates = self.candidates or max(sent.options.candidates, self.candidate + 1)
        _check_candidates(candidates, most)
        if self.candidate >= candidates:
            words = f"candidate: {self.candidate} is not one of {candidates}, which are counted from 0"
            raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, words)
        options = Options(
            size=sent.options.size,
            quality=self.quality,
            candidates=candidates,
            seed=self.seed,
            hints=tuple(point.hint() for point in self.hints),
            references=sent.options.references if self.references else (),
            **look_values(
                self.look, strength=self.strength, colorfulness=self.colorfulness, warmth=self.warmth
            ),
        )
        return replace(sent, options=options, format=self.format or sent.format)


class Comparison(Appearance):
    """How to show a photo to others."""

    kind: Annotated[Kind, Field(description="One picture, or one that moves.")] = "side-by-side"
    cut: Annotated[float, Field(ge=0, le=1, description="Where a split picture is split, from the left.")] = (
        0.5
    )


def colorize_request(
    given: dict[str, str], most: int, references: tuple[Reference, ...] = ()
) -> ColorizeRequest:
    """The request that the fields of a form make. An empty field counts as left out.

    Raises
    ------
    ApiError
        422, in a sentence with the name of the field.
    """
    try:
        fields = ColorizeForm.model_validate({name: value for name, value in given.items() if value.strip()})
    except ValidationError as error:
        raise invalid_error(error.errors(include_url=False, include_context=False)) from None
    _check_candidates(fields.candidates, most)
    options = Options(
        size=fields.size,
        quality=fields.quality,
        candidates=fields.candidates,
        seed=fields.seed,
        hints=_hints(fields.hints),
        references=references,
        **look_values(
            fields.look, strength=fields.strength, colorfulness=fields.colorfulness, warmth=fields.warmth
        ),
    )
    return ColorizeRequest(
        options, fields.format, fields.jpeg_quality, force=fields.force, salvage=fields.salvage
    )


async def body_of(request: Request, model: type[Model]) -> Model:
    """The JSON body of a request. An empty body counts as one without fields.

    Raises
    ------
    ApiError
        413 if it is too long, 422 if it does not fit `model`.
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LONGEST_JSON:
            words = f"at most {LONGEST_JSON // 1024} KiB of JSON are taken"
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)
    try:
        return model.model_validate_json(bytes(data) if data.strip() else b"{}")
    except ValidationError as error:
        raise invalid_error(error.errors(include_url=False, include_context=False)) from None


def document(model: type[BaseModel], *, files: bool | None = None) -> dict[str, Any]:
    """The OpenAPI description of a body, for routes that read it themselves.

    Parameters
    ----------
    files : None for JSON; for a form, whether its field ``file`` may come more than once
    """
    schema = model.model_json_schema()
    known = schema.pop("$defs", {})
    schema = _inlined(schema, known)
    if files is None:
        return {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    photo: dict[str, Any] = {"type": "string", "format": "binary"}
    schema["properties"]["file"] = {"type": "array", "items": photo, "minItems": 1} if files else photo
    schema["properties"]["reference"] = REFERENCES
    schema["required"] = ["file"]
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


REFERENCES: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
    "maxItems": MOST_REFERENCES,
    "description": "Colour pictures of the same people, place or time.",
}


def _inlined(schema: Any, known: dict[str, Any]) -> Any:
    """A schema without references and without null.

    References would point elsewhere in another document. A form has no null, and in JSON it means the same as a
    field that is left out.
    """
    if isinstance(schema, list):
        return [_inlined(each, known) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(known[schema["$ref"].rsplit("/", 1)[1]], known)
    schema = {key: _inlined(value, known) for key, value in schema.items()}
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        schema = {k: v for k, v in schema.items() if k not in ("anyOf", "default")} | kinds[0]
    return schema


def _check_candidates(candidates: int, most: int) -> None:
    if candidates > most:
        words = f"candidates: this server makes at most {most} at once"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, words)


def _hints(text: str | None) -> tuple[Hint, ...]:
    try:
        return () if text is None else parse_hints(json.loads(text))
    except json.JSONDecodeError:
        reason = "is not JSON"
    except (ValueError, OverflowError, RecursionError) as error:
        reason = str(error)[:200]
    raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, f"hints: {reason}")
