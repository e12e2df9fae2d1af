"""What the laboratory's commands share: its packages are optional, and its errors are sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from photochrom.cli.console import give_up, sentences

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
    """Turn what a user can act on into one line and an exit code."""
    try:
        with sentences():
            try:
                yield
            except OSError as error:
                if error.errno is not None:
                    raise
                give_up(error)  # one of ours, a sentence already
    except typer.Exit:
        raise  # give_up has spoken; an Exit is a RuntimeError too
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in NEEDED:
            raise
        give_up(f'training needs {error.name}; install it with: pip install "photochrom[train]"')
    except (ValueError, FloatingPointError, RuntimeError) as error:
        # RecipeError and CheckpointError are ValueErrors; torch says "out of memory" by a RuntimeError.
        give_up(error)
