"""The training loop. It trains one recipe on some photos for a given budget, and all ways of training use it."""

import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from photochrom.errors import CheckpointError, RecipeError
from photochrom.nets.registry import DISTRIBUTION_NETS
from photochrom.training.batches import Batch, Loader, Photos, advance
from photochrom.training.budget import Budget, Position
from photochrom.training.checkpoint import (
    BEST,
    LAST,
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
    under,
)
from photochrom.training.interrupts import deferred_interrupts
from photochrom.training.networks import Networks, Pretrained, build_networks
from photochrom.training.normalization import recompute_statistics
from photochrom.training.recipe import Recipe, Stage
from photochrom.training.run_logger import RunLogger
from photochrom.training.saving import Saving, description, resumed
from photochrom.training.steps import Step, make_step
from photochrom.training.steps.base import Losses
from photochrom.training.validation import Validation

__all__ = ["Loop", "Saving", "train"]

STATISTICS = 24
"""The number of batches from which the averaged network's batch norm statistics are computed."""


def train(
    recipe: Recipe,
    photos: Photos,
    out: Path,
    budget: Budget,
    *,
    validation: Photos | None = None,
    pretrained: Pretrained | None = None,
    fabric: Fabric | None = None,
    resume: bool = False,
    saving: Saving | None = None,
) -> nn.Module:
    """Train `recipe` on `photos`; leave ``last.safetensors``, ``best.safetensors`` and ``log.csv`` in `out`.

    Parameters
    ----------
    validation : photos on which the best checkpoint is chosen by PSNR; None chooses none
    pretrained : weights of encoders, or of the whole generator; None starts from random weights
    fabric : devices, precision and processes; None is this process on the CPU in float32
    resume : continue from ``out/last.safetensors``, which must be of the same recipe

    Returns
    -------
    The generator in eval mode. It has averaged weights if the recipe asks for an average.

    Raises
    ------
    FloatingPointError
        If a loss or its gradient is not finite; the message names the step and the batch's photos. The last
        checkpoint stays as it was.
    KeyboardInterrupt
        After Ctrl-C, once the step is done and the checkpoint written.
    RecipeError, CheckpointError, ValueError
    """
    fabric = fabric or Fabric(accelerator="cpu", devices=1)
    torch.manual_seed(recipe.seed)
    out.mkdir(parents=True, exist_ok=True)
    networks = build_networks(recipe, fabric, out, pretrained)
    _check_sizes(recipe, int(networks.generator.multiple))
    for settings in recipe.steps.values():
        settings.prepare(networks, photos)
    begun = pretrained.start.about if pretrained is not None and pretrained.start is not None else None
    loop = Loop(networks, photos, budget, saving or Saving(), begun)
    if resume:
        loop.restore()
    return loop.run(validation)


