"""Whether this API server can do its work, for load balancers and health checks."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from airflow_thirdparty.server.broker import health
from airflow_thirdparty.server.broker.database import in_database

router = APIRouter()


@router.get("/health", tags=["Health"])
async def get_health(request: Request) -> Response:
    """Whether this API server can do its work; says what is wrong, and nothing else."""
    found = await in_database(health.checks)
    found["middlewares"] = health.middlewares(request.scope)
    is_well = not any(found.values())
    body = {
        "status": "healthy" if is_well else "unhealthy",
        "checks": {k: v or "ok" for k, v in found.items()},
    }
    return JSONResponse(body, status_code=200 if is_well else 503)
