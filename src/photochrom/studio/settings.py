"""`Settings`: what can be set by the environment or by the options of ``photochrom serve``."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings", "sentence"]

MiB = 1 << 20


class Settings(BaseSettings):
    """All limits of a studio. Each can be set as ``PHOTOCHROM_NAME``, such as ``PHOTOCHROM_TOKEN``.

    Attributes
    ----------
    host, port
        The address to listen on; port 0 takes any free port.
    token
        The token that a request must send as ``Authorization: Bearer ...``; None admits everyone.
    model
        A name of ``photochrom models`` or an ONNX file that Photochrom exported.
    max_bytes
        The limit for the body of one request.
    max_pixels
        The limit for one photo, all its pages and candidates together.
    max_film_seconds
        The longest film.
    max_film_bytes
        The largest file of a film.
    max_candidates
        The largest number of versions of one photo in a request.
    queue
        The largest number of waiting photos of all clients together.
    requests_per_minute
        The limit for one client address.
    keep_minutes
        The time until a finished photo is deleted.
    keep_bytes
        The limit for all stored photos, originals and results together.
    body_seconds
        The time limit for the arrival of a request's body.
    grace_seconds
        The time that running photos have to finish when the server is stopped.
    forwarded
        Whether to read the clients' addresses from X-Forwarded-For of a proxy on this machine.
    jobs
        The number of photos colorized at the same time. None means one per core, or fewer if memory is short.
    browser
        Whether `photochrom serve` opens the page in this machine's browser, if it has one.

    Raises
    ------
    ValidationError
        A ValueError; `sentence` puts it into words.
    """

    model_config = SettingsConfigDict(env_prefix="PHOTOCHROM_", extra="forbid", hide_input_in_errors=True)

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=0, le=65535)
    token: SecretStr | None = None
    model: str = Field(default="photochrom", min_length=1)
    max_bytes: int = Field(default=200 * MiB, ge=1024)
    max_pixels: int = Field(default=200_000_000, ge=1)
    max_film_seconds: float = Field(default=120, gt=0, allow_inf_nan=False)
    max_film_bytes: int = Field(default=100 * MiB, ge=1024)
    max_candidates: int = Field(default=16, ge=1, le=16)
    queue: int = Field(default=200, ge=1)
    requests_per_minute: int = Field(default=600, ge=1)
    keep_minutes: float = Field(default=60, gt=0, allow_inf_nan=False)
    keep_bytes: int = Field(default=4096 * MiB, ge=1)
    body_seconds: float = Field(default=60, gt=0, allow_inf_nan=False)
    grace_seconds: float = Field(default=5, ge=0, allow_inf_nan=False)
    forwarded: bool = False
    jobs: int | None = Field(default=None, ge=1)
    browser: bool = True

    @field_validator("token")
    @classmethod
    def _not_empty(cls, token: SecretStr | None) -> SecretStr | None:
        # An empty variable is a mistake. It must not admit everyone.
        if token is not None and not token.get_secret_value().strip():
            raise ValueError("is empty; give a token, or unset it to let everyone in")
        return token


def sentence(error: ValidationError) -> str:
    """The first error in the settings, as one line that names the variable."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(map(str, first["loc"])).upper()
    words = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"PHOTOCHROM_{name}: {words}"
