"""Recipes for other sizes of pictures than their own."""

import inspect

from photochrom.nets.registry import GENERATORS
from photochrom.training.recipe import Recipe, validate
from photochrom.training.settings import Part


def resized(recipe: Recipe, size: int, multiple: int = 32) -> Recipe:
    """The recipe with a last stage of `size` pixels and the others in proportion, in multiples of `multiple`."""
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
    # Through the schema once more: a side of 0 must not get as far as the photos.
    return validate(recipe.model_copy(update={"stages": stages}).model_dump(), f"--size {size}")


def fitted(recipe: Recipe, size: int) -> Recipe:
    """The recipe for a last stage of `size` pixels, and with a net for it where the depth depends on the side."""
    smaller = resized(recipe, size)
    builder = GENERATORS.get(recipe.net.name)
    if builder is None or "side" not in inspect.signature(builder).parameters:
        return smaller
    net = Part(name=recipe.net.name, args=recipe.net.args | {"side": size})
    return smaller.model_copy(update={"net": net})
