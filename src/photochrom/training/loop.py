"""The loop: one recipe, some photos, a budget."""

import csv
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.color.lab import grey_to_lightness, rgb_to_lab
from photochrom.color.luma import rgb_to_luma
from photochrom.color.quantize import class_weights, prior_of
from photochrom.data.augment import age, random_crops, random_hints
from photochrom.data.shards import PhotoSet
from photochrom.losses.classification import RebalancedCrossEntropy
from photochrom.nets.photochrom import Photochrom, photochrom, test_photochrom
from photochrom.training.checkpoint import (
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
)
from photochrom.training.recipe import Recipe

NETS = {"photochrom": photochrom, "test_photochrom": test_photochrom}
OUTPUT_STRIDE = 4


@dataclass
class Batch:
    """One training batch: what goes in, and the truth at a quarter of the size."""

    lightness: Tensor
    hints: Tensor
    ab: Tensor


@dataclass
class Budget:
    """How long to train: minutes of wall clock or a number of steps (exactly reproducible)."""

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise ValueError("give either minutes or steps")
        if (self.minutes or self.steps or 0) <= 0:
            raise ValueError("the budget must be more than 0")

    def progress(self, steps: int, seconds: float) -> float:
        """The share of the budget that is spent, in [0, 1]."""
        spent = steps / self.steps if self.steps is not None else seconds / 60 / (self.minutes or 1)
        return min(1.0, spent)


def train(
    recipe: Recipe,
    photos: PhotoSet,
    out: Path,
    budget: Budget,
    *,
    encoder: dict[str, Tensor] | None = None,
    resume: bool = False,
    save_minutes: float = 4,
) -> Photochrom:
    """Train `recipe` on `photos` and leave `last.safetensors` and `log.csv` in `out`.

    Parameters
    ----------
    encoder : published ImageNet weights of the encoder, or None to start from noise
    resume : go on from ``out/last.safetensors``

    Returns
    -------
    The net with its averaged (EMA) weights, in eval mode.

    Raises
    ------
    FloatingPointError
        If the loss or its gradient is not finite; the message names the step and the batch's photos.
    ValueError
        If no photo is large enough for a stage, or the checkpoint to resume from is not whole.
    """
    torch.manual_seed(recipe.seed)
    out.mkdir(parents=True, exist_ok=True)
    net = NETS[recipe.net]()
    if encoder is not None:
        net.encoder.load_imagenet(encoder)
    # channels_last is 1.5 times faster for depthwise nets on a CPU.
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average_of = torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.optimizer.ema)  # type: ignore[no-untyped-call]
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=average_of, use_buffers=True)
    averaged = cast(Photochrom, average.module)
    optimizer = _optimizer(net, recipe)

    weights = class_weights(_prior(photos, net.bins), recipe.loss.mix)
    net.log_weights.copy_(weights.log())
    averaged.log_weights.copy_(net.log_weights)
    criterion = RebalancedCrossEntropy(net.bins, weights)

    step, before = 0, 0.0
    if resume:
        tensors, metadata = load_checkpoint(out / "last.safetensors")
        net.load_state_dict(_under("net.", tensors))
        averaged.load_state_dict(_under("ema.", tensors))
        restore_optimizer(optimizer, tensors)
        step, before = int(metadata["step"]), float(metadata["seconds"])
        average.n_averaged.fill_(step)

    def save() -> None:
        tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
        tensors |= {f"ema.{k}": v for k, v in averaged.state_dict().items()}
        save_checkpoint(
            out / "last.safetensors",
            tensors | optimizer_tensors(optimizer),
            {"recipe": recipe.model_dump_json(), "step": step, "seconds": seconds, "photos": str(photos)},
        )

    def spent(step: int) -> float:
        return budget.progress(step, seconds)

    now = start = saved = logged = time.monotonic()
    seconds, seen, total, size = before, 0, 0.0, 0
    with (out / "log.csv").open("a" if resume else "w", newline="") as file:
        log = csv.writer(file)

        def report(size: int) -> None:
            # A coarse clock may not have moved since the last row.
            rate = seen / max(now - logged, 1e-9)
            row = [step, round(seconds), size, round(rate, 1), round(total / seen, 4)]
            log.writerow(row)
            file.flush()
            print(*row, sep="\t", flush=True)

        if file.tell() == 0:
            log.writerow(["step", "seconds", "size", "photos_per_second", "loss"])
        try:
            for keys, batch, size in _batches(recipe, photos, step, spent):
                _set_rate(optimizer, spent(step), recipe)
                net.train()
                logits = net(batch.lightness, batch.hints)
                loss = criterion(logits, batch.ab)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                norm = nn.utils.clip_grad_norm_(net.parameters(), recipe.optimizer.clip)
                # The gradient too: clipping an infinite one would make every weight NaN.
                if not torch.isfinite(loss + norm):
                    # The batch is already in the running statistics; those of the average are still clean.
                    for ours, clean in zip(net.buffers(), averaged.buffers(), strict=True):
                        ours.copy_(clean)
                    what = f"the loss is {loss.item()}, its gradient's norm {norm.item()}"
                    raise FloatingPointError(f"step {step}: {what}; photos: {keys}")
                optimizer.step()
                average.update_parameters(net)

                step, seen, total = step + 1, seen + len(keys), total + loss.item() * len(keys)
                now = time.monotonic()
                seconds = before + now - start
                if now - logged > 30:
                    report(size)
                    logged, seen, total = now, 0, 0.0
                if now - saved > save_minutes * 60:
                    save()
                    saved = now
        finally:
            # Also after Ctrl-C or a NaN: what was learned so far is kept. Before the first step that is nothing.
            if step:
                save()
            if seen:
                report(size)
    return averaged.eval()


