"""Settings of chats are checked, kept, and bounded."""

from __future__ import annotations

from photochrom.bot.settings import ChatSettings, SettingsStore


def test_settings_of_many_chats_are_bounded() -> None:
    settings = SettingsStore(most=3)
    for chat in range(1000):
        settings.of(chat)
    assert len(settings) == 0, "who asks for nothing takes no room"
    for chat in range(4):
        settings.set_strength(chat, "0.5")
        settings.of(0)
    assert len(settings) == 3
    assert [settings.of(chat).strength for chat in range(4)] == [0.5, 1.0, 0.5, 0.5], "the least used goes"
    settings.set_strength(0, "1")
    assert len(settings) == 2
    assert settings.of(0) == ChatSettings()
    assert settings.set_candidates(2, "9") == ChatSettings(0.5, 9)
