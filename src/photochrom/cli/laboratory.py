"""Shared code of the laboratory's commands: optional packages, and errors as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from photochrom.cli.console import give_up, sentences
from photochrom.errors import install_extra

NEEDED = {
    "torch",
    "lightning_fabric",
    "filelock",
    "safetensors",
    "pydantic",
    "jinja2",
    "markupsafe",
    "onnx",
    "onnxscript",
    "tensorboard",
    "fsspec",
}


@contextmanager
def laboratory() -> Iterator[None]:
    """Turn the errors that a user can act on into one line and an exit code."""
    try:
        with sentences():
            try:
                yield
            except OSError as error:
                if error.errno is not None:
                    raise
                give_up(error)  # Photochrom raised it, and its message is a sentence
    except typer.Exit:
        raise  # give_up has printed the message; an Exit is a RuntimeError, so it is handled first
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in NEEDED:
            raise
        give_up(f"training needs {error.name}; install it with: {install_extra('train')}")
    except (ValueError, FloatingPointError, RuntimeError) as error:
        # RecipeError and CheckpointError are ValueErrors. torch raises a RuntimeError if memory runs out.
        give_up(error)
