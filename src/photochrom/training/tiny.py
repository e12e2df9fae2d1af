"""Small versions of recipes: the same steps with tiny nets and small pictures, to try or test them in a minute."""

from typing import Any

from photochrom.training.recipe import Recipe, validate

SIDE, BATCH = 64, 2
NAMES = {
    "resnet18_unet": "test_resnet_unet",
    "resnet34_unet": "test_resnet_unet",
    "resnet34_critic": "test_resnet_critic",
}


def tiny(recipe: Recipe) -> Recipe:
    """Return the recipe with the tiny variant of each of its networks, 64 px, and batches of two.

    All stages take the same share of the budget, so a few steps more than there are stages run each of them.
    """
    table = recipe.model_dump()
    for stage in table["stages"]:
        stage |= {"size": SIDE, "other_sizes": [], "batch": BATCH, "share": 1 / len(table["stages"])}
    return validate(_small(table), "tiny")


def _small(table: dict[str, Any]) -> dict[str, Any]:
    """Return `table` with the tiny variant of each network that it names, at any depth."""
    if table.keys() == {"name", "args"}:
        return _part(table)
    small = {key: _small(value) if isinstance(value, dict) else value for key, value in table.items()}
    if small.get("perceptual"):
        small["features"] = "test_vgg16"
    return small


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return part | {"name": NAMES.get(part["name"], f"test_{part['name']}")}
