"""A task instance: whom it acts for, and what became of its accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from airflow_thirdparty.server.broker.views.task_instances import StartedBy
from airflow_thirdparty.server.web.schemas.account_view import AccountView
from airflow_thirdparty.server.web.schemas.common import Problem


class ActingUserView(BaseModel):
    """Whom a task instance acts for.

    :param user_name: ``null`` for nobody
    :param reason: why, in words
    """

    user_name: str | None
    is_me: bool
    delegated: bool
    reason: str


class TaskAccountUse(BaseModel):
    """What became of one account.

    :param account: the caller's own view of it
    :param user_name: whose account was used
    """

    conn_id: str
    account: AccountView | None
    outcome: Literal["used", "refused"]
    user_name: str | None
    at: datetime
    error: Problem | None


class HumanAnswerView(BaseModel):
    """What somebody answered to the task instance's question (human in the loop).

    :param user_name: empty when the time ran out
    :param free_input: names of the fields that were filled in freely
    """

    model_config = ConfigDict(from_attributes=True)

    user_name: str
    at: datetime
    options: list[str]
    free_input: list[str]


class TaskAccountAnswer(BaseModel):
    """A task instance's tab in one answer.

    :param state: the task instance's, as Airflow has it
    :param started_by: what started the run
    """

    acting_user: ActingUserView
    uses: list[TaskAccountUse]
    human_answer: HumanAnswerView | None
    state: str | None
    started_by: StartedBy
