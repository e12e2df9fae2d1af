"""The loop: it stops where it should, goes on exactly where it stopped, and never costs what was learned."""

import copy
import csv
import errno
import itertools
import json
import math
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from photochrom.data.dataset import PhotoDataset
from photochrom.data.spaces import space
from photochrom.errors import CheckpointError, RecipeError
from photochrom.files import write_error
from photochrom.nets.resnet import test_resnet as tiny_resnet
from photochrom.training import batches, budget, checkpoint, loop
from photochrom.training.batches import Batch, make_batch
from photochrom.training.budget import Budget
from photochrom.training.checkpoint import BEST, LAST, load_checkpoint, under
from photochrom.training.criterion import Criterion
from photochrom.training.loop import Saving, train
from photochrom.training.networks import Pretrained, build_generator
from photochrom.training.order import Order
from photochrom.training.recipe import Recipe
from photochrom.training.steps import Step
from photochrom.training.validation import Validation

MakeRecipe = Callable[..., Recipe]
BeforeStep = Callable[[Callable[[Step, int], None]], None]
Interrupt = Callable[[set[int]], None]


def log_of(run: Path) -> list[dict[str, str]]:
    with (run / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def position(path: Path) -> dict[str, Any]:
    return dict(json.loads(load_checkpoint(path)[1]["position"]))


def clock(step: float) -> SimpleNamespace:
    """A `time` that is half of `step` later at every look: the loop looks twice a step."""
    looks = itertools.count()
    return SimpleNamespace(monotonic=lambda: 1000 + next(looks) * step / 2)


def test_a_few_steps_leave_a_checkpoint_and_a_log(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    settings, run = recipe(seed=5, ema=0.5), tmp_path / "new" / "run"
    net = train(settings, photos, run, Budget(steps=3), saving=Saving(name="mine", licence="CC0"))
    assert sorted(p.name for p in run.iterdir()) == [LAST, "log.csv", "tensorboard"]

    tensors, metadata = load_checkpoint(run / LAST)
    at = json.loads(metadata["position"])
    assert (at["step"], at["photos"], at["stage_photos"]) == (3, 12, 12)
    assert at["seconds"] > 0
    assert (metadata["name"], metadata["licence"], metadata["in_step"]) == ("mine", "CC0", "train")
    assert metadata["photos"] == str(photos)
    assert Recipe.model_validate_json(metadata["recipe"]) == settings
    assert not net.training
    assert all(torch.equal(under("ema", tensors)[k], v) for k, v in net.state_dict().items())
    assert {key.split(".")[0] for key in tensors} == {"net", "ema", "optimizer"}

    (row,) = log_of(run)
    assert (row["step"], row["stage"], row["size"]) == ("3", "train", "32")
    assert 0 < float(row["loss"]) < 2
    assert row["psnr"] == ""


EVERYTHING_RANDOM: dict[str, dict[str, Any]] = {
    "regression": {
        # Two sizes, with the change after three steps.
        "net": {"name": "test_pix2pix_unet"},
        "data": {"aged": 1.0, "films": 0.5, "space": "lab"},
        "stages": [{"size": 64, "batch": 3, "share": 0.5}, {"size": 32, "batch": 4, "share": 0.5}],
        "steps": {
            "train": {"kind": "regression", "optimizer": {"schedule": "cosine", "warmup": 0.2, "clip": 1.0}}
        },
        "ema": 0.5,
    },
    "adversarial": {
        "net": {"name": "test_residual_unet"},
        "data": {"space": "rgb", "inputs": 3},
        "stages": [{"size": 32, "batch": 4}],
        "steps": {
            "train": {
                "kind": "adversarial",
                "gan": {
                    "discriminator": {"name": "test_sequential_discriminator"},
                    "labels": {"soft": 0.1, "noise": 0.1, "flip_share": 0.3},
                    "alternate": 1,
                },
            }
        },
    },
    "classification": {
        "net": {"name": "test_siggraph17"},
        "data": {"hinted": 0.7, "revealed": 0.1},
        "stages": [{"size": 32, "batch": 4}],
        "steps": {"train": {"kind": "classification", "mix": 0.75, "huber": 10}},
        "ema": 0.9,
    },
    "three steps in a row": {
        "net": {"name": "test_residual_unet"},
        "data": {"space": "lab"},
        "stages": [
            {"size": 32, "batch": 4, "share": 1 / 3, "step": "alone"},
            {"size": 32, "batch": 2, "share": 1 / 3, "step": "game"},
            {"size": 64, "batch": 2, "share": 1 / 3, "step": "distance"},
        ],
        "steps": {
            "alone": {
                "kind": "regression",
                "optimizer": {"kind": "sgd", "rate": 0.01, "schedule": "one_cycle"},
            },
            "game": {
                "kind": "adversarial",
                "gan": {"discriminator": {"name": "test_patchgan", "args": {"norm": "none"}}},
            },
            "distance": {
                "kind": "wasserstein",
                "critic": {"name": "test_patchgan", "args": {"norm": "none"}},
                "critic_steps": 2,
                "optimizer": {"kind": "rmsprop", "schedule": "cosine"},
            },
        },
        "ema": 0.5,
    },
    "nogan": {
        "net": {"name": "test_resnet_unet", "args": {"spectral_norm": True}},
        "data": {"aged": 0.5},
        "stages": [
            {"size": 64, "batch": 2, "share": 0.5, "step": "generator"},
            {"size": 32, "batch": 4, "share": 1 / 6, "step": "pictures"},
            {"size": 32, "batch": 4, "share": 1 / 6, "step": "critic"},
            {"size": 32, "batch": 2, "share": 1 / 6, "step": "both"},
        ],
        "steps": {
            phase: {
                "kind": "nogan",
                "phase": phase,
                "gan": {"discriminator": {"name": "test_resnet_critic"}, "sees": "picture"},
                "optimizer": {"group_factors": [0, 0.1, 1]},
            }
            for phase in ("generator", "pictures", "critic", "both")
        },
    },
}


@pytest.mark.parametrize("kind", EVERYTHING_RANDOM)
def test_a_run_stopped_after_every_step_equals_the_unbroken_one_bit_for_bit(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, kind: str, interrupt: Interrupt
) -> None:
    settings = recipe(**EVERYTHING_RANDOM[kind], seed=3)
    train(settings, photos, tmp_path / "unbroken", Budget(steps=6))
    interrupt({0, 1, 2, 3, 4})
    for count in range(1, 7):
        if count < 6:
            with pytest.raises(KeyboardInterrupt):
                train(settings, photos, tmp_path / "stopped", Budget(steps=6), resume=count > 1)
        else:
            train(settings, photos, tmp_path / "stopped", Budget(steps=6), resume=True)
        assert position(tmp_path / "stopped" / LAST)["step"] == count
        # Whatever happens in the meantime must not matter.
        torch.rand(count)
        torch.manual_seed(count)
    expected, _ = load_checkpoint(tmp_path / "unbroken" / LAST)
    got, _ = load_checkpoint(tmp_path / "stopped" / LAST)
    assert got.keys() == expected.keys()
    assert any(key.startswith("optimizer.") for key in got)
    assert [key for key in expected if not torch.equal(got[key], expected[key])] == []
    assert [row["step"] for row in log_of(tmp_path / "stopped")] == [str(i) for i in range(1, 7)]


def test_weights_of_the_unbroken_run_have_changed(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, interrupt: Interrupt
) -> None:
    # Else the test above would compare what nobody touched.
    settings = recipe(**EVERYTHING_RANDOM["three steps in a row"])
    interrupt({1, 3})
    seen = []
    for resume in (False, True):
        with pytest.raises(KeyboardInterrupt):
            train(settings, photos, tmp_path, Budget(steps=6), resume=resume)
        seen.append(load_checkpoint(tmp_path / LAST)[0])
    for prefix in ("net.", "ema.", "discriminator0."):
        keys = [key for key in seen[0] if key.startswith(prefix)]
        assert keys
        assert any(not torch.equal(seen[0][key], seen[1][key]) for key in keys)


def test_ctrl_c_between_two_steps_saves_and_a_second_one_ends_at_once(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, before_step: BeforeStep
) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    def act(_: Step, number: int) -> None:
        if number == 1:
            signal.raise_signal(signal.SIGTERM)
        if number == 3:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    before_step(act)
    with pytest.raises(KeyboardInterrupt):
        train(recipe(), photos, tmp_path, Budget(steps=6))
    assert position(tmp_path / LAST)["step"] == 2
    before = (tmp_path / LAST).read_bytes()
    with pytest.raises(KeyboardInterrupt):
        train(recipe(), photos, tmp_path, Budget(steps=6), resume=True)
    assert (tmp_path / LAST).read_bytes() == before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_run_in_a_thread_leaves_signals_alone(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    thread = threading.Thread(target=train, args=(recipe(), photos, tmp_path, Budget(steps=2)))
    thread.start()
    thread.join()
    assert position(tmp_path / LAST)["step"] == 2


def test_budget_by_minutes(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Five steps of 20 s are the first to reach 1.5 minutes.
    monkeypatch.setattr(budget, "time", clock(20))
    train(recipe(), photos, tmp_path, Budget(minutes=1.5))
    at = position(tmp_path / LAST)
    assert (at["step"], at["seconds"]) == (5, 100)
    # A row every 30 s, and one for what is left at the end; four photos in 20 s are 0.2 a second.
    rows = [(row["step"], row["seconds"], row["photos_per_second"]) for row in log_of(tmp_path)]
    assert rows == [("2", "40", "0.2"), ("4", "80", "0.2"), ("5", "100", "0.2")]

    monkeypatch.setattr(budget, "time", clock(20))
    train(recipe(), photos, tmp_path, Budget(minutes=2.1), resume=True)
    at = position(tmp_path / LAST)
    assert (at["step"], at["seconds"]) == (7, 140)


def test_logged_losses_are_means_since_the_last_row_and_rows_are_of_one_step(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses: list[float] = []
    forward = Criterion.forward

    def recorded(self: Criterion, *tensors: Tensor) -> Tensor:
        loss = forward(self, *tensors)
        losses.append(loss.item())
        return loss

    monkeypatch.setattr(Criterion, "forward", recorded)
    monkeypatch.setattr(budget, "time", clock(20))
    stages = [
        {"size": 32, "batch": 4, "share": 0.375, "step": "first"},
        {"size": 32, "batch": 4, "share": 0.625, "step": "second"},
    ]
    steps = {name: {"kind": "regression"} for name in ("first", "second")}
    train(recipe(stages=stages, steps=steps), photos, tmp_path, Budget(steps=8))
    rows = [(row["step"], row["stage"], float(row["loss"])) for row in log_of(tmp_path)]
    means = [sum(losses[a:b]) / (b - a) for a, b in ((0, 2), (2, 3), (3, 5), (5, 7), (7, 8))]
    expected = [("2", "first"), ("3", "first"), ("5", "second"), ("7", "second"), ("8", "second")]
    assert [row[:2] for row in rows] == expected
    assert [row[2] for row in rows] == pytest.approx(means, rel=1e-4)


@pytest.fixture
def saves(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The files saved and the steps they are of, as they happen."""
    happened: list[tuple[str, int]] = []
    save = loop.save_checkpoint

    def recorded(path: Path, tensors: dict[str, Tensor], metadata: dict[str, Any]) -> None:
        save(path, tensors, metadata)
        happened.append((path.name, json.loads(metadata["position"])["step"]))

    monkeypatch.setattr(loop, "save_checkpoint", recorded)
    monkeypatch.setattr(budget, "time", clock(20))
    return happened


def test_saves_every_few_minutes_and_at_the_end(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, saves: list[tuple[str, int]]
) -> None:
    train(recipe(), photos, tmp_path, Budget(steps=7), saving=Saving(minutes=0.9))
    assert saves == [(LAST, 3), (LAST, 6), (LAST, 7)]


def judged(monkeypatch: pytest.MonkeyPatch, values: list[float]) -> None:
    """Have the validation say these figures, one after the other."""
    said = iter(values)
    monkeypatch.setattr(Validation, "measure", lambda *_: (next(said), torch.zeros(3, 4, 4)))


def test_the_best_checkpoint_is_the_best(
    tmp_path: Path,
    photos: PhotoDataset,
    recipe: MakeRecipe,
    saves: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged(monkeypatch, [20.0, 22.0, 21.0])
    often = Saving(minutes=0.5)
    train(recipe(), photos, tmp_path, Budget(steps=5), validation=photos, saving=often)
    assert saves == [(BEST, 2), (LAST, 2), (BEST, 4), (LAST, 4), (LAST, 5)]
    assert [row["psnr"] for row in log_of(tmp_path)] == ["20.000", "22.000", "21.000"]
    assert not any(key.startswith("optimizer") for key in load_checkpoint(tmp_path / BEST)[0])

    # A resumed run knows what there was before.
    monkeypatch.setattr(budget, "time", clock(20))
    judged(monkeypatch, [21.5, 23.0])
    train(recipe(), photos, tmp_path, Budget(steps=8), validation=photos, saving=often, resume=True)
    assert saves[5:] == [(LAST, 7), (BEST, 8), (LAST, 8)]
    assert float(load_checkpoint(tmp_path / LAST)[1]["best"]) == 23.0


def test_validation_measures_the_average(tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe) -> None:
    settings = recipe(ema=0.9)
    net = train(settings, photos, tmp_path, Budget(steps=3), validation=photos)
    _, channels = build_generator(settings)
    psnr, _ = Validation(photos, 32).measure(net, channels)
    assert float(load_checkpoint(tmp_path / LAST)[1]["best"]) == pytest.approx(psnr, abs=1e-6)
    assert (tmp_path / BEST).is_file()


def full_disk(path: Path, *_: object, **__: object) -> None:
    raise write_error(path, OSError(errno.ENOSPC, "No space left on device"))


def test_a_full_disk_for_a_while_does_not_end_the_run(
    tmp_path: Path,
    photos: PhotoDataset,
    recipe: MakeRecipe,
    saves: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write, calls = checkpoint.write_atomic, itertools.count()
    failing = {1, 2}  # of the saves after 2, 4, 6 and 7 steps

    def sometimes(*arguments: Any, **keywords: Any) -> None:
        (full_disk if next(calls) in failing else write)(*arguments, **keywords)

    monkeypatch.setattr(checkpoint, "write_atomic", sometimes)
    train(recipe(), photos, tmp_path, Budget(steps=7), saving=Saving(minutes=0.5))
    assert saves == [(LAST, 2), (LAST, 7)]
    said = capsys.readouterr()
    assert (said.out + said.err).count(
        "the disk is full; the one before is whole; free some space or choose another folder; the run goes on"
    ) == 2


def test_a_full_disk_at_the_end_leaves_the_checkpoint_before(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(recipe(), photos, tmp_path, Budget(steps=2))
    before = (tmp_path / LAST).read_bytes()
    monkeypatch.setattr(checkpoint, "write_atomic", full_disk)
    with pytest.raises(
        CheckpointError, match=r"last\.safetensors: the disk is full; the one before is whole"
    ):
        train(recipe(), photos, tmp_path, Budget(steps=4), resume=True)
    assert (tmp_path / LAST).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


def test_a_best_that_found_no_room_is_not_taken_for_saved(
    tmp_path: Path,
    photos: PhotoDataset,
    recipe: MakeRecipe,
    saves: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged(monkeypatch, [20.0, 25.0, 22.0])
    write, calls = checkpoint.write_atomic, itertools.count()

    def sometimes(*arguments: Any, **keywords: Any) -> None:
        (full_disk if next(calls) == 2 else write)(*arguments, **keywords)

    monkeypatch.setattr(checkpoint, "write_atomic", sometimes)
    train(recipe(), photos, tmp_path, Budget(steps=5), validation=photos, saving=Saving(minutes=0.5))
    # 25 dB was lost: of what can be saved, 22 is the best.
    assert saves == [(BEST, 2), (LAST, 2), (BEST, 5), (LAST, 5)]
    assert float(load_checkpoint(tmp_path / BEST)[1]["best"]) == 22.0


def broken_third(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Make the loss, its gradient or the input of the third batch NaN."""
    calls, forward = itertools.count(), Criterion.forward

    def loss(self: Criterion, output: Tensor, *more: Tensor) -> Tensor:
        value = forward(self, output, *more)
        if next(calls) != 2:
            return value
        # The root has no slope at 0: the loss stays what it was.
        return value * math.nan if how == "loss" else value + (output.sum() * 0).sqrt()

    def batch(*arguments: Any) -> Batch:
        made = make_batch(*arguments)
        return Batch(made.keys, made.indices, made.rgb, made.grey * (math.nan if next(calls) == 2 else 1))

    if how == "input":
        monkeypatch.setattr(batches, "make_batch", batch)
    else:
        monkeypatch.setattr(Criterion, "forward", loss)


@pytest.mark.parametrize("how", ["loss", "gradient", "input"])
def test_nan_names_the_step_and_the_photos_and_costs_no_checkpoint(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, how: str, saves: list[tuple[str, int]]
) -> None:
    settings, saving = recipe(seed=7), Saving(minutes=0.3)
    with pytest.MonkeyPatch.context() as patch:
        broken_third(patch, how)
        with pytest.raises(FloatingPointError) as caught:
            train(settings, photos, tmp_path, Budget(steps=6), saving=saving)
    message = str(caught.value)
    assert message.startswith("step 2: the generator's loss is ")
    assert "nan" in message
    chosen = [Order(7, np.arange(8))[8 + i] for i in range(4)]
    assert message.endswith("photos: " + ", ".join(f"photo {i}" for i in chosen))

    assert saves == [(LAST, 1), (LAST, 2)]
    tensors, _ = load_checkpoint(tmp_path / LAST)
    assert [key for key, value in tensors.items() if not torch.isfinite(value).all()] == []
    net = train(settings, photos, tmp_path, Budget(steps=6), resume=True)
    assert torch.isfinite(net(torch.full((1, 1, 32, 32), 0.5))).all()


def test_another_recipe_is_refused_on_resume(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    train(recipe(), photos, tmp_path, Budget(steps=2))
    before = (tmp_path / LAST).read_bytes()
    for change, names in (
        ({"seed": 1}, "seed"),
        ({"ema": 0.5, "data": {"space": "hsl"}}, "data, ema"),
        ({"net": {"name": "test_residual_flat"}}, "net"),
    ):
        with pytest.raises(
            CheckpointError, match=rf"was trained with another recipe \(different: {names}\); resume with"
        ):
            train(recipe(**change), photos, tmp_path, Budget(steps=4), resume=True)
    assert (tmp_path / LAST).read_bytes() == before
    assert [row["step"] for row in log_of(tmp_path)] == ["2"]
    # How long to train is not part of what is trained.
    train(recipe(epochs=99), photos, tmp_path, Budget(steps=3), resume=True)
    assert position(tmp_path / LAST)["step"] == 3


def test_resuming_what_is_not_there_or_not_whole_says_so(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    with pytest.raises(CheckpointError, match=r"last\.safetensors: there is no such checkpoint"):
        train(recipe(), photos, tmp_path, Budget(steps=1), resume=True)
    train(recipe(), photos, tmp_path, Budget(steps=1))
    path = tmp_path / LAST
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    with pytest.raises(CheckpointError, match=r"last\.safetensors: not a whole checkpoint"):
        train(recipe(), photos, tmp_path, Budget(steps=2), resume=True)
    assert path.read_bytes() == half


@pytest.mark.parametrize("lacking", ["position", "recipe", "best", "in_step"])
def test_resuming_a_checkpoint_that_is_no_runs_says_so(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, lacking: str
) -> None:
    # Imported weights have no position; other programs' safetensors have nothing of all this.
    train(recipe(), photos, tmp_path, Budget(steps=1))
    tensors, metadata = load_checkpoint(tmp_path / LAST)
    del metadata[lacking]
    checkpoint.save_checkpoint(tmp_path / LAST, tensors, metadata)
    with pytest.raises(CheckpointError, match=r"last\.safetensors"):
        train(recipe(), photos, tmp_path, Budget(steps=2), resume=True)


def test_rows_of_lost_steps_leave_the_log(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The checkpoint is of step 3, the log went on to step 5 before the power failed.
    monkeypatch.setattr(budget, "time", clock(31))
    train(recipe(), photos, tmp_path, Budget(steps=3))
    saved = (tmp_path / LAST).read_bytes()
    monkeypatch.setattr(budget, "time", clock(31))
    train(recipe(), photos, tmp_path, Budget(steps=5), resume=True)
    (tmp_path / LAST).write_bytes(saved)
    monkeypatch.setattr(budget, "time", clock(31))
    train(recipe(), photos, tmp_path, Budget(steps=4), resume=True)
    assert [row["step"] for row in log_of(tmp_path)] == ["1", "2", "3", "4"]
    # A new run in the same folder begins a new log.
    train(recipe(), photos, tmp_path, Budget(steps=1))
    assert [row["step"] for row in log_of(tmp_path)] == ["1"]


def test_a_run_that_cannot_start_does_not_cost_the_checkpoint(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    train(recipe(), photos, tmp_path, Budget(steps=2))
    before = {p: p.read_bytes() for p in (tmp_path / LAST, tmp_path / "log.csv")}
    for change, message in (
        ({"stages": [{"size": 96, "batch": 2}]}, "no photo is as large as the recipe's 96 px"),
        ({"net": {"name": "test_cn4"}}, r"test_cn4: no net of that name \(did you mean test_cnn4\?\)"),
        ({"net": {"name": "test_cnn4", "args": {"depth": 9}}}, "test_cnn4: .*depth"),
        (
            {"net": {"name": "test_pix2pix_unet"}, "stages": [{"size": 48, "batch": 2}]},
            r"stages\.0\.size: 48 is not a multiple of 32, which test_pix2pix_unet needs",
        ),
        (
            {"net": {"name": "test_pix2pix_unet"}, "stages": [{"size": 64, "other_sizes": [80], "batch": 2}]},
            r"stages\.0\.other_sizes: 80 is not a multiple of 32, which test_pix2pix_unet needs",
        ),
        (
            {"steps": {"train": {"kind": "adversarial", "gan": {"discriminator": {"name": "patchgun"}}}}},
            r"patchgun: no discriminator of that name \(did you mean patchgan\?\)",
        ),
        (
            {"steps": {"train": {"kind": "regression", "loss": {"perceptual": 1}}}},
            r"steps\.train\.loss\.perceptual: needs ImageNet weights of vgg16 .* give --features FILE",
        ),
        (
            {"steps": {"train": {"kind": "classification"}}},
            r"steps\.train\.kind: not classification; test_cnn4 gives colours",
        ),
        ({"net": {"name": "test_eccv16"}}, r"steps\.train\.kind: not regression; test_eccv16 gives a dist"),
    ):
        with pytest.raises(ValueError, match=message):
            train(recipe(**change), photos, tmp_path, Budget(steps=2))
    assert {p: p.read_bytes() for p in before} == before


def test_encoder_weights_are_loaded_and_a_frozen_group_stays(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    torch.manual_seed(11)
    published = tiny_resnet(3, 1000).state_dict()
    optimizer = {"group_factors": [0, 1, 1], "rate": 1e-3}
    gan = {"discriminator": {"name": "test_resnet_critic"}, "sees": "picture"}
    settings = recipe(
        net={"name": "test_resnet_unet"},
        data={"space": "lab"},
        steps={"train": {"kind": "adversarial", "gan": gan, "optimizer": optimizer}},
        stages=[{"size": 64, "batch": 2}],
    )
    fresh, _ = build_generator(settings)
    fresh.load_encoder(copy.deepcopy(published))
    net = train(settings, photos, tmp_path, Budget(steps=2), pretrained=Pretrained(encoder=published))
    before = dict(fresh.encoder.named_parameters())
    same = {name for name, p in net.encoder.named_parameters() if torch.equal(p, before[name])}
    assert same == {name for name in before if name.startswith(("conv1", "bn1", "layer1", "layer2"))}
    # The discriminator's trunk begins with them too, and all of it learns.
    discriminator = under("discriminator0.trunk", load_checkpoint(tmp_path / LAST)[0])
    drift = (discriminator["layer1.0.conv1.weight"] - published["layer1.0.conv1.weight"]).abs().max()
    assert 0 < drift < 0.01


def test_encoder_weights_of_another_net_are_refused(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    with pytest.raises(RecipeError, match="test_cnn4: has no pretrained encoder; leave --encoder out"):
        train(recipe(), photos, tmp_path, Budget(steps=1), pretrained=Pretrained(encoder={}))
    settings = recipe(net={"name": "test_resnet_unet"}, stages=[{"size": 64, "batch": 2}])
    wrong = Pretrained(encoder={"conv1.weight": torch.zeros(1)})
    with pytest.raises(ValueError, match="not the ImageNet weights of this ResNet"):
        train(settings, photos, tmp_path, Budget(steps=1), pretrained=wrong)
    assert list(tmp_path.iterdir()) == []


def test_average_is_the_exponential_one(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, before_step: BeforeStep
) -> None:
    names, history = ("head.weight", "head.bias"), []

    def act(step: Step, _: int) -> None:
        state = step.networks.generator.state_dict()
        history.append({name: state[name].clone() for name in names})

    before_step(act)
    train(recipe(ema=0.7, net={"name": "test_residual_flat"}), photos, tmp_path, Budget(steps=5))
    tensors, _ = load_checkpoint(tmp_path / LAST)
    history.append(under("net", tensors))
    assert len(history) == 6
    for name in names:
        # It begins with what there is after the first step.
        average = history[1][name].double()
        for values in history[2:]:
            average = 0.7 * average + 0.3 * values[name].double()
        torch.testing.assert_close(tensors[f"ema.{name}"].double(), average, rtol=1e-5, atol=1e-7)
        assert not torch.equal(tensors[f"ema.{name}"], tensors[f"net.{name}"])


def test_the_last_stage_ends_the_run_after_its_passes(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    stages = [{"size": 32, "batch": 4, "share": 0.2}, {"size": 32, "batch": 2, "share": 0.8, "passes": 0.5}]
    train(recipe(stages=stages), photos, tmp_path, Budget(steps=10))
    assert position(tmp_path / LAST)["step"] == 4


def test_rates_follow_the_progress_within_each_step(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe, before_step: BeforeStep
) -> None:
    rates: list[float] = []
    before_step(lambda step, _: rates.append(step.learners[0].optimizer.param_groups[0]["lr"]))
    stages = [{"size": 32, "batch": 4, "share": 0.5, "step": name} for name in ("a", "b")]
    cosine = {"kind": "regression", "optimizer": {"rate": 0.01, "schedule": "cosine"}}
    train(recipe(stages=stages, steps={"a": cosine, "b": cosine}), photos, tmp_path, Budget(steps=8))
    quarter = [0.01 * (1 + math.cos(math.pi * i / 4)) / 2 for i in range(4)]
    assert rates == pytest.approx([*quarter, *quarter])


def test_batch_norm_statistics_fit_the_averaged_weights(
    tmp_path: Path, photos: PhotoDataset, recipe: MakeRecipe
) -> None:
    """An average of the trained network's statistics fits no weights. torch's `update_bn` says what fits."""
    settings = recipe(ema=0.7, net={"name": "test_residual_flat"}, data={"space": "lab"})
    net = train(settings, photos, tmp_path, Budget(steps=5))
    expected = copy.deepcopy(net)
    # Two batches are all eight photos.
    made = [
        make_batch(
            photos,
            np.array([Order(0, np.arange(8))[step * 4 + i] for i in range(4)]),
            32,
            [np.random.default_rng((0, step, i)) for i in range(4)],
            settings,
            None,
        )
        for step in range(2)
    ]
    update_bn([space("lab").grey_to_input(batch.grey) for batch in made], expected)
    for name, value in expected.named_buffers():
        if "running" in name:
            torch.testing.assert_close(net.get_buffer(name), value, msg=name)
