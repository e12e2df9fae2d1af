"""A film on the page: its first seconds, its progress, and the file that is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from photochrom.jobs.film_mark import read_film_mark


def test_a_film_shows_its_first_seconds_and_comes_back_whole(
    view: Any, films: Any, hands: Any, tmp_path: Path
) -> None:
    film = films.make(
        *("old.mp4", "-f", "lavfi", "-i", "sine=440:d=2", "-c:a", "aac", "-c:v", "libx264"),
        frames=50,
        size="96x64",
    )
    shown = view()
    shown.locator("#files").set_input_files(film)
    # Fifty frames go through the network's way before anything is seen.
    shown.locator("#stage.shown.film").wait_for(timeout=60_000)
    assert hands(shown).chroma(0.5, 0.5, 0.9) > 2
    assert not shown.locator("#controls").is_visible()
    assert shown.get_by_role("button", name="Remove film").first.is_visible()
    expect(shown.locator("#download")).to_be_enabled(timeout=60_000)
    assert shown.locator("#facts").inner_text() == "96 × 64 pixels, MP4"
    expect(shown.locator("#film-words")).to_contain_text("The download is the whole film, with its sound.")
    before = shown.locator("#after").get_attribute("src")
    shown.get_by_role("button", name="Play again").click()
    expect(shown.locator("#after")).not_to_have_attribute("src", str(before))
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name="Download", exact=True).click()
    assert waiting.value.suggested_filename == "old.color.mp4"
    waiting.value.save_as(tmp_path / "saved.mp4")
    assert films.stream(tmp_path / "saved.mp4")["nb_read_frames"] == "50"
    assert films.packets(tmp_path / "saved.mp4", "a:0") == films.packets(film, "a:0")
    assert read_film_mark(tmp_path / "saved.mp4") is not None


def test_what_is_wrong_with_a_film_is_said(view: Any, own_studio: Any, films: Any) -> None:
    film = films.make("old.mp4", "-c:v", "libx264", frames=60, size="96x64")
    shown = view(own_studio(max_film_seconds=1))
    shown.locator("#files").set_input_files(film)
    words = shown.locator("#state-words")
    expect(words).to_contain_text("lasts 2 seconds, and films may last 1 seconds here")
    assert not shown.locator("#film").is_visible()
