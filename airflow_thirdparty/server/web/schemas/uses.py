"""Where sign-ins were used, and how often."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class UseView(BaseModel):
    """One try of a task instance that used the caller's sign-in."""

    model_config = ConfigDict(from_attributes=True)

    conn_id: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    first_at: datetime
    last_at: datetime
    times: int


class UsesAnswer(BaseModel):
    """A page of the caller's uses."""

    uses: list[UseView]
    total: int


class CountView(BaseModel):
    """How much somebody's sign-in was used."""

    model_config = ConfigDict(from_attributes=True)

    conn_id: str
    user_name: str
    task_instances: int
    times: int
    last_at: datetime
