"""``photochrom recipes``: list the recipes."""

from __future__ import annotations

from typing import Annotated

import typer

from photochrom.cli.laboratory import laboratory


def recipes(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Print this recipe.")] = None,
) -> None:
    """List the recipes of the laboratory, or print one. Copy it to a new file to change it."""
    with laboratory():
        from photochrom.training.recipe_files import read_table, recipe_names, recipe_path

        if name is not None:
            read_table(name)
            typer.echo(recipe_path(name).read_text(encoding="utf-8"), nl=False)
            return
        names = recipe_names()
        for each in names:
            typer.echo(f"{each:<{max(map(len, names))}}  {read_table(each)['title']}")
