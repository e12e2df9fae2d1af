"""What a decoder raises: an error that does not know yet what the file is called."""

from __future__ import annotations

from photochrom.errors import PhotoError, Remedy, TooLargeError, UnreadableError, UnsupportedError

__all__ = ["Damaged", "Fault", "TooLarge", "Unsupported"]


class Fault(Exception):
    """Base class; `of` makes the `PhotoError` that it becomes.

    Parameters
    ----------
    what : what is wrong, in words, as in `PhotoError`
    """

    kind: type[PhotoError] = UnreadableError

    def __init__(self, what: str, remedy: Remedy, *, code: str | None = None) -> None:
        super().__init__(what)
        self.what, self.remedy, self.code = what, remedy, code

    def of(self, label: str) -> PhotoError:
        """The error about the file called `label`."""
        return self.kind(label, self.what, self.remedy, code=self.code)


class Damaged(Fault):
    """The file is damaged or incomplete."""

    def __init__(
        self,
        what: str = "is damaged or incomplete",
        remedy: Remedy = Remedy.COPY_AGAIN,
        *,
        code: str = "damaged",
    ) -> None:
        super().__init__(what, remedy, code=code)


class Unsupported(Fault):
    """The file is sound, but of a kind that is not supported."""

    kind = UnsupportedError

    def __init__(self, what: str, remedy: Remedy = Remedy.CONVERT, *, code: str | None = None) -> None:
        super().__init__(what, remedy, code=code)


class TooLarge(Fault):
    """The picture has more pixels or pages than there is room for."""

    kind = TooLargeError
