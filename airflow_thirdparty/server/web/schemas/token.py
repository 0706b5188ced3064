"""What a trigger asks with its grant, and what it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from airflow_thirdparty.server.web.schemas.common import Kind, Strict
from airflow_thirdparty.wire import MAX_LIFETIME


class TokenQuestion(Strict):
    """What the access token has to be good for, and the exposure entry by which a foreign hook finds it."""

    min_lifetime: Annotated[int, Field(ge=0, le=MAX_LIFETIME)] = 0
    force_refresh: bool = False
    entry: Annotated[str, Field(pattern="^[a-z0-9-]{0,60}$")] | None = None


class TokenAnswer(BaseModel):
    """An access token, with what is known about it; ``token`` is missing where the grant only waits.

    ``connection`` is what a foreign hook gets, where an entry was asked for; empty means the account's own.
    """

    token: str | None
    kind: Kind
    host: str | None
    login: str | None
    expires_at: datetime | None
    scopes: list[str]
    subject: str
    subject_name: str
    origins: list[str]
    auth_header: str = "Authorization"
    auth_scheme: str = "Bearer"
    headers: dict[str, str] = {}
    connection: dict[str, Any] | None = None
