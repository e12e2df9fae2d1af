"""The files of recipes: their places and plain values. This module loads neither pydantic nor torch."""

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from photochrom.errors import RecipeError

RECIPES = Path(__file__).parent / "recipes"


def recipe_names() -> list[str]:
    """Return the names of the recipes in the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def recipe_path(name: str | Path) -> Path:
    """Return the file of a recipe given by name or path."""
    return Path(name) if str(name).endswith(".toml") else RECIPES / f"{name}.toml"


def read_table(name: str | Path, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """Read the plain values of a recipe, by its name or from a TOML file, with ``key=value`` overrides.

    Raises
    ------
    RecipeError
        If there is no recipe of that name, the file is not TOML, or an override's key cannot exist.
    """
    path = recipe_path(name)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = nearest(str(name), recipe_names())
        raise RecipeError(
            str(name), f"no such recipe{near}; `photochrom recipes` lists all, or give a file NAME.toml"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(str(path), f"not a readable recipe ({error})") from None
    for override in overrides:
        _set(table, override)
    return table


def nearest(word: str, known: list[str]) -> str:
    """Return the hint that follows "no such ..." in a message: the most similar name, or all names."""
    match = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {match[0]}?)" if match else f" (there are: {', '.join(known)})" if known else ""


def _set(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"--set {override}", "write key=value, such as data.space=rgb")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    at: Any = table
    for done, part in enumerate(parents):
        path = ".".join(parents[: done + 1])
        if (done, parents[0]) == (1, "steps") and isinstance(at, dict) and part not in at:
            raise RecipeError(f"--set {override}", f"{path}: no such step{nearest(part, list(at))}")
        at = _child(at, part, path, override)
    _child(at, last, key.strip(), override)
    at[int(last) if isinstance(at, list) else last] = value


def _child(at: Any, part: str, path: str, override: str) -> Any:
    if isinstance(at, list):
        if not part.isdecimal() or int(part) >= len(at):
            raise RecipeError(f"--set {override}", f"{path} must be a number from 0 to {len(at) - 1}")
        return at[int(part)]
    if not isinstance(at, dict):
        raise RecipeError(f"--set {override}", f"{path} is inside a plain value")
    return at.setdefault(part, {})
