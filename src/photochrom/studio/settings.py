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
        Where to listen; port 0 takes any that is free.
    token
        What a request must bring as ``Authorization: Bearer ...``; None lets everyone in.
    model
        A name of ``photochrom models`` or an ONNX file that Photochrom exported.
    max_bytes
        Of one request's body.
    max_pixels
        Of one photo, all its pages and candidates together.
    max_candidates
        Versions of one photo that may be asked for at once.
    queue
        Photos that may wait, of all clients together.
    requests_per_minute
        Of one client address.
    keep_minutes
        For how long a photo is kept once it is done; then it is gone.
    keep_bytes
        Of all photos that are kept, originals and results together.
    body_seconds
        In which a request's body must have arrived.
    grace_seconds
        For which a server that is stopped lets running photos finish.
    forwarded
        Whether a proxy on this machine says in X-Forwarded-For who its clients are.
    jobs
        Photos worked on at once. None: one per core, fewer where memory is short.

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
    max_candidates: int = Field(default=16, ge=1, le=16)
    queue: int = Field(default=200, ge=1)
    requests_per_minute: int = Field(default=600, ge=1)
    keep_minutes: float = Field(default=60, gt=0, allow_inf_nan=False)
    keep_bytes: int = Field(default=4096 * MiB, ge=1)
    body_seconds: float = Field(default=60, gt=0, allow_inf_nan=False)
    grace_seconds: float = Field(default=5, ge=0, allow_inf_nan=False)
    forwarded: bool = False
    jobs: int | None = Field(default=None, ge=1)

    @field_validator("token")
    @classmethod
    def _not_empty(cls, token: SecretStr | None) -> SecretStr | None:
        # An empty variable is a mistake. It must not let everybody in.
        if token is not None and not token.get_secret_value().strip():
            raise ValueError("is empty; give a token, or unset it to let everyone in")
        return token


def sentence(error: ValidationError) -> str:
    """The first thing that is wrong with settings, in one line that names the variable."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(map(str, first["loc"])).upper()
    words = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"PHOTOCHROM_{name}: {words}"
