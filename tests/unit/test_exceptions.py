"""Errors keep their words on their way from the server to the task's log."""

from __future__ import annotations

import json
import pickle

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_thirdparty.exceptions import (
    BY_CODE,
    NotProjected,
    PermanentError,
    ServiceUnavailable,
    ThirdPartyAccountError,
    from_dict,
)

EVERY = pytest.mark.parametrize("cls", [pytest.param(cls, id=code) for code, cls in BY_CODE.items()])

WORDS = ("'alice' has not signed in.", "Sign in:", "https://airflow.example/x", "password")


def full(cls: type[ThirdPartyAccountError]) -> ThirdPartyAccountError:
    message, remedy, link, field = WORDS
    return cls(message, remedy, link=link, field=field)


@EVERY
def test_an_error_travels_as_json(cls: type[ThirdPartyAccountError]) -> None:
    error = from_dict(json.loads(json.dumps(full(cls).as_dict())))
    assert type(error) is cls
    assert (error.message, error.remedy, error.link, error.field) == WORDS
    assert str(error) == " ".join(WORDS[:3])


@EVERY
def test_an_error_survives_pickling(cls: type[ThirdPartyAccountError]) -> None:
    error = pickle.loads(pickle.dumps(full(cls)))
    assert type(error) is cls
    assert error.as_dict() == full(cls).as_dict()
    assert str(error) == str(full(cls))


@EVERY
def test_only_what_may_pass_by_itself_is_retried(cls: type[ThirdPartyAccountError]) -> None:
    assert issubclass(cls, AirflowFailException) is (cls not in (ServiceUnavailable, NotProjected))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"code": "from_a_newer_server", "message": "no"}, id="a code unknown here"),
        pytest.param({"code": None, "message": None, "link": None}, id="nulls"),
        pytest.param({"code": ["x"], "message": {"a": 1}}, id="wrong types"),
    ],
)
def test_what_cannot_be_read_is_a_refusal(data: dict[str, object]) -> None:
    assert type(from_dict(data)) is PermanentError
