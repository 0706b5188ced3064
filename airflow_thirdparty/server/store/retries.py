"""Who asks a service about a sign-in again, agreed upon in the row where all processes meet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.models import SignIn


def claim(session: Session, row_id: int, version: int, now: datetime, until: datetime) -> bool:
    """Become the one who asks now; nobody else does until then.

    :param session: writes in its transaction
    :param row_id: id of the sign-in
    :param version: version that the row must have
    :param now: the time, in UTC
    :param until: when somebody may ask again
    :return: whether that is the caller
    """
    is_free = or_(SignIn.retry_at.is_(None), SignIn.retry_at <= now)
    statement = update(SignIn).where(SignIn.id == row_id, SignIn.version == version, is_free)
    return changed_rows(session, statement.values(retry_at=until)) == 1
