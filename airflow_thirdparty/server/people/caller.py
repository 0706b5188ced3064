"""Who sends a request, by Airflow's own authentication."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api import security
from fastapi import HTTPException, Request


async def user_of(request: Request) -> BaseUser | None:
    """The user whom Airflow authenticates by the request's cookie or token, as its own endpoints do.

    :param request: any request to the API server
    :return: ``None`` when nobody is logged in
    """
    try:
        return await security.get_user(
            request, await security.oauth2_scheme(request), await security.bearer_scheme(request)
        )
    except HTTPException:
        return None
