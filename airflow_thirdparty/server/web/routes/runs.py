"""What a task instance's tab shows: whom it acts for, and what became of the accounts it asked for."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import APIRouter, Depends, Path
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.views import accounts as account_views
from airflow_thirdparty.server.broker.views import task_instances as task_instance_views
from airflow_thirdparty.server.broker.views.task_instances import Asked, TaskInstanceKey
from airflow_thirdparty.server.people import entitlement
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.web.dependencies import PersonDep
from airflow_thirdparty.server.web.schemas.account_view import AccountView
from airflow_thirdparty.server.web.schemas.common import LARGEST, Problem
from airflow_thirdparty.server.web.schemas.runs import (
    ActingUserView,
    HumanAnswerView,
    TaskAccountAnswer,
    TaskAccountUse,
)

router = APIRouter(prefix="/api/v1", tags=["Task instances"])


class NoSuchTaskInstance(ThirdPartyAccountError):
    """There is no task instance of this name."""

    code = "no_such_task_instance"


@router.get(
    "/task-instances/{dag_id}/{run_id}/{task_id}/{map_index}/account",
    dependencies=[Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.TASK_INSTANCE))],
)
async def get_task_account(
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: Annotated[int, Path(ge=-1, le=LARGEST)],
    user: GetUserDep,
    person: PersonDep,
) -> TaskAccountAnswer:
    """Whom a task instance acts for, for whoever may read it."""
    key = TaskInstanceKey(dag_id, run_id, task_id, map_index)
    return await in_database(_answer, key=key, user=user, caller=person)


def _answer(session: Session, key: TaskInstanceKey, user: BaseUser, caller: Person) -> TaskAccountAnswer:
    found = task_instance_views.look_up(session, key, utcnow())
    if found is None:
        raise NoSuchTaskInstance(
            f"Run '{key.run_id}' of DAG '{key.dag_id}' has no task instance '{key.task_id}' with map "
            f"index {key.map_index}.",
            "Check the names.",
        )
    sees = entitlement.sees(user)
    seen = {
        view.entry.registration.conn_id: AccountView.of(view)
        for view in (account_views.of_person(session, caller, utcnow()) if found.asked else ())
        if sees(view.entry.registration.team)
    }
    acting = found.acting
    return TaskAccountAnswer(
        acting_user=ActingUserView(
            user_name=acting.person.name if acting.person else None,
            is_me=acting.person == caller,
            delegated=acting.delegated,
            reason=found.how,
        ),
        uses=[_use(asked, seen.get(asked.conn_id)) for asked in found.asked],
        state=found.state,
        started_by=found.started_by,
        human_answer=HumanAnswerView.model_validate(found.answer) if found.answer else None,
    )


def _use(asked: Asked, account: AccountView | None) -> TaskAccountUse:
    return TaskAccountUse(
        conn_id=asked.conn_id,
        account=account,
        outcome="refused" if asked.error else "used",
        user_name=asked.person.name if asked.person else None,
        at=asked.at,
        error=Problem.of(asked.error) if asked.error else None,
    )
