"""Recipes adapted to other sizes of pictures."""

import inspect

from photochrom.nets.registry import GENERATORS
from photochrom.training.recipe import Recipe, validate
from photochrom.training.settings import Part


def resized(recipe: Recipe, size: int, multiple: int = 32) -> Recipe:
    """Return the recipe with a last stage of `size` pixels. The other stages are scaled to multiples of `multiple`."""
    scale = size / recipe.stages[-1].size

    def scaled(side: int) -> int:
        return max(multiple, round(side * scale / multiple) * multiple)

    stages = [
        stage.model_copy(
            update={"size": scaled(stage.size), "other_sizes": [scaled(side) for side in stage.other_sizes]}
        )
        for stage in recipe.stages
    ]
    stages[-1] = stages[-1].model_copy(update={"size": size})
    # Validated again, because a side of 0 must be an error here and not later at the photos.
    return validate(recipe.model_copy(update={"stages": stages}).model_dump(), f"--size {size}")


def fitted(recipe: Recipe, size: int) -> Recipe:
    """Return the recipe for a last stage of `size` pixels. A net whose depth depends on the side is built for it."""
    smaller = resized(recipe, size)
    builder = GENERATORS.get(recipe.net.name)
    if builder is None or "side" not in inspect.signature(builder).parameters:
        return smaller
    net = Part(name=recipe.net.name, args=recipe.net.args | {"side": size})
    return smaller.model_copy(update={"net": net})
