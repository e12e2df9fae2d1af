"""The files for clusters in docs/bulk are valid by their published schemas, and the guide names what there is."""

from __future__ import annotations

import copy
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from photochrom.cli.bulk import app
from photochrom.jobs import bulk_estimate
from photochrom.jobs.bulk_table import schema

DOCS = Path(__file__).parents[2] / "docs"


def mapping(required: list[str], **properties: Any) -> dict[str, Any]:
    """A schema of an object that has no other keys."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


TEXT: dict[str, Any] = {"type": "string"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
# The keys and types that KubeRay's definition of a RayJob (ray.io/v1) has for what the file uses, and at least its
# required keys. Both this table and the file were checked with the whole definition (ray.io_rayjobs.yaml of KubeRay
# 1.7.0, which has 25,400 lines) on 2026-11-28, unknown keys forbidden.
QUANTITIES: dict[str, Any] = {"type": "object", "additionalProperties": TEXT}
CONTAINER = mapping(
    ["name", "image"],
    name=TEXT,
    image=TEXT,
    envFrom={"type": "array", "items": mapping([], secretRef=mapping(["name"], name=TEXT))},
    resources=mapping([], requests=QUANTITIES, limits=QUANTITIES),
)
POD = mapping(
    ["spec"],
    spec=mapping(["containers"], containers={"type": "array", "items": CONTAINER}, nodeSelector=QUANTITIES),
)
START = QUANTITIES
RAY_JOB = mapping(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    metadata=mapping(["name"], name=TEXT),
    spec=mapping(
        ["entrypoint", "rayClusterSpec"],
        entrypoint=TEXT,
        shutdownAfterJobFinishes={"type": "boolean"},
        backoffLimit=COUNT,
        submissionMode={"enum": ["K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"]},
        rayClusterSpec=mapping(
            ["headGroupSpec"],
            rayVersion=TEXT,
            enableInTreeAutoscaling={"type": "boolean"},
            headGroupSpec=mapping(["template"], rayStartParams=START, template=POD),
            workerGroupSpecs={
                "type": "array",
                "items": mapping(
                    ["groupName", "minReplicas", "maxReplicas", "template"],
                    groupName=TEXT,
                    replicas=COUNT,
                    minReplicas=COUNT,
                    maxReplicas=COUNT,
                    rayStartParams=START,
                    template=POD,
                ),
            },
        ),
    ),
)


def read(name: str) -> Any:
    return yaml.safe_load((DOCS / "bulk" / name).read_text(encoding="utf-8"))


def test_the_ray_job_is_valid() -> None:
    job = read("rayjob.yaml")
    jsonschema.validate(job, RAY_JOB)
    wrong = copy.deepcopy(job)
    wrong["spec"]["rayClusterSpec"]["headGroupSpec"]["replica"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, RAY_JOB)


def test_the_file_for_ray_up_is_valid_by_rays_own_schema() -> None:
    spec = importlib.util.find_spec("ray")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    file = Path(spec.submodule_search_locations[0], "autoscaler", "ray-schema.json")
    rules = json.loads(file.read_text(encoding="utf-8"))
    cluster = read("ray-up.yaml")
    jsonschema.validate(cluster, rules)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**cluster, "max_worker": 1}, rules)


@pytest.mark.parametrize("name", ["rayjob.yaml", "ray-up.yaml"])
def test_both_start_a_command_that_there_is(name: str) -> None:
    text = (DOCS / "bulk" / name).read_text(encoding="utf-8")
    found = re.search(r"photochrom bulk (\S+) (\S+) --address auto --jobs \d+", text)
    assert found is not None
    names = [command.name for command in app.registered_commands]
    assert names == ["run", "verify"]


def test_the_guide_names_columns_and_constants_as_they_are() -> None:
    text = (DOCS / "bulk.md").read_text(encoding="utf-8")
    for column in schema().names:
        assert f"`{column}`" in text, column
    a, b = bulk_estimate.CORE_SECONDS_PER_PHOTO, bulk_estimate.CORE_SECONDS_PER_MEGAPIXEL
    assert f"photos x ({a:g} + {b:g} x megapixels)" in text
    # Ten million photos of 1 and of 12 megapixels.
    for megapixels in (1, 12):
        assert f"{1e7 * (a + b * megapixels) / 3600:,.0f} core-hours" in text
