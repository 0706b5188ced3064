"""The DAG bundles that there are: as the DAG processor told the database, and as they are configured here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.store import airflow_tables as tables

DEFAULT = frozenset({"dags-folder"})
"""What Airflow's own configuration names when nobody has set anything."""


def columns() -> list[ColumnElement[Any]]:
    """Columns to add to a query, so that :func:`only` needs none of its own.

    :return: how many bundles there are, and the name of the first
    """
    active = tables.DAG_BUNDLE.c.active.is_(True)
    return [
        select(func.count()).select_from(tables.DAG_BUNDLE).where(active).scalar_subquery(),
        select(func.min(tables.DAG_BUNDLE.c.name)).where(active).scalar_subquery(),
    ]


def only(count: int, first: str | None) -> str | None:
    """The only bundle that there is.

    :param count: how many bundles the DAG processor told the database
    :param first: the name of the first
    :return: its name; ``None`` when there are several
    """
    configured = settings.bundle_names()
    if count and configured == DEFAULT:
        configured = frozenset()  # this server need not know what the DAG processor parses
    names = configured | ({first} if first else set())
    return next(iter(names)) if count <= 1 and len(names) == 1 else None


def only_bundle(session: Session) -> str | None:
    """The only bundle that there is, by a query of its own.

    :param session: a session
    :return: its name; ``None`` when there are several
    """
    return only(*session.execute(select(*columns())).one())
