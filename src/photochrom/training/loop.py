"""The loop: one recipe, some photos, a budget. Every way of training goes through it."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from photochrom._version import __version__
from photochrom.errors import CheckpointError, RecipeError
from photochrom.nets.registry import DISTRIBUTION_NETS
from photochrom.training.batches import Loader, Photos, advance
from photochrom.training.budget import Budget, Position
from photochrom.training.checkpoint import (
    BEST,
    LAST,
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    revision,
    save_checkpoint,
    under,
)
from photochrom.training.networks import Networks, Pretrained, build_networks, rebalance
from photochrom.training.recipe import Classification, Recipe, Stage, validate
from photochrom.training.run_logger import RunLogger
from photochrom.training.steps import Step, make_step
from photochrom.training.validation import Validation


@dataclass
class Saving:
    """What a checkpoint says beside the weights, and how often there is one."""

    minutes: float = 4
    name: str = ""
    licence: str = "not stated"


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
    validation : photos that choose the best checkpoint, by PSNR; None for none
    pretrained : weights of encoders, or of the whole generator; None starts from noise
    fabric : devices, precision and processes; None is this process on the CPU in float32
    resume : go on from ``out/last.safetensors``, which must be of the same recipe

    Returns
    -------
    The generator, its weights averaged where the recipe says so, in eval mode.

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
    saving = saving or Saving()
    torch.manual_seed(recipe.seed)
    out.mkdir(parents=True, exist_ok=True)
    networks = build_networks(recipe, fabric, out, pretrained)
    net = networks.generator
    _check_sizes(recipe, int(net.multiple))
    for settings in recipe.steps.values():
        if isinstance(settings, Classification):
            rebalance(net, photos, settings.mix)
    for module in networks.modules().values():
        # 1.5 times faster than the default layout for depthwise nets on a CPU, and what tensor cores want.
        module.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if networks.features is not None:
        networks.features.to(fabric.device)
    average = _averaged(net, recipe.ema)
    begun = pretrained.start.about if pretrained is not None and pretrained.start is not None else None

    position, best, in_step = Position(), float("-inf"), ""
    tensors: dict[str, Tensor] = {}
    if resume:
        tensors, metadata = load_checkpoint(out / LAST)
        position, best, in_step = _resumed(recipe, metadata, out / LAST)
        begun = json.loads(metadata.get("start", "null"))
        averaged = {"ema": average.module} if average is not None else {}
        try:
            for prefix, module in (networks.modules() | averaged).items():
                module.load_state_dict(under(prefix, tensors))
        except RuntimeError as error:
            raise CheckpointError(
                str(out / LAST), f"does not hold this recipe's networks ({error})"
            ) from None
        if average is not None:
            average.n_averaged.fill_(position.step)
    judged = average.module if average is not None else net

    start = budget.now() - position.seconds
    stopping = threading.Event()

    def progress(at: Position) -> float:
        return budget.progress(at, len(photos))

    def clock() -> float:
        # Of all processes the first one's: they must take the same decisions at the same step.
        seconds, stop = budget.now() - start, stopping.is_set()
        if fabric.world_size > 1:
            seconds, stop = fabric.broadcast((seconds, stop))
        if stop:
            stopping.set()
        return float(seconds)

    stride = int(net.stride) if recipe.net.name in DISTRIBUTION_NETS else None
    loader = Loader(photos, recipe, progress, stride=stride, rank=fabric.global_rank, world=fabric.world_size)
    chief = fabric.global_rank == 0
    check = Validation(validation, recipe.stages[-1].size) if validation is not None and chief else None
    logger = RunLogger(out, position) if chief else None
    step: Step | None = None
    name = ""

    def save(stage: Stage, *, last: bool) -> None:
        nonlocal best
        if logger is None or step is None:
            return
        psnr = None
        if check is not None:
            psnr, picture = check.measure(judged, networks.space)
            logger.show(position.step, picture)
        logger.write(position, stage, progress(position), psnr)
        improved = psnr is not None and psnr > best
        reached = max(best, psnr) if psnr is not None else best
        describes = _description(recipe, saving, photos, position, reached, stage.step)
        if begun is not None:
            describes["start"] = begun
        weights = _weights(networks, average)
        try:
            if improved:
                save_checkpoint(out / BEST, weights, describes)
            best = reached
            state = {
                k: v
                for x in step.learners
                for k, v in optimizer_tensors(f"optimizer.{x.name}", x.optimizer).items()
            }
            save_checkpoint(out / LAST, weights | state, describes)
        except CheckpointError as error:
            if last:
                raise
            # Hours of work are in memory: a full disk may have room again in four minutes.
            print(f"\n{error}; the run goes on", flush=True)

    saved, stage = position.seconds, recipe.stage(progress(position))
    previous = stage
    with _deferred_interrupts(stopping):
        for at, stage, batch in loader.batches(position, clock):
            waited = loader.waited
            if step is None or stage.step != name:
                if logger is not None:
                    # A row is of one step: means of two kinds of loss would say nothing.
                    logger.write(position, previous, progress(position))
                name, step = stage.step, make_step(networks, recipe.steps[stage.step])
                for learner in step.learners if in_step == name else []:
                    restore_optimizer(f"optimizer.{learner.name}", learner.optimizer, tensors)
                tensors, in_step = {}, ""
            for learner in step.learners:
                learner.set_rates(recipe.within_step(progress(at)))
                learner.net.train()
            step.begin(at.step, _seed(recipe.seed, at.step, fabric.global_rank))
            try:
                losses = step.step(batch.to(fabric.device))
            except FloatingPointError as error:
                raise FloatingPointError(
                    f"step {at.step}: {error}; photos: {', '.join(batch.keys)}"
                ) from None
            if average is not None:
                average.update_parameters(net)
            position, previous = advance(recipe, progress, at, stage, clock()), stage
            if logger is not None:
                logger.add(losses, stage.batch, waited)
            if position.seconds - saved > saving.minutes * 60:
                save(stage, last=False)
                saved = position.seconds
            elif logger is not None and logger.due(position):
                logger.write(position, stage, progress(position))
            if stopping.is_set():
                break
        save(stage, last=True)
    if logger is not None:
        logger.close()
    if stopping.is_set():
        raise KeyboardInterrupt
    return judged.eval()


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


def _weights(networks: Networks, average: AveragedModel | None) -> dict[str, Tensor]:
    modules = networks.modules() | ({"ema": average.module} if average is not None else {})
    return {f"{prefix}.{k}": v for prefix, module in modules.items() for k, v in module.state_dict().items()}


def _description(
    recipe: Recipe, saving: Saving, photos: Photos, position: Position, best: float, step: str
) -> dict[str, Any]:
    return {
        "name": saving.name or recipe.net.name,
        "recipe": recipe.model_dump_json(),
        "position": json.dumps(asdict(position)),
        "in_step": step,
        "best": repr(best),
        "photos": str(photos),
        "licence": saving.licence,
        "version": __version__,
        "revision": revision(),
    }


def _resumed(recipe: Recipe, metadata: dict[str, str], path: Path) -> tuple[Position, float, str]:
    """Where the run of `path` stopped, its best PSNR, and the step it was in."""
    try:
        # Through the schema: a key that was not there when the run began has its default.
        then = json.loads(validate(json.loads(metadata["recipe"]), "its recipe").model_dump_json())
        position = Position(**json.loads(metadata["position"]))
        best, in_step = float(metadata["best"]), metadata["in_step"]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            str(path), f"not of a run that can go on ({error}); train into another folder"
        ) from None
    now = json.loads(recipe.model_dump_json())
    # How long to train is the caller's to change; what is trained is not.
    different = sorted(key for key in now if now[key] != then.get(key) and key != "epochs")
    if different:
        raise CheckpointError(
            str(path),
            f"was trained with another recipe (different: {', '.join(different)}); "
            "resume with the same one, or train into another folder",
        )
    return position, best, in_step


def _seed(seed: int, step: int, rank: int) -> int:
    return (seed * 1_000_003 + step) * 1_009 + rank


@contextmanager
def _deferred_interrupts(stopping: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and `kill` end the run between two steps; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    before: dict[int, Callable[..., Any] | int | None] = {
        number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
