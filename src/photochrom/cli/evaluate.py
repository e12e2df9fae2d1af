"""``photochrom evaluate``: how good are a model's colours?"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.console import give_up, say
from photochrom.cli.laboratory import laboratory

if TYPE_CHECKING:
    from photochrom.bench.results import Results

Crop = Annotated[str, typer.Option("--fit", metavar="crop|stretch", help="How photos become squares.")]
Merge = Annotated[
    str,
    typer.Option(
        metavar="luma|lab", help="luma: the product's own result. lab: the network's ab, as papers do."
    ),
]
Classifier = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Classifier of colour photos for top-1 and Frechet: MobileNetV2, EfficientNet-Lite or .onnx.",
    ),
]
Size = Annotated[int, typer.Option(help="Side in pixels at which all is measured.")]
Limit = Annotated[int | None, typer.Option(min=1, help="About so many photos, spread over the folder.")]


def evaluate(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Names, .onnx files, or folders of runs.")
    ] = None,
    *,
    data: Annotated[str, typer.Option(metavar="PATH", help="Colour photos: a folder or a .tar.")],
    pictures: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FOLDER", help="Pictures that another tool has made of the same photos."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for results.json, results.md and index.html.")
    ] = None,
    size: Size = 256,
    fit: Crop = "crop",
    merge: Merge = "luma",
    classifier: Classifier = None,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    worst: Annotated[
        bool, typer.Option("--worst", help="The page shows the photos that the first model does worst.")
    ] = False,
) -> None:
    """Score models, and doing nothing, on colour photos that they get in grey."""
    with laboratory():
        from photochrom.bench import entries
        from photochrom.bench.evaluate import evaluate as score
        from photochrom.bench.markdown import markdown
        from photochrom.bench.protocol import Protocol
        from photochrom.data.sources import find

        protocol = Protocol(size, fit, merge, seed)  # type: ignore[arg-type]
        entered = [entries.grey()]
        entered += [entries.model(name, protocol) for name in models or []]
        for given in pictures or []:
            name, equals, folder = given.partition("=")
            if not equals:
                give_up(f"--pictures {given}: write NAME=FOLDER", 2)
            entered.append(entries.pictures(name, Path(folder)))
        entered.append(entries.truth())
        results = score(
            entered,
            find(data),
            protocol,
            command=command_line(),
            network=network(classifier),
            limit=limit,
            worst=worst,
            report=say,
        )
        typer.echo(markdown(results), nl=False)
        if out is not None:
            write(results, out)
            say(f"{out / 'index.html'}: the same as a page")
    if any(row.error for row in results.rows):
        raise typer.Exit(1)


def network(file: Path | None) -> Any:
    """The classifier in `file`, or None."""
    if file is None:
        return None
    if file.suffix == ".onnx":
        from photochrom.metrics.network import OnnxNetwork

        return OnnxNetwork(file)
    from photochrom.nets.classifier import pretrained_classifier
    from photochrom.training.pretrained import read_tensors

    return pretrained_classifier(read_tensors(file))


def write(results: Results, out: Path) -> None:
    """The results in `out`: for programs, for documents, for people."""
    from photochrom.bench.markdown import markdown
    from photochrom.bench.page import page

    out.mkdir(parents=True, exist_ok=True)
    results.save(out / "results.json")
    (out / "results.md").write_text(markdown(results), encoding="utf-8")
    (out / "index.html").write_text(page(results), encoding="utf-8")


def command_line() -> str:
    """The command as the user typed it."""
    return shlex.join(["photochrom", *sys.argv[1:]])
