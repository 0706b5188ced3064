"""An operator that waits for its person: parked as their required action, or in words."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import exceptions
from airflow.sdk.execution_time.comms import ConnectionResult

from airflow_thirdparty.exceptions import BY_CODE, ActingUserUnknown, SignInRequired
from airflow_thirdparty.operators import http, waiting
from airflow_thirdparty.operators.http import ThirdPartyHttpOperator
from airflow_thirdparty.wire import PROJECTION_KEY, RESUME_METHOD, TokenRequest
from tests.support.versions import PARKS
from tests.support.worker import Supervisor, answered, refused

PAGE = "https://airflow.example/third-party-accounts/?account=acme"
CONTEXT = {"ti": SimpleNamespace(id=uuid.uuid4())}


def needs_carol(code: str) -> ConnectionResult:
    answer = json.loads(refused(code, link=PAGE).extra or "")[PROJECTION_KEY]
    return answered(extra=json.dumps({PROJECTION_KEY: {**answer, "person": {"id": "3", "name": "carol"}}}))


def operator(**arguments: Any) -> ThirdPartyHttpOperator:
    return ThirdPartyHttpOperator(
        task_id="t", third_party_account_conn_id="acme", wait_for_sign_in=True, **arguments
    )


@PARKS
@pytest.mark.parametrize("code", ["sign_in_required", "sign_in_lapsed", "account_changed", "scopes_missing"])
def test_it_becomes_a_required_action_of_the_person(
    supervisor: Supervisor, logged: list[str], code: str
) -> None:
    supervisor.answers["acme"] = lambda request: needs_carol(code)
    with pytest.raises(exceptions.TaskAwaitingInput) as parked:
        operator(scopes=["repo"]).execute(CONTEXT)
    assert parked.value.method_name == RESUME_METHOD
    assert parked.value.kwargs["third_party_accounts"] == {"acme": ["repo"]}
    assert timedelta() <= waiting.LONGEST - parked.value.timeout < timedelta(hours=1)
    [asked] = supervisor.required
    assert [(user.id, user.name) for user in asked.assigned_users] == [("3", "carol")]
    assert f"[Sign in]({PAGE})" in asked.body
    assert asked.params == {}
    assert PAGE in logged
    assert supervisor.asked == [TokenRequest("acme", ("repo",), waits=True)]


@pytest.mark.parametrize(
    "code", sorted(set(BY_CODE) - {error.code for error in waiting.BY_THE_PERSON} - {"account_changed"})
)
def test_what_the_person_cannot_mend_fails_at_once(supervisor: Supervisor, code: str) -> None:
    supervisor.answers["acme"] = lambda request: needs_carol(code)
    with pytest.raises(BY_CODE[code]):
        operator().execute(CONTEXT)


def test_where_nobody_is_named_it_fails_at_once(supervisor: Supervisor) -> None:
    supervisor.answers["acme"] = lambda request: refused("sign_in_required", link=PAGE)
    with pytest.raises(SignInRequired):
        operator().execute(CONTEXT)


def test_who_is_signed_in_waits_for_nothing(acme: str, supervisor: Supervisor) -> None:
    assert operator().execute(CONTEXT) == "{}"
    assert [request.waits for request in supervisor.asked] == [True, False]
    assert supervisor.required == []


def test_it_goes_on_after_the_sign_in(acme: str) -> None:
    assert operator().execute_signed_in(CONTEXT, {"chosen_options": [waiting.OPTION]}) == "{}"


def test_it_fails_in_words_when_the_time_is_over(supervisor: Supervisor) -> None:
    supervisor.answers["acme"] = lambda request: needs_carol("sign_in_required")
    with pytest.raises(SignInRequired):
        operator().execute_signed_in(CONTEXT, {"error": "too late", "error_type": "timeout"})


@PARKS
def test_its_time_goes_on_when_it_is_asked_again(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.answers["acme"] = lambda request: needs_carol("sign_in_required")
    begun = waiting.now()

    def after(days: float, **kwargs: Any) -> Any:
        for module in (waiting, http):
            monkeypatch.setattr(module, "now", lambda: begun + timedelta(days=days))
        if not kwargs:
            return operator().execute(CONTEXT)
        return operator().execute_signed_in(CONTEXT, {"chosen_options": [waiting.OPTION]}, **kwargs)

    with pytest.raises(exceptions.TaskAwaitingInput) as first:
        after(0)
    with pytest.raises(exceptions.TaskAwaitingInput) as second:
        after(5, **first.value.kwargs)
    assert (first.value.timeout, second.value.timeout) == (timedelta(days=7), timedelta(days=2))
    assert second.value.kwargs == first.value.kwargs
    with pytest.raises(SignInRequired):
        after(7, **second.value.kwargs)


@pytest.mark.parametrize(
    ("wait", "at_most"),
    [
        pytest.param(False, None, id="not at all"),
        pytest.param(0, None, id="no seconds"),
        pytest.param(True, timedelta(days=7), id="as long as a sensor"),
        pytest.param(90, timedelta(seconds=90), id="seconds"),
        pytest.param(timedelta(hours=1), timedelta(hours=1), id="a timedelta"),
    ],
)
def test_how_long(wait: Any, at_most: timedelta | None) -> None:
    assert waiting.longest(wait) == at_most


def test_a_run_that_acts_for_nobody_waits_for_nobody(supervisor: Supervisor) -> None:
    supervisor.answers["acme"] = lambda request: refused("acting_user_unknown")
    with pytest.raises(ActingUserUnknown):
        operator().execute(CONTEXT)
