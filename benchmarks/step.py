"""Photos a second of the default model's training step, with and without our depthwise gradients.

    python benchmarks/step.py DATA [--recipe photochrom] [--size 96] [--batch 48] [--threads 2]

DATA is a folder or .tar of photos. The steps of both kinds are made in turns, on batches that are ready, so decoding
does not count. "plain" computes depthwise convolutions as torch does; "ours" as `photochrom.nets.convolution` does.
The rates are medians over the rounds. `--precision 32-true` measures without bfloat16.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from photochrom.data.stream import load
from photochrom.nets.convolution import DepthwiseConv, SameConv
from photochrom.training.batches import Batch, make_batch
from photochrom.training.networks import build_networks
from photochrom.training.recipe import load_recipe
from photochrom.training.steps import Step, make_step

OURS = DepthwiseConv.forward


def seconds(step: Step, batches: list[Batch], steps: int) -> float:
    """Seconds of `steps` steps."""
    start = time.perf_counter()
    for number in range(steps):
        step.begin(number, number)
        step.step(batches[number % len(batches)])
    return time.perf_counter() - start


def main() -> None:
    """Parse the command line and print both rates and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--recipe", default="photochrom")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="bf16-mixed")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    recipe = load_recipe(args.recipe)
    photos = load([args.data], limit=4 * args.batch)
    fabric = Fabric(accelerator="cpu", devices=1, precision=args.precision)
    with tempfile.TemporaryDirectory() as folder:
        networks = build_networks(recipe, fabric, Path(folder))
    networks.generator.to(memory_format=torch.channels_last)
    settings = recipe.steps[recipe.stages[0].step]
    settings.prepare(networks, photos)
    step = make_step(networks, settings)
    for learner in step.learners:
        learner.net.train()
    rngs = [np.random.default_rng(i) for i in range(args.batch)]
    places = np.arange(len(photos))
    batches = [
        make_batch(photos, np.roll(places, -i * args.batch)[: args.batch], args.size, rngs, recipe, 4)
        for i in range(2)
    ]
    spent: dict[str, list[float]] = {"plain": [], "ours": []}
    for round_ in range(args.rounds + 1):
        for name, forward in (("plain", SameConv.forward), ("ours", OURS)):
            DepthwiseConv.forward = forward  # type: ignore[method-assign]
            took = seconds(step, batches, args.steps if round_ else 2)
            # The first round allocates.
            if round_:
                spent[name].append(took)
    rates = {name: args.steps * args.batch / statistics.median(took) for name, took in spent.items()}
    print(f"{args.size} px, batches of {args.batch}, {args.threads} threads, {args.precision}")
    for name, rate in rates.items():
        print(f"{name}: {rate:.1f} photos a second")
    print(f"ours / plain: {rates['ours'] / rates['plain']:.2f}")


if __name__ == "__main__":
    main()
