"""The loop's own cost, measured: against a bare torch loop, and waiting for a streamed folder.

    python benchmarks/training.py DATA [--size 256] [--batch 4] [--steps 8] [--rounds 3]

DATA is a folder of photos of at least `--size` pixels. Both loops train the same networks with the same losses on the
same photos in memory, in turns; a rate is that of the steps after the first two, so that building, saving and
the first step's allocations do not count. On a GPU: --device cuda --precision bf16-mixed.
"""

import argparse
import csv
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from photochrom.color.lab import grey_to_lightness, rgb_to_lab
from photochrom.color.luma import rgb_to_luma
from photochrom.data.augment import random_resized_crops
from photochrom.data.dataset import PhotoDataset
from photochrom.data.stream import PhotoStream, load
from photochrom.nets.patchgan import patchgan
from photochrom.nets.pix2pix_unet import pix2pix_unet
from photochrom.training.budget import Budget
from photochrom.training.loop import train
from photochrom.training.recipe import Recipe, load_recipe
from photochrom.training.sizes import resized

WARM = 2


def ours(
    recipe: Recipe, photos: PhotoDataset | PhotoStream, steps: int, fabric: Fabric
) -> tuple[float, list[dict[str, str]]]:
    """Seconds of `steps` steps of the loop, and its log."""

    def seconds(count: int) -> tuple[float, list[dict[str, str]]]:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            train(recipe, photos, Path(folder), Budget(steps=count), fabric=fabric)
            spent = time.perf_counter() - start
            with (Path(folder) / "log.csv").open(newline="") as file:
                return spent, list(csv.DictReader(file))

    short, _ = seconds(WARM)
    long, log = seconds(WARM + steps)
    return long - short, log


def bare(
    photos: PhotoDataset, size: int, batch: int, steps: int, device: torch.device, precision: str
) -> float:
    """Seconds of `steps` steps of pix2pix as a script would write it: L1 with lambda 100, BCE, two Adams."""
    generator = pix2pix_unet().to(device, memory_format=torch.channels_last)
    discriminator = patchgan().to(device, memory_format=torch.channels_last)
    first, second = (
        torch.optim.Adam(net.parameters(), 1e-4, betas=(0.5, 0.999)) for net in (generator, discriminator)
    )
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    rng = np.random.default_rng(0)
    start = 0.0
    for step in range(WARM + steps):
        if step == WARM:
            _wait(device)
            start = time.perf_counter()
        indices = rng.integers(len(photos), size=batch)
        rgb = random_resized_crops(photos, indices, size, rng.spawn(batch)).to(device)
        lightness = grey_to_lightness(rgb_to_luma(rgb, axis=1)[:, None]) / 50 - 1
        truth = rgb_to_lab(rgb, axis=1)[:, 1:] / 110
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16-mixed"):
            fake = generator(lightness)
            discriminator.requires_grad_(True)
            real_logits = discriminator(torch.cat([lightness, truth], 1))
            fake_logits = discriminator(torch.cat([lightness, fake.detach()], 1))
            loss = (
                entropy(real_logits, torch.ones_like(real_logits))
                + entropy(fake_logits, torch.zeros_like(fake_logits))
            ) / 2
        second.zero_grad(set_to_none=True)
        loss.backward()
        second.step()
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16-mixed"):
            discriminator.requires_grad_(False)
            logits = discriminator(torch.cat([lightness, fake], 1))
            loss = 100 * (fake - truth).abs().mean() + entropy(logits, torch.ones_like(logits))
        first.zero_grad(set_to_none=True)
        loss.backward()
        first.step()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="32-true")
    args = parser.parse_args()
    fabric = Fabric(
        accelerator="gpu" if args.device == "cuda" else args.device, devices=1, precision=args.precision
    )
    photos = load([args.data], limit=64, resident=True, device=fabric.device)
    recipe = load_recipe("pix2pix-unet", [f"stages.0.batch={args.batch}"])
    recipe = resized(recipe, args.size)
    pairs = [
        (
            ours(recipe, photos, args.steps, fabric)[0],
            bare(photos, args.size, args.batch, args.steps, fabric.device, args.precision),
        )
        for _ in range(args.rounds)
    ]
    count = args.steps * args.batch
    print(f"device {fabric.device}, {args.precision}, {args.size} px, batch {args.batch}")
    print("| what | measured | target |\n| --- | --- | --- |")
    ratio = statistics.median(theirs / mine for mine, theirs in pairs)
    rates = [statistics.median(count / pair[i] for pair in pairs) for i in (0, 1)]
    what = "pix2pix-unet step, photos/s of the loop / of a bare torch loop"
    print(f"| {what} | {ratio:.2f} ({rates[0]:.2f} / {rates[1]:.2f}) | at least 0.95 |", flush=True)
    for name, size in (("pix2pix-unet", args.size), ("photochrom", 160)):
        streamed = load([args.data], resident=False)
        recipe = resized(load_recipe(name, [f"stages.{i}.batch={args.batch}" for i in range(1)]), size)
        _, log = ours(recipe, streamed, args.steps, fabric)
        share = max(float(row["loader_share"]) for row in log)
        print(
            f"| {name}, streamed folder: the loader's share of the time | {share:.1%} | at most 10 % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