def prepare(rgb: Tensor, recipe: Recipe, rng: np.random.Generator) -> Batch:
    """Make a training batch of colour crops ``(B, 3, H, W)``: grey as a camera saw it, hints and truth."""
    grey = age(rgb_to_luma(rgb, axis=1)[:, None], rng, share=recipe.data.aged)
    # The colour of the mean is what a quarter-size net can know; its Lab costs a sixteenth.
    ab = rgb_to_lab(F.avg_pool2d(rgb, OUTPUT_STRIDE), axis=1)[:, 1:]
    full = F.interpolate(ab, scale_factor=OUTPUT_STRIDE, mode="nearest")
    hints = random_hints(full, rng, share=recipe.data.hinted)
    return Batch(grey_to_lightness(grey).contiguous(memory_format=torch.channels_last), hints, ab)


def _batches(
    recipe: Recipe, photos: PhotoSet, step: int, progress: Callable[[int], float]
) -> Iterator[tuple[list[str], Batch, int]]:
    """Batches until the budget is spent, the next one made while the net works on this one."""

    def make(step: int, size: int, count: int) -> tuple[list[str], Batch, int]:
        # A generator per step: a resumed run draws what the unbroken one would have drawn.
        rng = np.random.default_rng((recipe.seed, step))
        chosen = rng.choice(eligible[size], count)
        crops = random_crops(
            [photos.photos[i] for i in chosen], size, rng, smallest=recipe.data.smallest_crop
        )
        return [photos.keys[i] for i in chosen], prepare(crops, recipe, rng), size

    eligible: dict[int, NDArray[np.intp]] = {
        stage.size: np.flatnonzero([min(p.shape[:2]) >= stage.size for p in photos.photos])
        for stage in recipe.stages
    }
    for size, indices in eligible.items():
        if not len(indices):
            raise ValueError(f"no photo is as large as the recipe's {size} px")
    with ThreadPoolExecutor(max_workers=1) as pool:

        def submit(step: int) -> Future[tuple[list[str], Batch, int]]:
            # By the step's own progress, also ahead of time: a run resumed at it asks for the same stage.
            stage = recipe.stage(progress(step))
            return pool.submit(make, step, stage.size, stage.batch)

        waiting = None
        while progress(step) < 1:
            current = waiting or submit(step)
            waiting = submit(step + 1) if progress(step + 1) < 1 else None
            yield current.result()
            step += 1


def _optimizer(net: Photochrom, recipe: Recipe) -> torch.optim.Optimizer:
    settings = recipe.optimizer
    if settings.frozen_blocks:
        net.encoder.stem.requires_grad_(False)
        net.encoder.blocks[: settings.frozen_blocks].requires_grad_(False)
    encoder = [p for p in net.encoder.parameters() if p.requires_grad]
    ours = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    return torch.optim.AdamW(
        [{"params": encoder, "peak": settings.encoder_rate}, {"params": ours, "peak": settings.rate}],
        lr=settings.rate,
        weight_decay=settings.weight_decay,
    )


def _set_rate(optimizer: torch.optim.Optimizer, progress: float, recipe: Recipe) -> None:
    warm = min(1.0, progress / recipe.optimizer.warmup) if recipe.optimizer.warmup else 1.0
    factor = warm * 0.5 * (1 + math.cos(math.pi * progress))
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


def _prior(photos: PhotoSet, bins: Tensor) -> Tensor:
    """The distribution of colours over the bins, from up to 2,000 photos at 16 px."""
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(photos))[:2000]
    small = random_crops([photos.photos[i] for i in chosen], 16, rng)
    prior: Tensor = prior_of(rgb_to_lab(small, axis=1)[:, 1:].permute(0, 2, 3, 1), bins)
    return prior


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
