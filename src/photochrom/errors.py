"""Every error that Photochrom raises on purpose.

::

    PhotochromError           code, path, what, remedy
    ├── PhotoError            something is wrong with one photo's file
    │   ├── UnreadableError     missing, empty, damaged, a folder, no permission
    │   ├── UnsupportedError    a valid file of a kind that is not supported
    │   ├── TooLargeError       more pixels or memory than there is room for
    │   ├── AlreadyColorError   in colour already, or colorized before
    │   ├── NameTakenError      another file has the name that the result would get
    │   └── WriteError          the result could not be written
    ├── ClusterError          a cluster cannot be reached, or does not fit
    ├── ModelError            a model cannot be found, read or run
    ├── OptionError           an option is out of range (also a ValueError)
    ├── RecipeError           a recipe cannot be used (also a ValueError)
    ├── CheckpointError       a checkpoint cannot be read or does not fit (also a ValueError)
    └── StudyError            the file of a Turing test cannot be used (also a ValueError)

An error states what is wrong. ``remedy`` is a key. An interface may have other words for a remedy: the command says
``--max-pixels`` where Python says ``max_pixels``. It passes these words to `PhotochromError.sentence`. No interface
edits the text of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "AlreadyColorError",
    "CheckpointError",
    "ClusterError",
    "ModelError",
    "NameTakenError",
    "OptionError",
    "PhotoError",
    "PhotochromError",
    "RecipeError",
    "Remedy",
    "StudyError",
    "TooLargeError",
    "UnreadableError",
    "UnsupportedError",
    "WriteError",
]


def install_extra(name: str) -> str:
    """How to install an optional part. The package is not published, so pip takes it from the folder of the source."""
    return f'pip install ".[{name}]" in the folder of Photochrom\'s source'


class Remedy(StrEnum):
    """What a user can do. The value has the words of Python's interface."""

    NONE = ""
    ALLOW_OVERWRITE = "choose another name or allow overwriting"
    BEGIN_STUDY = "`photochrom turing serve` begins one"
    CHECK_CLUSTER = "check the address, or leave it out to use this machine"
    CHECK_NETWORK = "check the network and the endpoint"
    CHECK_PATH = "check the path"
    CHOOSE_ALPHA_FORMAT = "choose PNG, TIFF or WebP"
    CHOOSE_FOLDER = "choose another folder"
    CHOOSE_FORMAT = "choose JPEG, PNG, TIFF, WebP, AVIF or HEIC"
    CHOOSE_TIFF = "choose TIFF"
    CONTINUE_LATER = "what was done stays done; the same command continues"
    CONVERT = "convert it to PNG or TIFF first"
    CONVERT_16 = "convert it to 16-bit TIFF first"
    CONVERT_SDR = "convert it to standard dynamic range first"
    COPY_AGAIN = "copy it again from where it came from"
    DEINTERLACE = "deinterlace=True makes whole frames of its fields"
    EXPORT_AGAIN = "export it again from where it came from"
    EXPORT_FRAMES = "export the frames as pictures first"
    FEWER_AT_ONCE = "colorize fewer photos at once, or make it smaller first"
    FORCE = "force=True colorizes it all the same"
    FREE_SPACE = "free some space or choose another folder"
    GIVE_CREDENTIALS = (
        "give credentials in the way of the store's own tools, such as AWS_ACCESS_KEY_ID or a profile"
    )
    GIVE_FILE_IN_FOLDER = "give a picture in it"
    GIVE_FILE_NAME = "give the name of a file"
    GIVE_OTHER_FILE = "give another file"
    GIVE_PICTURE = (
        "give a JPEG, PNG, TIFF, WebP, AVIF, HEIC, BMP, GIF, PNM, JPEG 2000, JPEG XL, PSD or camera RAW file"
    )
    GIVE_RAY_TOKEN = (
        "set RAY_AUTH_MODE=token, with the cluster's token in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"
    )
    INSTALL_BULK = f"install the bulk extra: {install_extra('bulk')}"
    INSTALL_CLOUD = f"install the cloud extra: {install_extra('cloud')}"
    INSTALL_CODECS = f"install the codecs extra: {install_extra('codecs')}"
    INSTALL_PHOTO = f"install the photo extra: {install_extra('photo')}"
    INSTALL_VIDEO = f"install the video extra: {install_extra('video')}"
    LOOK_INTO_FOLDERS = "look into its sub-folders too"
    MAKE_FOLDER = "make the folder first"
    MAKE_SMALLER = "make it smaller first"
    OTHER_NAME = "choose another name for the result"
    RAISE_MAX_PIXELS = "raise max_pixels to open it"
    READ_PERMISSION = "allow reading it (chmod u+r)"
    SALVAGE = "salvage=True colorizes what is left of it"
    SAME_VERSION = "install the same version on every machine"
    SEPARATE_FOLDERS = "write them into separate folders"
    SHORTER_NAME = "choose a shorter name"
    SPLIT_PAGES = "split it into files of fewer pages first"
    USE_COLORIZE = "colorize photos with photochrom.colorize"
    USE_FILM = "colorize_film colorizes films"
    USE_OTHER_VERSION = "use that version"
    WRITABLE_FOLDER = "choose a folder that you may write to"


