"""How many people are signed in to each account: counted in the background once there are many."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store import sign_in_counts
from airflow_thirdparty.server.store.models import SignInCount


def count(session: Session, now: datetime) -> None:
    """Count, and keep what was counted for those who ask.

    :param session: writes in its transaction
    :param now: the time, in UTC
    """
    counted = sign_in_counts.counted_now(session)
    session.execute(delete(SignInCount).where(SignInCount.conn_id.not_in(counted)))
    for conn_id, (sign_ins, lapsed) in counted.items():
        session.merge(SignInCount(conn_id=conn_id, sign_ins=sign_ins, lapsed=lapsed, counted_at=now))
