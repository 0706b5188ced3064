"""Whether a sign-in that cannot be refreshed lasts as long as a run usually takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median

from airflow.models.dagrun import DagRun
from sqlalchemy import select
from sqlalchemy.orm import Session

LATEST = 10
"""Runs that tell how long the next one takes: enough for a median that one odd run does not move."""


def usual_duration(session: Session, dag_id: str) -> timedelta | None:
    """How long runs of a DAG take: the median of its latest successful ones.

    :param session: a session
    :param dag_id: id of the DAG
    :return: ``None`` when there was none
    """
    rows = session.execute(
        select(DagRun.start_date, DagRun.end_date)
        .where(
            DagRun.dag_id == dag_id,
            DagRun.state == "success",
        )
        .order_by(DagRun.id.desc())
        .limit(LATEST)
    ).all()
    seconds = [(end - start).total_seconds() for start, end in rows if start and end]
    return timedelta(seconds=median(seconds)) if seconds else None


def will_not_outlive(ends_at: datetime, begun: datetime, usual: timedelta | None) -> str:
    """Say that a sign-in ends before a run does.

    :param ends_at: when the sign-in ends, which nothing can put off
    :param begun: when the run began, or would begin
    :param usual: how long runs of its DAG take; ``None`` when that is not known
    :return: a sentence; empty when there is nothing to say
    """
    if usual is None or begun + usual <= ends_at:
        return ""
    minutes = max(1, round(usual.total_seconds() / 60))
    takes = f"{minutes} minutes" if minutes > 1 else "a minute"
    return (
        f"The sign-in cannot be refreshed and ends at {ends_at:%Y-%m-%d %H:%M} UTC. Runs of this DAG usually "
        f"take {takes}, so it will not outlive this run."
    )
