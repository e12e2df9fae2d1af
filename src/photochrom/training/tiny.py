"""Every recipe made small: the same steps with tiny nets and little pictures, to try it in a minute or to test it."""

from typing import Any

from photochrom.training.recipe import Recipe, validate

SIDE, BATCH = 64, 2
NAMES = {
    "resnet18_unet": "test_resnet_unet",
    "resnet34_unet": "test_resnet_unet",
    "resnet34_critic": "test_resnet_critic",
}


def tiny(recipe: Recipe) -> Recipe:
    """The recipe with the tiny variant of each of its networks, 64 px, and batches of two."""
    table = recipe.model_dump()
    table["net"] = _part(table["net"])
    for stage in table["stages"]:
        stage |= {"size": SIDE, "other_sizes": [], "batch": BATCH}
    for step in table["steps"].values():
        for place in (step, step.get("gan", {})):
            for opponent in {"critic", "discriminator"} & place.keys():
                place[opponent] = _part(place[opponent])
        for terms in (step.get("loss", {}), step.get("mean", {})):
            if terms.get("perceptual"):
                terms["features"] = "test_vgg16"
    return validate(table, "tiny")


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return part | {"name": NAMES.get(part["name"], f"test_{part['name']}")}
