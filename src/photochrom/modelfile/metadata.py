"""What a model's file says of itself: a JSON object in one of its properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from photochrom.errors import ModelError
from photochrom.modelfile.names import METADATA_KEY, SCHEMA, current

Metadata = dict[str, Any]


def parse(properties: Mapping[str, str], path: str) -> tuple[Metadata, int]:
    """Read the metadata of a model's file.

    Parameters
    ----------
    properties : all metadata properties of the ONNX file
    path : what errors call the file

    Returns
    -------
    The metadata in the names of the present schema, without ``schema``, and the version that the file was written in.
    ``trained`` and ``start`` record earlier runs in the names of the versions that ran them.

    Raises
    ------
    ModelError
        If Photochrom did not write the file, or a newer version did.
    """
    try:
        said = json.loads(properties[METADATA_KEY])
        schema = int(said.pop("schema", 1))
    except (KeyError, ValueError, TypeError, AttributeError):
        raise ModelError(
            path, "an ONNX file, but not a Photochrom model; make one with Photochrom's export"
        ) from None
    if schema > SCHEMA:
        raise ModelError(path, "was written by a newer version of Photochrom; install that version")
    return {current(key, schema): value for key, value in said.items()}, schema


def properties(metadata: Metadata) -> dict[str, str]:
    """The ONNX properties that hold `metadata`; `parse` reads them."""
    return {METADATA_KEY: json.dumps({"schema": SCHEMA} | metadata)}
