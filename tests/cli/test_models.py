"""``photochrom models``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def test_models(run: Any) -> None:
    result = run("models")
    assert result.exit_code == 0
    assert "photochrom: " in result.stdout
    assert " MB, " in result.stdout
    assert "licence of the code: Apache-2.0\n" in result.stdout
    assert "terms of the training photos: " in result.stdout


def test_models_json(run: Any) -> None:
    models = json.loads(run("models", "--json").stdout)
    (default,) = (model for model in models if model["name"] == "photochrom")
    assert default["bytes"] == Path(default["path"]).stat().st_size
    assert default["parameters"] > 0
    assert default["sha256"] == hashlib.sha256(Path(default["path"]).read_bytes()).hexdigest()
    assert default["metadata"]["name"] == "photochrom"
