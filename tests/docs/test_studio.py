"""docs/studio.md and the container file say what the programs do."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from photochrom.bot import api, results, service, turns
from photochrom.cli.serve import serve
from photochrom.studio.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "studio.md").read_text(encoding="utf-8")


def test_the_table_has_every_setting_and_every_option() -> None:
    rows = re.findall(r"^\| (?:`--([a-z-]+)`)? ?\| `PHOTOCHROM_([A-Z_]+)` \|", TEXT, re.M)
    assert sorted(name.lower() for _, name in rows) == sorted(Settings.model_fields)
    options = {option.replace("-", "_") for option, _ in rows if option}
    assert options == set(inspect.signature(serve).parameters)
    assert all(option.replace("-", "_") == name.lower() for option, name in rows if option)


def test_the_bots_limits_are_those_of_the_program() -> None:
    queue: turns.TurnQueue[str] = turns.TurnQueue()
    assert f"Up to {queue.most} photos may wait, {queue.most_each} of one chat" in " ".join(TEXT.split())
    assert f"`--max-pixels` ({service.MAX_PIXELS // 10**6} million)" in TEXT
    assert (
        f"for {results.KEPT_SECONDS // 3600} hours or until it is restarted: {results.MOST:,} results" in TEXT
    )
    assert f"{results.MOST_EACH} of one chat. Only the chat itself" in TEXT
    assert f"{api.MAX_FETCH >> 20} MB for fetching and {api.MAX_SEND >> 20} MB for sending" in TEXT


def test_the_container_is_not_root_and_asks_after_its_health() -> None:
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    words = [line.split()[0] for line in lines if line and not line.startswith(("#", " "))]
    assert words.index("USER") < words.index("CMD")
    assert "/healthz" in "".join(lines)
    (copied,) = (line for line in lines if line.startswith("COPY pyproject"))
    assert all((ROOT / name).is_file() for name in copied.split()[1:-1])
