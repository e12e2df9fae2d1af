"""Settings come from the environment, and a wrong one is a sentence that names its variable."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from photochrom.studio.settings import Settings, sentence


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PHOTOCHROM_{name.upper()}", raising=False)


def test_an_option_goes_before_the_environment_and_that_before_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PHOTOCHROM_QUEUE", "5")
    monkeypatch.setenv("PHOTOCHROM_KEEP_MINUTES", "0.5")
    settings = Settings(queue=7)
    assert (settings.queue, settings.keep_minutes, settings.max_bytes) == (7, 0.5, 200 * 1024 * 1024)
    assert (settings.host, settings.token, settings.jobs) == ("127.0.0.1", None, None)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("QUEUE", "many", "PHOTOCHROM_QUEUE: should be a valid integer"),
        ("MAX_CANDIDATES", "17", "PHOTOCHROM_MAX_CANDIDATES: should be less than or equal to 16"),
        ("KEEP_MINUTES", "inf", "PHOTOCHROM_KEEP_MINUTES: should be a finite number"),
        ("TOKEN", " ", "PHOTOCHROM_TOKEN: is empty; give a token, or unset it to let everyone in"),
        ("MAX_FILM_SECONDS", "0", "PHOTOCHROM_MAX_FILM_SECONDS: should be greater than 0"),
        ("PORT", "65536", "PHOTOCHROM_PORT: should be less than or equal to 65535"),
    ],
)
def test_a_wrong_setting_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"PHOTOCHROM_{name}", value)
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert sentence(raised.value).startswith(words)


def test_the_token_is_in_no_text_of_the_settings() -> None:
    settings = Settings(token="grandmother")
    assert "grandmother" not in f"{settings!r} {settings}"
    assert settings.token is not None
    assert settings.token.get_secret_value() == "grandmother"
    with pytest.raises(ValidationError) as raised:
        Settings(token=["grandmother"])
    assert "grandmother" not in str(raised.value)
