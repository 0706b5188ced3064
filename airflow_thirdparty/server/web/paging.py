"""What part of a long list is asked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from airflow_thirdparty.server.web.schemas.common import LARGEST

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=LARGEST)]
