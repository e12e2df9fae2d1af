"""`PhotoJob` and `GridJob`: what a chat may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from photochrom.bot.grid import WHOLE, Window
from photochrom.bot.settings import ChatSettings
from photochrom.engine.hints import Hint

__all__ = ["GridJob", "PhotoJob", "photo_of"]


@dataclass(frozen=True, slots=True)
class PhotoJob:
    """One photo to colorize. The photo itself stays with Telegram until its turn comes.

    Attributes
    ----------
    chat, message
        Where it was sent, and by which message.
    file_id
        Telegram's name for it.
    as_file
        Whether it was sent as a file. Then the answer has a file in full size too.
    force
        Whether to colorize it even if it is in colour or damaged.
    private
        Whether the chat is no group. In groups the bot says nothing about photos in colour.
    language
        Of the person who asks.
    hints
        Colours that a person has chosen for places of it.
    """

    chat: int
    message: int
    file_id: str
    name: str
    as_file: bool
    settings: ChatSettings
    force: bool = False
    private: bool = True
    language: str = "en"
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class GridJob:
    """A picture with a grid to draw, on which a person points at a wrong colour.

    Attributes
    ----------
    photo
        The job whose result has the wrong colour.
    picture
        Telegram's name for a view of that result.
    window
        The part of it to show.
    """

    photo: PhotoJob
    picture: str
    window: Window = WHOLE


def photo_of(job: PhotoJob | GridJob) -> PhotoJob:
    """The photo that a job is about."""
    return job.photo if isinstance(job, GridJob) else job
