"""``GET /api/models``: which networks there are."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from photochrom.studio.routes.common import ERRORS, CurrentStudio

router = APIRouter(prefix="/api", tags=["models"])


@router.get("/models", summary="Which models there are", responses={429: ERRORS[429]})
async def models(studio: CurrentStudio) -> list[dict[str, Any]]:
    """Name, description, licence, parameters and bytes of each; which is in use, and whether it has candidates."""
    return await run_in_threadpool(studio.models)
