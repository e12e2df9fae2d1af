"""``GET /api/looks``: the looks that the field `look` takes, and the options that each stands for."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from photochrom.pipeline.looks import LOOKS
from photochrom.studio.routes.common import ERRORS

router = APIRouter(prefix="/api", tags=["looks"])


@router.get("/looks", summary="Which looks there are", responses={429: ERRORS[429]})
async def looks() -> list[dict[str, Any]]:
    """The name and the options of each. Such a JSON object without its name is a file for `photochrom --look`."""
    return [{"name": name, **look.to_json()} for name, look in LOOKS.items()]
