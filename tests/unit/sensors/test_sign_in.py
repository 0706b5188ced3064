"""The sensor waits for what people can mend, says where, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException, TaskDeferred

from airflow_thirdparty.exceptions import (
    BY_CODE,
    WORTH_WAITING,
    ActingUserUnknown,
    NotProjected,
    ThirdPartyAccountError,
)
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.hooks.uses_account import uses_account
from airflow_thirdparty.operators.http import ThirdPartyHttpOperator
from airflow_thirdparty.sensors import sign_in as sensor_module
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


@pytest.mark.parametrize(("timeout", "said"), [(60, 0), (7200, 1)])
def test_a_sign_in_that_ends_within_its_time_is_told(
    supervisor: Supervisor, logged: list[str], timeout: int, said: int
) -> None:
    ends_at = sensor_module.now() + timedelta(hours=1)
    answer = {"signed_in": True, "ends_at": ends_at.isoformat(), "warning": ""}
    supervisor.answers["acme"] = lambda request: answered(extra=json.dumps({PROJECTION_KEY: answer}))
    assert ThirdPartySignInSensor(task_id="t", accounts="acme", timeout=timeout).poke({})
    assert ["it will not outlive this run" in line for line in logged].count(True) == said


def test_without_an_answer_about_the_dag_it_says_so(supervisor: Supervisor) -> None:
    with pytest.raises(NotProjected, match="did not say which"):
        ThirdPartySignInSensor(task_id="t").poke({})


def test_it_holds_no_worker_by_default() -> None:
    assert ThirdPartySignInSensor(task_id="t", accounts="acme").reschedule


class Granting(ThirdPartyAccountHook):
    """The hook where the server grants."""

    def get_grant(self, *, waits: bool = False) -> str:
        """A grant."""
        return "sealed"


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Answers a function that sets how many days have passed."""
    begun = sensor_module.now()

    def pass_by(days: float) -> None:
        monkeypatch.setattr(sensor_module, "now", lambda: begun + timedelta(days=days))

    pass_by(0)
    monkeypatch.setattr(sensor_module, "ThirdPartyAccountHook", Granting)
    return pass_by


def deferring(**arguments: Any) -> ThirdPartySignInSensor:
    return ThirdPartySignInSensor(task_id="t", accounts="acme", deferrable=True, **arguments)


def test_its_trigger_asks_for_what_the_task_will_ask_for(
    sign_in: Callable[[str], None], days: Callable[[float], None]
) -> None:
    # a trigger that asks for less fires at once, and the task defers again at once, over and over
    with pytest.raises(TaskDeferred) as deferred:
        deferring(min_lifetime=3600).execute({})
    _, arguments = deferred.value.trigger.serialize()
    assert arguments == {"grants": {"acme": "sealed"}, "interval": 60.0, "min_lifetime": 3600}


def test_its_time_goes_on_when_it_defers_again(
    sign_in: Callable[[str], None], days: Callable[[float], None]
) -> None:
    with pytest.raises(TaskDeferred) as first:
        deferring(timeout=timedelta(days=7)).execute({})
    assert first.value.timeout == timedelta(days=7)
    event = {**first.value.kwargs, "event": {"status": "success"}}
    days(5)  # they had signed in, and out again
    with pytest.raises(TaskDeferred) as second:
        deferring(timeout=timedelta(days=7)).resume_execution(first.value.method_name, event, {})
    assert second.value.timeout == timedelta(days=2)
    assert second.value.kwargs == first.value.kwargs


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        pytest.param({}, AirflowSensorTimeout, id="as any sensor"),
        pytest.param({"soft_fail": True}, AirflowSkipException, id="as any sensor with soft_fail"),
    ],
)
def test_its_time_is_over_although_its_trigger_has_fired(
    sign_in: Callable[[str], None],
    days: Callable[[float], None],
    arguments: dict[str, Any],
    outcome: type[Exception],
) -> None:
    sensor = deferring(timeout=timedelta(days=7), **arguments)
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({})
    days(7)
    event = {**deferred.value.kwargs, "event": {"status": "success"}}
    with pytest.raises(outcome):
        sensor.resume_execution(deferred.value.method_name, event, {})


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        pytest.param({}, ActingUserUnknown, id="fails"),
        pytest.param({"soft_fail": True}, AirflowSkipException, id="is skipped with soft_fail"),
    ],
)
def test_what_waiting_does_not_help_with_is_not_deferred(
    supervisor: Supervisor,
    days: Callable[[float], None],
    arguments: dict[str, Any],
    outcome: type[Exception],
) -> None:
    supervisor.answers["acme"] = lambda request: refused("acting_user_unknown")
    with pytest.raises(outcome):
        deferring(mode="poke", **arguments).execute({})
