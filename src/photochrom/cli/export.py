"""``photochrom export``: write a trained run as one ONNX file, optionally with smaller weights."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from photochrom.cli.console import give_up, say
from photochrom.cli.laboratory import laboratory

MEASURED, COMPARED = 32, 16
"""Numbers of photos: some calibrate the quantization, others compare the result with fp32."""


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_OR_MODEL", help="A run's folder, one of its checkpoints, or an exported .onnx file."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.onnx|FILE.safetensors",
            help="The model to write; a .safetensors file is for `train --start`.",
        ),
    ],
    card: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Name, description, licence, size, temperature, ... of the model."
        ),
    ] = None,
    weights: Annotated[
        Literal["fp32", "fp16", "w8", "int8"],
        typer.Option(
            help="fp16 halves the file, w8 quarters it; both compute in fp32. int8 computes in int8 too."
        ),
    ] = "fp32",
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Photos for w8 and int8: folders or .tar files, some 50 photos."),
    ] = None,
) -> None:
    """Export a trained generator to ONNX, for `photochrom colorize --model FILE.onnx` at any picture size."""
    if output.suffix not in (".onnx", ".safetensors"):
        give_up(f"-o {output}: name a file that ends in .onnx or .safetensors", 2)
    if output.suffix == ".safetensors" and (run.suffix == ".onnx" or weights != "fp32"):
        give_up(
            f"-o {output}: holds the weights of a run, in fp16, and takes neither --weights nor a model", 2
        )
    if weights in ("w8", "int8") and not data:
        give_up(f"--weights {weights} is calibrated on photos; give --data FOLDER or --data FILE.tar", 2)
    with laboratory():
        about = _card(card) if card else {}
        if output.suffix == ".safetensors":
            from photochrom.training.export import export_weights, load_trained

            export_weights(load_trained(run), output)
            said = "a run can start from it"
        elif run.suffix != ".onnx" and weights == "fp32":
            from photochrom.training.export import export as write
            from photochrom.training.export import load_trained

            difference = write(load_trained(run), output, about)
            said = f"its colours differ from torch's by {difference:.1g} Lab units at most"
        else:
            said = _quantized(_exported(run, about), output, weights, data)
    size = output.stat().st_size / 1e6
    say(f"{output}: {size:.1f} MB; {said}")


def _exported(run: Path, card: dict[str, Any]) -> bytes:
    """Export a run, or change the metadata of an exported file to those of `card`."""
    from photochrom.modelfile.onnx_file import restated, upgraded

    if run.suffix == ".onnx":
        return restated(upgraded(run.read_bytes(), str(run)), **card)
    from photochrom.training.export import export as write
    from photochrom.training.export import load_trained

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        write(load_trained(run), file, card)
        return file.read_bytes()


def _quantized(
    model: bytes, output: Path, weights: Literal["fp32", "fp16", "w8", "int8"], data: list[str] | None
) -> str:
    """Write the file, and describe the accuracy of its colours."""
    from photochrom.files import write_atomic
    from photochrom.modelfile.onnx_file import read_metadata
    from photochrom.training.calibration import difference, feeds_of, invented
    from photochrom.training.quantize import half, int8, packed

    if weights == "fp32":
        write_atomic(output, model, overwrite=True)
        return f"{read_metadata(model).get('weights', 'fp32')} as it was"
    if data:
        from photochrom.data.dataset import PhotoDataset
        from photochrom.data.sources import find_all

        photos = PhotoDataset.load(find_all(data), limit=MEASURED + COMPARED, short_side=512)
    else:
        photos = invented(COMPARED)
    feeds = feeds_of(model, photos)
    # With few photos, a third is set aside. The calibration photos cannot show the error on other photos.
    aside = min(COMPARED, -(-len(feeds) // 3)) if weights != "fp16" else len(feeds)
    measured, compared = feeds[aside:], feeds[:aside]
    if weights == "fp16":
        smaller = half(model)
    elif not measured:
        raise ValueError(f"{', '.join(data or [])}: one photo is too few to calibrate on")
    else:
        smaller = (packed if weights == "w8" else int8)(model, measured)
    apart = difference(model, smaller, compared)
    write_atomic(output, smaller, overwrite=True)
    of = "photos" if data else "invented pictures"
    return f"its colours are the fp32 file's to CIEDE2000 {apart:.2g} on {len(compared)} {of}"


def _card(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(about, dict):
        raise ValueError(f"{path}: must hold one JSON object")
    return about
