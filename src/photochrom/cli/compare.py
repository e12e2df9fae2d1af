"""``photochrom compare``: train recipes under equal conditions and evaluate them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from photochrom.cli.console import INTERRUPTED, give_up, say
from photochrom.cli.evaluate import Classifier, Crop, Limit, Merge, Size, command_line, network, write
from photochrom.cli.laboratory import laboratory

if TYPE_CHECKING:
    from collections.abc import Callable

Read = TypeVar("Read")


def compare(
    recipes: Annotated[list[str], typer.Argument(metavar="RECIPE...", help="Names, or .toml files.")],
    *,
    data: Annotated[list[str], typer.Option(metavar="PATH", help="Photos to train on; may be repeated.")],
    judged: Annotated[str, typer.Option("--eval", metavar="PATH", help="Other photos, for evaluation.")],
    minutes: Annotated[float, typer.Option(help="Of training, for each recipe and seed.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the runs and of the table.")] = Path(
        "comparison"
    ),
    train_size: Annotated[
        int | None, typer.Option(help="Pixels of every recipe's last stage. Default: its own.")
    ] = None,
    small: Annotated[
        bool, typer.Option("--tiny", help="Tiny networks at 64 px: tries a comparison in minutes.")
    ] = False,
    seed: Annotated[
        list[int] | None, typer.Option(help="May be repeated: one run per seed and recipe.")
    ] = None,
    encoder: Annotated[
        list[str] | None, typer.Option(metavar="RECIPE=FILE", help="ImageNet weights for a recipe's encoder.")
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[RECIPE=]FILE",
            help="ImageNet weights for perceptual losses, of a recipe or of all others.",
        ),
    ] = None,
    start: Annotated[
        list[str] | None,
        typer.Option(metavar="RECIPE=FILE", help="A run or checkpoint whose generator a recipe starts from."),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="For every recipe.")
    ] = None,
    limit_train: Annotated[
        int | None, typer.Option(min=1, help="The largest number of training photos.")
    ] = None,
    clock: Annotated[
        str,
        typer.Option(
            help="What minutes count: wall, or cpu, the processor's time, on a machine with other work."
        ),
    ] = "wall",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
    precision: Annotated[str, typer.Option(help="32-true, bf16-mixed, 16-mixed.")] = "32-true",
    size: Size = 256,
    fit: Crop = "crop",
    merge: Merge = "luma",
    classifier: Classifier = None,
    limit: Limit = None,
) -> None:
    """Train each recipe on the same photos for the same time, then judge all. Run it again and it goes on.

    The same command in a second terminal takes a share of the runs (set OMP_NUM_THREADS to share the cores too).
    """
    with laboratory():
        from photochrom.bench import entries
        from photochrom.bench.compare import Comparison, train_all, trained
        from photochrom.bench.evaluate import evaluate, with_more
        from photochrom.bench.markdown import markdown
        from photochrom.bench.protocol import Protocol
        from photochrom.cli.train import fabric_for
        from photochrom.data.sources import find
        from photochrom.data.stream import load
        from photochrom.training.pretrained import read_tensors
        from photochrom.training.start import read_start

        protocol = Protocol(size, fit, merge)  # type: ignore[arg-type]
        fabric = fabric_for(device, precision)
        training, validation = load(data, limit=limit_train, device=fabric.device).split("0.01")
        comparison = Comparison(
            recipes,
            training,
            validation,
            out,
            minutes,
            train_size,
            seed or [0],
            _by_recipe("--encoder", encoder or [], recipes, read_tensors),
            _by_recipe("--features", _for_all(features or [], recipes), recipes, cache(read_tensors)),
            set_ or [],
            clock,  # type: ignore[arg-type]
            _by_recipe("--start", start or [], recipes, read_start),
            small,
        )
        comparison.check()
        try:
            errors, elsewhere = train_all(comparison, fabric, say)
        except KeyboardInterrupt:
            give_up(f"stopped; {out} is saved; the same command goes on", INTERRUPTED)
        if elsewhere:
            say(f"{', '.join(elsewhere)}: still trained by another process, which then judges all")
            return
        entered, about = trained(comparison, protocol, errors)
        results = evaluate(
            [entries.grey(), *entered, entries.truth()],
            find(judged),
            protocol,
            command=command_line(),
            network=network(classifier),
            limit=limit,
            report=say,
        )
        results = with_more(results, about, errors)
        typer.echo(markdown(results), nl=False)
        write(results, out)
        say(f"{out / 'index.html'}: the same as a page")
    if any(row.error for row in results.rows):
        raise typer.Exit(1)


def _for_all(given: list[str], recipes: list[str]) -> list[str]:
    """Expand each ``FILE`` to ``RECIPE=FILE`` for all recipes. Options that name a recipe come last."""
    everywhere = [f"{recipe}={file}" for file in given if "=" not in file for recipe in recipes]
    return everywhere + [each for each in given if "=" in each]


def _by_recipe(
    option: str, given: list[str], recipes: list[str], read: Callable[[Path], Read]
) -> dict[str, Read]:
    """Read the file of each ``RECIPE=FILE`` option. The keys are the names of the recipes' rows."""
    names, files = {Path(recipe).stem for recipe in recipes}, {}
    for each in given:
        recipe, equals, file = each.partition("=")
        if not equals or not file:
            give_up(f"{option} {each}: write RECIPE=FILE", 2)
        if Path(recipe).stem not in names:
            give_up(f"{option} {each}: {recipe} is not among the recipes that are compared", 2)
        files[Path(recipe).stem] = read(Path(file))
    return files
