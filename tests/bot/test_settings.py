"""Settings of chats are checked, kept, and bounded."""

from __future__ import annotations

from photochrom.bot.settings import ChatSettings, SettingsStore
from photochrom.pipeline.looks import LOOKS


def test_settings_of_many_chats_are_bounded() -> None:
    settings = SettingsStore(most=3)
    for chat in range(1000):
        settings.of(chat)
    assert len(settings) == 0, "who asks for nothing takes no room"
    for chat in range(4):
        settings.set_strength(chat, "0.5")
        settings.of(0)
    assert len(settings) == 3
    assert [settings.of(chat).strength for chat in range(4)] == [0.5, None, 0.5, 0.5], "the least used goes"
    settings.set_strength(0, "1")
    assert len(settings) == 2
    assert settings.of(0) == ChatSettings()
    assert settings.set_candidates(2, "9") == ChatSettings(0.5, 9)


def test_a_look_brings_its_own_strength() -> None:
    settings = SettingsStore()
    settings.set_strength(1, "0.5")
    options = settings.set_look(1, " Fuller ").options("best")
    assert (options.strength, options.quality) == (LOOKS["fuller"].strength, "best")
    assert settings.set_strength(1, "0.9").options("best").strength == 0.9
    assert settings.of(1).look == "fuller"
    settings.set_look(1, "natural")
    assert len(settings) == 0
