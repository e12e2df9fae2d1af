"""``photochrom train``: train one recipe on the user's photos."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.console import INTERRUPTED, give_up, say
from photochrom.cli.laboratory import laboratory

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from photochrom.training.batches import Photos
    from photochrom.training.budget import Budget
    from photochrom.training.networks import Pretrained
    from photochrom.training.recipe import Recipe

BUDGET, RECIPE, MACHINE = "Budget (default: the recipe's epochs)", "Recipe", "Machine"


def train(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A name of `photochrom recipes`, or a .toml file.")
    ],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH]...", help="More photos, as --data.")
    ] = None,
    *,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH...", help="Folders, .tar files, Kaggle arrays, or URLs of tars. Several may follow."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the run. Default: runs/RECIPE.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Minutes of wall clock.", rich_help_panel=BUDGET)
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Steps.", rich_help_panel=BUDGET)] = None,
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the photos.", rich_help_panel=BUDGET)
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Pixels of the last stage; the others in proportion.", rich_help_panel=RECIPE),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Such as data.space=rgb.", rich_help_panel=RECIPE),
    ] = None,
    small: Annotated[
        bool,
        typer.Option(
            "--tiny", help="Tiny networks at 64 px: tries a recipe in a minute.", rich_help_panel=RECIPE
        ),
    ] = False,
    encoder: Annotated[
        Path | None, typer.Option(help="ImageNet weights for the net's encoder.", rich_help_panel=RECIPE)
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="ImageNet weights for the perceptual loss.", rich_help_panel=RECIPE)
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|RUN|FILE",
            help="A model, run or checkpoint whose generator this run starts from.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    licence: Annotated[
        str, typer.Option(help="Terms of the photos, for the model's metadata.", rich_help_panel=RECIPE)
    ] = "not stated",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name the grey photos that are left out.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    save_minutes: Annotated[float, typer.Option(min=0.01, help="Minutes between checkpoints.")] = 4,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.", rich_help_panel=MACHINE)] = "auto",
    precision: Annotated[
        str, typer.Option(help="32-true, bf16-mixed, 16-mixed.", rich_help_panel=MACHINE)
    ] = "32-true",
    resident: Annotated[
        bool | None,
        typer.Option(
            "--resident/--stream",
            help="Hold all photos in memory, or not. Default: if they fit.",
            rich_help_panel=MACHINE,
        ),
    ] = None,
) -> None:
    """Train a recipe. Ctrl-C saves and stops; --resume goes on as if nothing had happened."""
    paths = [*(data or []), *(more or [])]
    with laboratory():
        from photochrom.training.recipe_files import read_table

        # Errors in the arguments are reported before torch is imported.
        read_table(recipe, set_ or [])
        if not paths:
            give_up("no photos; give --data FOLDER or --data FILE.tar", 2)
        from photochrom.training.checkpoint import LAST
        from photochrom.training.devices import check_device
        from photochrom.training.loop import Saving
        from photochrom.training.loop import train as run
        from photochrom.training.networks import Pretrained, check_start
        from photochrom.training.pretrained import read_tensors
        from photochrom.training.recipe import load_recipe
        from photochrom.training.sizes import fitted
        from photochrom.training.start import read_start
        from photochrom.training.tiny import tiny

        settings = load_recipe(recipe, set_ or [])
        if small:
            settings = tiny(settings)
        if size is not None:
            settings = fitted(settings, size)
        check_device(device)
        folder = out or Path("runs", Path(recipe).stem)
        budget = _budget(settings, minutes, steps, epochs)
        if not resume and os.path.exists(folder / LAST):
            give_up(f"{folder}: has a run already; --resume goes on with it, --out names another folder", 2)
        pretrained = Pretrained(
            read_tensors(encoder) if encoder else None,
            read_tensors(features) if features else None,
            # A resumed run has its own weights. It also keeps its checkpoint's record of the start.
            read_start(start) if start and not resume else None,
        )
        if pretrained.start is not None:
            check_start(settings, pretrained.start)
        fabric = fabric_for(device, precision)
        photos, validation = _photos(paths, settings, resident, fabric)
        if fabric.global_rank == 0:
            _announce(settings, photos, validation, None if resume else pretrained, fabric)
            if verbose:
                for name in photos.left_out.grey_names:
                    say(f"left out, grey: {name}")
        saving = Saving(save_minutes, Path(recipe).stem, licence)
        before = _done_before(folder / LAST, budget, len(photos)) if resume else None
        try:
            run(
                settings,
                photos,
                folder,
                budget,
                validation=validation,
                pretrained=pretrained,
                fabric=fabric,
                resume=resume,
                saving=saving,
            )
        except KeyboardInterrupt:
            saved = os.path.exists(folder / LAST)
            rest = (
                f"{folder} is saved; the same command with --resume goes on"
                if saved
                else "nothing is saved yet"
            )
            give_up(f"stopped; {rest}", INTERRUPTED)
        if before is not None:
            say(f"{folder}: has {before} steps already, which is all that was asked for; nothing was done")
        elif fabric.global_rank == 0:
            say(f"{folder}: trained; try it with: photochrom export {folder} -o {folder.name}.onnx")


def _budget(recipe: Recipe, minutes: float | None, steps: int | None, epochs: float | None) -> Budget:
    from photochrom.training.budget import Budget

    if minutes is None and steps is None and epochs is None:
        return Budget(epochs=recipe.epochs)
    return Budget(minutes, steps, epochs)


def _done_before(checkpoint: Path, budget: Budget, photos: int) -> int | None:
    """The number of steps of a run that has already used its `budget`; None if it continues."""
    from photochrom.errors import CheckpointError
    from photochrom.training.saving import position_of

    try:
        position = position_of(checkpoint)
    except CheckpointError:
        return None  # the run itself reports the error
    return position.step if budget.progress(position, photos) >= 1 else None


def fabric_for(device: str, precision: str) -> Fabric:
    """Choose the device, the precision and, under torchrun, the processes of the training.

    Raises
    ------
    OptionError
        If this machine has no such device.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.strategies.ddp import DDPStrategy

    from photochrom.training.devices import check_device

    check_device(device)
    accelerator = "gpu" if device == "cuda" else device
    here, world = (int(os.environ.get(name, "1")) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    strategy: Any = "auto"
    if world > 1:
        # Each process keeps its own running statistics of batch norm. A discriminator sees two batches before one
        # backward pass. Copying the statistics in between would change tensors that the first batch's gradient needs.
        strategy = DDPStrategy(broadcast_buffers=False)
    fabric = Fabric(
        accelerator=accelerator,
        devices=here if world > 1 else 1,
        num_nodes=world // here,
        strategy=strategy,
        precision=precision,  # type: ignore[arg-type]
    )
    fabric.launch()
    return fabric


def _photos(
    paths: list[str], recipe: Recipe, resident: bool | None, fabric: Fabric
) -> tuple[Photos, Photos | None]:
    from photochrom.data.stream import load

    photos = load(paths, limit=recipe.data.limit, resident=resident, device=fabric.device)
    training, validation = photos.split(_affordable(recipe.data.split, len(photos)), recipe.seed)
    return training, validation if len(validation) else None


def _affordable(split: str, photos: int) -> str:
    """The split. If it asks for more photos than there are, it is scaled down in proportion."""
    parts = [int(part) for part in split.split("/") if part.strip().isdecimal()]
    if len(parts) != 2 or sum(parts) == 100 or sum(parts) <= photos:
        return split
    say(
        f"the recipe's {split} photos are more than the {photos} there are; they are split in that proportion"
    )
    return str(parts[1] / sum(parts))


def _announce(
    recipe: Recipe, photos: Photos, validation: Photos | None, fresh: Pretrained | None, fabric: Fabric
) -> None:
    from photochrom.training.networks import outline

    net = outline(recipe)
    count = sum(p.numel() for p in net.parameters())
    say(f"{recipe.title or recipe.net.name}: {count:,} parameters, on {fabric.device}")
    say(f"{photos}; {len(validation) if validation is not None else 0} more for validation")
    if fresh is not None and fresh.start is not None:
        say(f"begins with the generator of {fresh.start.about['file']}")
    elif fresh is not None and fresh.encoder is None and hasattr(net, "load_encoder"):
        say("the encoder starts from noise; --encoder FILE gives it ImageNet weights")
