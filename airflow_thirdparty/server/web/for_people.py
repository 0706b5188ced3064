"""What people and their browsers ask: the pages, their API, and its description."""

from __future__ import annotations

from airflow.configuration import conf
from fastapi import APIRouter, Depends

from airflow_thirdparty.server.web.dependencies import LoggedIn, without_nul
from airflow_thirdparty.server.web.routes import (
    accounts,
    dags,
    delegations,
    documents,
    health,
    pages,
    people,
    registry,
    roles,
    runs,
    token,
    uses,
)
from airflow_thirdparty.server.web.schemas.common import ProblemAnswer


def create_routes() -> APIRouter:
    """Build the routes; what triggers and load balancers ask is among them, for their description."""
    found = APIRouter(
        dependencies=[Depends(without_nul)],
        responses={"4XX": {"model": ProblemAnswer}, "5XX": {"model": ProblemAnswer}},
    )
    for routes in (accounts, dags, delegations, runs, uses, roles, people, registry):
        found.include_router(routes.router, dependencies=[LoggedIn])
    for routes in (token, pages, health):
        found.include_router(routes.router)
    if conf.getboolean("api", "enable_swagger_ui", fallback=True):
        found.include_router(documents.of(found))
    return found
