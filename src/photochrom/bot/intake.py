"""`Intake`: queues what a chat asks for, within the limits."""

from __future__ import annotations

from photochrom.bot.access import Access
from photochrom.bot.texts import texts_in
from photochrom.bot.turns import TurnQueue
from photochrom.bot.work import GridJob, PhotoJob, photo_of
from photochrom.jobs.queue import QueueFullError

__all__ = ["Intake"]


class Intake:
    """Takes jobs into the queue.

    A photo counts for the limit of a day, and a photo that is coloured anew counts too, because it is the same work. A
    grid does not count: it is drawn on a small picture.

    Parameters
    ----------
    turns : where jobs wait
    access : which chats may ask, and how often; None sets no limit
    """

    def __init__(self, turns: TurnQueue[PhotoJob | GridJob], access: Access | None = None) -> None:
        self._turns, self._access = turns, access or Access()

    def take(self, job: PhotoJob | GridJob) -> str | None:
        """Queue a job. What comes back is the reason why not, in words, or "" where nothing should be said."""
        photo = photo_of(job)
        texts = texts_in(photo.language)
        if isinstance(job, PhotoJob) and not self._access.take(photo.chat):
            return texts.not_today(self._access.daily or 0, photo.chat) if photo.private else ""
        try:
            self._turns.put(photo.chat, job)
        except QueueFullError as error:
            if error.own:
                return texts("queue.full-chat", name=photo.name, n=self._turns.most_each)
            return texts("queue.full", name=photo.name)
        return None
