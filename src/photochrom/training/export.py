"""Checkpoint to ONNX, with metadata that says all the engine and a curious user need to know."""

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from photochrom._version import __version__
from photochrom.nets.photochrom import Photochrom
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.loop import NETS
from photochrom.training.recipe import Recipe

METADATA_KEY = "photochrom"


class _Deployed(nn.Module):
    """The net as the engine calls it."""

    def __init__(self, net: Photochrom) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, lightness: Tensor, hints: Tensor, temperature: Tensor, vividness: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return self.net.predict(lightness, hints, temperature, vividness)


def load_net(run: Path) -> tuple[Photochrom, dict[str, str]]:
    """The averaged net of a training run's folder, in eval mode, and the checkpoint's metadata."""
    tensors, metadata = load_checkpoint(run / "last.safetensors")
    recipe = Recipe.model_validate_json(metadata["recipe"])
    net = NETS[recipe.net]()
    net.load_state_dict({k.removeprefix("ema."): v for k, v in tensors.items() if k.startswith("ema.")})
    return net.eval(), metadata


def export(net: Photochrom, path: Path, metadata: dict[str, Any]) -> None:
    """Write `net` as an ONNX file for any batch, and any sides that are multiples of 32.

    Raises
    ------
    RuntimeError
        If ONNX Runtime's answer differs from torch's by more than 1e-3 Lab units.
    """
    example = (
        torch.rand(2, 1, 64, 96) * 100,
        torch.zeros(2, 3, 64, 96),
        torch.tensor(0.5),
        torch.tensor(0.5),
    )
    batch = torch.export.Dim("batch", min=1, max=1024)
    # In cells of 32: the graph then knows that every scale halves without a remainder.
    cells = [torch.export.Dim(name, min=1, max=128) for name in ("rows", "columns")]
    sides = {2: 32 * cells[0], 3: 32 * cells[1]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _Deployed(net.eval()),
            example,
            dynamo=True,
            verbose=False,
            input_names=["lightness", "hints", "temperature", "vividness"],
            output_names=["ab", "confidence", "logits"],
            dynamic_shapes=({0: batch, **sides}, {0: batch, **sides}, {}, {}),
        )
    assert program is not None
    model = program.model_proto
    described = {"parameters": sum(p.numel() for p in net.parameters()), "version": __version__} | metadata
    del model.metadata_props[:]
    for node in model.graph.node:
        # The exporter leaves stack traces with this machine's paths on every node.
        del node.metadata_props[:]
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(described)})
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    _compare(net, data)
    path.write_bytes(data)


def _compare(net: Photochrom, data: bytes) -> None:
    import onnxruntime as ort

    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    # Another shape than the example's: it is the dynamic sides that go wrong unnoticed.
    inputs = (torch.rand(1, 1, 96, 32) * 100, torch.zeros(1, 3, 96, 32), torch.tensor(0.7), torch.tensor(0.3))
    with torch.no_grad():
        expected = net.predict(*inputs)[0].numpy()
    names = ("lightness", "hints", "temperature", "vividness")
    got = session.run(["ab"], {name: x.numpy() for name, x in zip(names, inputs, strict=True)})[0]
    difference = float(abs(got - expected).max())
    if not difference <= 1e-3:
        raise RuntimeError(f"the exported model differs from the trained one by {difference:g} Lab units")


def main() -> None:
    """``python -m photochrom.training.export RUN -o FILE.onnx --metadata CARD.json``."""
    parser = argparse.ArgumentParser(prog="python -m photochrom.training.export")
    parser.add_argument("run", type=Path, help="a folder that training left")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument(
        "--metadata", type=Path, help="JSON: name, description, licence, size, temperature, ..."
    )
    args = parser.parse_args()
    net, checkpoint = load_net(args.run)
    card = json.loads(args.metadata.read_text(encoding="utf-8")) if args.metadata else {}
    trained = {"recipe": json.loads(checkpoint["recipe"]), "step": int(checkpoint["step"])}
    export(net, args.output, {"name": args.output.stem, "trained": trained} | card)
    print(f"{args.output}: {args.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
