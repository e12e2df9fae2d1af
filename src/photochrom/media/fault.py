"""Errors that decoders raise. They do not contain the file's name yet."""

from __future__ import annotations

from photochrom.errors import PhotoError, Remedy, TooLargeError, UnreadableError, UnsupportedError

__all__ = ["Damaged", "Fault", "TooLarge", "Unsupported"]


class Fault(Exception):
    """Base class. `of` converts the error to a `PhotoError`.

    Parameters
    ----------
    what : the description of the error, as in `PhotoError`
    """

    kind: type[PhotoError] = UnreadableError

    def __init__(self, what: str, remedy: Remedy, *, code: str | None = None) -> None:
        super().__init__(what)
        self.what, self.remedy, self.code = what, remedy, code

    def of(self, label: str) -> PhotoError:
        """The `PhotoError` about the file with the name `label`."""
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
    """The file is valid, but its kind is not supported."""

    kind = UnsupportedError

    def __init__(self, what: str, remedy: Remedy = Remedy.CONVERT, *, code: str | None = None) -> None:
        super().__init__(what, remedy, code=code)


class TooLarge(Fault):
    """The picture has too many pixels or pages."""

    kind = TooLargeError
