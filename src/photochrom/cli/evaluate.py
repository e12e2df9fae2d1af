"""``photochrom evaluate``: measure the quality of a model's colours."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.console import give_up, say
from photochrom.cli.laboratory import laboratory

INCEPTION_SIDE = 299

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
Inception = Annotated[
    Path | None,
    typer.Option(metavar="FILE.onnx", help="Inception-v3 up to its 2,048 pooled features, for FID."),
]
Lpips = Annotated[
    Path | None, typer.Option("--lpips", metavar="FILE", help="VGG-16 with its ImageNet weights, for LPIPS.")
]
Films = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Colour films, or a folder of frames for each, for CDC and warp error: how steady colours are.",
    ),
]
Size = Annotated[int, typer.Option(help="Side of the measured pictures in pixels.")]
Limit = Annotated[int | None, typer.Option(min=1, help="About this many photos, spread over the folder.")]


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
    inception: Inception = None,
    lpips: Lpips = None,
    films: Films = None,
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
        from photochrom.bench.films import find_films, with_films
        from photochrom.bench.markdown import markdown
        from photochrom.bench.protocol import Protocol
        from photochrom.data.sources import find

        shots = find_films(films) if films is not None else []
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
            inception=inception_of(inception),
            backbone=backbone(lpips),
            limit=limit,
            worst=worst,
            report=say,
        )
        if shots:
            results = with_films(results, entered, shots, protocol, say)
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


def inception_of(file: Path | None) -> Any:
    """The Inception network in `file`, fed as FID's authors feed it, or None."""
    if file is None:
        return None
    from photochrom.metrics.network import OnnxNetwork

    half = (0.5, 0.5, 0.5)
    return OnnxNetwork(file, mean=half, std=half, side=INCEPTION_SIDE, fit="stretch")


def backbone(file: Path | None) -> Any:
    """VGG-16 with the weights in `file`, as LPIPS compares its layers, or None."""
    if file is None:
        return None
    from photochrom.nets.vgg16 import vgg16_lpips
    from photochrom.training.pretrained import read_tensors

    net = vgg16_lpips().eval()
    try:
        net.load_imagenet(read_tensors(file))
    except ValueError as error:
        raise ValueError(f"{file}: not VGG-16 with its ImageNet weights ({error})") from None
    return net


def write(results: Results, out: Path) -> None:
    """Write the results to `out` as JSON, Markdown and HTML."""
    from photochrom.bench.markdown import markdown
    from photochrom.bench.page import page

    out.mkdir(parents=True, exist_ok=True)
    results.save(out / "results.json")
    (out / "results.md").write_text(markdown(results), encoding="utf-8")
    (out / "index.html").write_text(page(results), encoding="utf-8")


def command_line() -> str:
    """The command as the user typed it."""
    return shlex.join(["photochrom", *sys.argv[1:]])