class PhotochromError(Exception):
    """Base of all errors that Photochrom raises on purpose.

    Attributes
    ----------
    code : str
        The kind of the error, for programs: lower case with underscores, such as "damaged" or "too_large".
    path : str
        The file or thing with the error, as the user named it. It may be empty.
    what : str
        The description of the error, without the path and the remedy.
    remedy : Remedy
        What the user can do about it.
    """

    code = "error"
    separator = ": "
    """The text between `path` and `what`."""

    def __init__(
        self, path: str, what: str, remedy: Remedy = Remedy.NONE, *, code: str | None = None
    ) -> None:
        self.path, self.what, self.remedy = path, what, remedy
        if code is not None:
            self.code = code
        super().__init__(self.sentence())

    def sentence(self, remedies: Mapping[Remedy, str] | None = None, *, path: str | None = None) -> str:
        """The error in one line: ``PATH: WHAT; REMEDY``.

        Parameters
        ----------
        remedies : an interface's own words for some remedies; the other remedies have the words of Python's interface
        path : the name of the file in this interface, if it is not `self.path`
        """
        remedy = (remedies or {}).get(self.remedy, self.remedy.value)
        named = self.separator.join(part for part in (self.path if path is None else path, self.what) if part)
        # Names come from users and may contain line breaks. The message must be one line in a log.
        return " ".join("; ".join(part for part in (named, remedy) if part).split())

    def __reduce__(self) -> tuple[object, ...]:
        # Errors are sent between processes (Ray, multiprocessing). The default would pass the sentence as the path.
        return _rebuild, (type(self), self.path, self.what, self.remedy, self.code)


def _rebuild(kind: type[PhotochromError], path: str, what: str, remedy: Remedy, code: str) -> PhotochromError:
    return kind(path, what, remedy, code=code)


class PhotoError(PhotochromError):
    """Something is wrong with one photo's file."""

    code = "photo"


class UnreadableError(PhotoError):
    """The file cannot be read at all: missing, empty, damaged, a folder, no permission."""

    code = "unreadable"


class UnsupportedError(PhotoError):
    """The file is valid, but its kind is not supported."""

    code = "unsupported"


class TooLargeError(PhotoError):
    """The picture has more pixels than the limit, the memory or the output format allows."""

    code = "too_large"


class AlreadyColorError(PhotoError):
    """The photo is in colour already (code "in_color"), or was colorized before (code "colorized")."""

    code = "in_color"


class NameTakenError(PhotoError):
    """Another file has the name that the result would get."""

    code = "name_taken"


class WriteError(PhotoError):
    """The result could not be written."""

    code = "write"


class ClusterError(PhotochromError):
    """A cluster cannot be reached, or its machines do not fit together."""

    code = "cluster"


class ModelError(PhotochromError):
    """A model cannot be found, read or run."""

    code = "model"


class OptionError(PhotochromError, ValueError):
    """An option is out of range. `path` is its name, and `what` continues the sentence: "strength must be ..."."""

    code = "option"
    separator = " "


class RecipeError(PhotochromError, ValueError):
    """A recipe or an override cannot be used. `path` is the path of the key."""

    code = "recipe"


class CheckpointError(PhotochromError, ValueError):
    """A checkpoint cannot be read, or does not fit the run."""

    code = "checkpoint"


class StudyError(PhotochromError, ValueError):
    """The file of a Turing test cannot be used."""

    code = "study"
