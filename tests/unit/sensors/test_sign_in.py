"""The sensor waits for what people can mend, says where, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import TaskDeferred

from airflow_thirdparty.exceptions import BY_CODE, WORTH_WAITING, NotProjected, ThirdPartyAccountError
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.hooks.uses_account import uses_account
from airflow_thirdparty.operators.http import ThirdPartyHttpOperator
from airflow_thirdparty.sensors.sign_in import ThirdPartySignInSensor
from airflow_thirdparty.wire import OF_DAG, PROJECTION_KEY, TokenRequest
from tests.support.worker import TOKEN, Supervisor, answered, projected, refused

PAGE = "https://airflow.example/third-party-accounts/?account="


@pytest.fixture
def sign_in(supervisor: Supervisor) -> Callable[[str], None]:
    """Answers a function by which the acting person signs in to an account."""

    def sign_in(account: str) -> None:
        supervisor.answers[account] = lambda request: projected(TOKEN, None)

    for account in ("acme", "other"):
        link = f"{PAGE}{account}"
        supervisor.answers[account] = lambda request, link=link: refused("sign_in_required", link=link)
    return sign_in


def test_it_is_done_when_the_person_is_signed_in_everywhere(sign_in: Callable[[str], None]) -> None:
    sensor = ThirdPartySignInSensor(task_id="t", accounts=["acme", "other"])
    seen = []
    for account in ("acme", "other"):
        seen.append(sensor.poke({}))
        sign_in(account)
    assert [*seen, sensor.poke({})] == [False, False, True]


def test_it_says_where_once(sign_in: Callable[[str], None], logged: list[str]) -> None:
    sensor = ThirdPartySignInSensor(task_id="t", accounts=["acme", "other"])
    sensor.poke({})
    sensor.poke({})
    assert [logged.count(f"{PAGE}{account}") for account in ("acme", "other")] == [1, 1]
    assert sensor.sign_in_address == f"{PAGE}acme"
    sign_in("acme")
    sensor.poke({})
    assert logged.count(f"{PAGE}other") == 2
    assert sensor.sign_in_address == f"{PAGE}other"


@pytest.mark.parametrize(("code", "error"), sorted(BY_CODE.items()))
def test_what_it_waits_for(supervisor: Supervisor, code: str, error: type[ThirdPartyAccountError]) -> None:
    supervisor.answers["acme"] = lambda request: refused(code)
    sensor = ThirdPartySignInSensor(task_id="t", accounts="acme")
    if issubclass(error, WORTH_WAITING):
        assert sensor.poke({}) is False
        return
    with pytest.raises(error):
        sensor.poke({})


@pytest.mark.parametrize(
    ("scopes", "asked"),
    [
        pytest.param((), [(), ()], id="none"),
        pytest.param(["read"], [("read",), ("read",)], id="of each"),
        pytest.param({"other": ["write"]}, [(), ("write",)], id="of one"),
    ],
)
def test_the_scopes_needed(
    sign_in: Callable[[str], None], supervisor: Supervisor, scopes: object, asked: list[tuple[str, ...]]
) -> None:
    ThirdPartySignInSensor(task_id="t", accounts=["acme", "other"], scopes=scopes).poke({})  # type: ignore[arg-type]
    wanted = zip(("acme", "other"), asked, strict=True)
    assert supervisor.asked == [TokenRequest(*pair, waits=True) for pair in wanted]


def declaring() -> Any:
    """A DAG whose tasks say which scopes they need."""
    with DAG("d", schedule=None) as dag:
        ThirdPartyHttpOperator(task_id="a", third_party_account_conn_id="acme", scopes=["read"])
        ThirdPartyHttpOperator.partial(
            task_id="b", third_party_account_conn_id="other", scopes=["write"]
        ).expand(endpoint=["/x"])

        @task
        @uses_account("acme", scopes=["admin", "read"])
        def work() -> None: ...

        work()
    return dag


def test_by_default_it_waits_for_all_accounts_of_the_dag_with_what_its_tasks_declare(
    sign_in: Callable[[str], None], supervisor: Supervisor
) -> None:
    supervisor.answers[OF_DAG] = lambda request: answered(
        extra=json.dumps({PROJECTION_KEY: {"accounts": ["acme", "other"]}})
    )
    sign_in("acme")
    sensor = ThirdPartySignInSensor(task_id="t", scopes={"other": ["more"]})
    assert sensor.poke({"dag": declaring()}) is False
    assert supervisor.asked == [
        TokenRequest(OF_DAG, dag=True),
        TokenRequest("acme", ("read", "admin"), waits=True),
        TokenRequest("other", ("more", "write"), waits=True),
    ]
    sign_in("other")
    assert sensor.poke({}) is True


def test_without_an_answer_about_the_dag_it_says_so(supervisor: Supervisor) -> None:
    with pytest.raises(NotProjected, match="did not say which"):
        ThirdPartySignInSensor(task_id="t").poke({})


def test_it_holds_no_worker_by_default() -> None:
    assert ThirdPartySignInSensor(task_id="t", accounts="acme").reschedule


def test_its_trigger_asks_for_what_the_task_will_ask_for(sign_in: Callable[[str], None]) -> None:
    # a trigger that asks for less fires at once, and the task defers again at once, over and over
    sensor = ThirdPartySignInSensor(task_id="t", accounts="acme", min_lifetime=3600, deferrable=True)
    sensor._hook = lambda account, _context: Granting(account, min_lifetime=3600)  # type: ignore[method-assign]
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({})
    _, arguments = deferred.value.trigger.serialize()
    assert arguments == {"grants": {"acme": "sealed"}, "interval": 60.0, "min_lifetime": 3600}


class Granting(ThirdPartyAccountHook):
    """The hook where the server grants."""

    def get_grant(self, *, waits: bool = False) -> str:
        """A grant."""
        return "sealed"