class Loop:
    """One training run. It holds the networks and the position, and writes log and checkpoints into its folder.

    Parameters
    ----------
    networks : built and prepared; `Loop` moves them to the device
    begun : the metadata of the checkpoint that the run starts from, or None
    """

    def __init__(
        self,
        networks: Networks,
        photos: Photos,
        budget: Budget,
        saving: Saving,
        begun: dict[str, Any] | None = None,
    ) -> None:
        self.networks, self.recipe, self.fabric = networks, networks.recipe, networks.fabric
        self.photos, self.budget, self.saving, self.begun = photos, budget, saving, begun
        self.last, self.best_file = networks.folder / LAST, networks.folder / BEST
        for module in networks.modules().values():
            # On a CPU this layout trains depthwise nets 1.5 times faster. Tensor cores use it too.
            module.to(self.fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if networks.features is not None:
            networks.features.to(self.fabric.device)
        self.average = _averaged(networks.generator, self.recipe.ema)
        self.position, self.best, self.saved = Position(), float("-inf"), 0.0
        self.stage = self.recipe.stage(0)
        self.step: Step | None = None
        self.loader: Loader | None = None
        self.logger: RunLogger | None = None
        self.check: Validation | None = None
        # The step in which the resumed run stopped, and the checkpoint's tensors with the state of its optimizers.
        self.restored: tuple[str, dict[str, Tensor]] = "", {}
        self.stopping = threading.Event()
        self.started = 0.0

    @property
    def judged(self) -> nn.Module:
        """The generator that is validated and returned. It has averaged weights if the recipe asks for an average."""
        net: nn.Module = self.networks.generator if self.average is None else self.average.module
        return net

    def restore(self) -> None:
        """Continue from the last checkpoint in the folder.

        Raises
        ------
        CheckpointError
            If there is no checkpoint, or it is of another recipe.
        """
        tensors, metadata = load_checkpoint(self.last)
        self.position, self.best, in_step = resumed(self.recipe, metadata, self.last)
        self.begun = json.loads(metadata.get("start", "null"))
        self.saved, self.restored = self.position.seconds, (in_step, tensors)
        try:
            for prefix, module in self._modules().items():
                module.load_state_dict(under(prefix, tensors))
        except RuntimeError as error:
            what = f"does not hold this recipe's networks ({error})"
            raise CheckpointError(str(self.last), what) from None
        if self.average is not None:
            self.average.n_averaged.fill_(self.position.step)

    def run(self, validation: Photos | None = None) -> nn.Module:
        """Train until the budget is spent, and save. It raises the errors that `train` lists."""
        loader = self._begin(validation)
        with deferred_interrupts(self.stopping):
            for at, stage, batch in loader.batches(self.position, self.clock):
                waited = loader.waited
                step = self._enter(stage)
                losses = self._learn(step, at, batch)
                self.position = advance(self.recipe, self.progress, at, stage, self.clock())
                self.stage = stage
                self._record(losses, waited)
                if self.stopping.is_set():
                    break
            self._save(last=True)
        if self.logger is not None:
            self.logger.close()
        if self.stopping.is_set():
            raise KeyboardInterrupt
        return self.judged.eval()

    def progress(self, position: Position) -> float:
        """Return the share, in [0, 1], of the budget that is spent at `position`."""
        return self.budget.progress(position, len(self.photos))

    def clock(self) -> float:
        """Return the seconds that the run has taken. The time before it was resumed counts too."""
        seconds, stop = self.budget.now() - self.started, self.stopping.is_set()
        # The first process decides for all, because all must change stages and stop at the same step.
        if self.fabric.world_size > 1:
            seconds, stop = self.fabric.broadcast((seconds, stop))
        if stop:
            self.stopping.set()
        return float(seconds)

    def _begin(self, validation: Photos | None) -> Loader:
        recipe, rank, net = self.recipe, self.fabric.global_rank, self.networks.generator
        self.started = self.budget.now() - self.position.seconds
        self.stage = recipe.stage(self.progress(self.position))
        stride = int(net.stride) if recipe.net.name in DISTRIBUTION_NETS else None
        self.loader = loader = Loader(
            self.photos, recipe, self.progress, stride=stride, rank=rank, world=self.fabric.world_size
        )
        if rank == 0:
            # Only the first process logs and saves.
            if validation is not None:
                self.check = Validation(validation, recipe.stages[-1].size)
            self.logger = RunLogger(self.networks.folder, self.position)
        return loader

    def _enter(self, stage: Stage) -> Step:
        """Return the step of `stage`. If the stage before has the same step, it is the same object."""
        if self.step is not None and stage.step == self.stage.step:
            return self.step
        if self.logger is not None:
            # Each row belongs to one step, because a mean over two kinds of loss has no meaning.
            self.logger.write(self.position, self.stage, self.progress(self.position))
        self.step = make_step(self.networks, self.recipe.steps[stage.step])
        in_step, tensors = self.restored
        for learner in self.step.learners if in_step == stage.step else []:
            restore_optimizer(f"optimizer.{learner.name}", learner.optimizer, tensors)
        self.restored = "", {}
        return self.step

    def _learn(self, step: Step, at: Position, batch: Batch) -> Losses:
        for learner in step.learners:
            learner.set_rates(self.recipe.within_step(self.progress(at)))
            learner.net.train()
        step.begin(at.step, _seed(self.recipe.seed, at.step, self.fabric.global_rank))
        try:
            losses = step.step(batch.to(self.fabric.device))
        except FloatingPointError as error:
            raise FloatingPointError(f"step {at.step}: {error}; photos: {', '.join(batch.keys)}") from None
        if self.average is not None:
            self.average.update_parameters(self.networks.generator)
        return losses

    def _record(self, losses: Losses, waited: float) -> None:
        """Add the step's losses to the log. Write a checkpoint or a row if one is due."""
        if self.logger is not None:
            self.logger.add(losses, self.stage.batch, waited)
        if self.position.seconds - self.saved > self.saving.minutes * 60:
            self._save(last=False)
            self.saved = self.position.seconds
        elif self.logger is not None and self.logger.due(self.position):
            self.logger.write(self.position, self.stage, self.progress(self.position))

    def _save(self, *, last: bool) -> None:
        """Validate, then write a row and the checkpoints. A full disk ends the run only if this save is the `last`."""
        if self.logger is None or self.step is None:
            return
        psnr = None
        if self.average is not None:
            # The statistics of the trained network move with its weights, so their average fits no weights.
            net, space = self.networks.generator, self.networks.space
            recompute_statistics(self.average.module, net, space, self._first_inputs())
        if self.check is not None:
            psnr, picture = self.check.measure(self.judged, self.networks.space)
            self.logger.show(self.position.step, picture)
        self.logger.write(self.position, self.stage, self.progress(self.position), psnr)
        improved = psnr is not None and psnr > self.best
        reached = max(self.best, psnr) if psnr is not None else self.best
        says = description(self.recipe, self.saving, self.photos, self.position, reached, self.stage.step)
        if self.begun is not None:
            says["start"] = self.begun
        weights = {
            f"{prefix}.{key}": value
            for prefix, module in self._modules().items()
            for key, value in module.state_dict().items()
        }
        try:
            if improved:
                save_checkpoint(self.best_file, weights, says)
            self.best = reached
            save_checkpoint(self.last, weights | _optimizers(self.step), says)
        except CheckpointError as error:
            if last:
                raise
            # Hours of work are in memory, and the disk may have room again at the next save.
            print(f"\n{error}; the run goes on", flush=True)

    def _first_inputs(self) -> Iterator[Tensor]:
        """Yield the grey photos that a run of the present stage begins with, the same ones at every save."""
        if self.loader is None:
            return
        for step in range(min(STATISTICS, math.ceil(len(self.photos) / self.stage.batch))):
            yield self.loader.make(Position(step, step * self.stage.batch), self.stage).grey

    def _modules(self) -> dict[str, nn.Module]:
        """Return all trained networks and the average, by the prefix of their weights in a checkpoint."""
        averaged = {"ema": self.average.module} if self.average is not None else {}
        return self.networks.modules() | averaged


def _optimizers(step: Step) -> dict[str, Tensor]:
    return {
        key: value
        for learner in step.learners
        for key, value in optimizer_tensors(f"optimizer.{learner.name}", learner.optimizer).items()
    }


def _check_sizes(recipe: Recipe, multiple: int) -> None:
    for i, stage in enumerate(recipe.stages):
        for key, sizes in (("size", [stage.size]), ("other_sizes", stage.other_sizes)):
            for size in sizes:
                if size % multiple:
                    raise RecipeError(
                        f"stages.{i}.{key}",
                        f"{size} is not a multiple of {multiple}, which {recipe.net.name} needs",
                    )


def _averaged(net: nn.Module, decay: float) -> AveragedModel | None:
    if not decay:
        return None
    average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return AveragedModel(net, multi_avg_fn=average, use_buffers=True)


def _seed(seed: int, step: int, rank: int) -> int:
    return (seed * 1_000_003 + step) * 1_009 + rank
