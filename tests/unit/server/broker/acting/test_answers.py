from __future__ import annotations

from typing import Any

import pytest
from airflow.models.hitl import HITLDetail

from airflow_thirdparty.server.broker.acting.answers import asks_for, free_input

AMOUNT = {"value": 1, "description": None, "schema": {"type": "integer"}}


@pytest.mark.parametrize(
    ("params", "given", "free"),
    [
        pytest.param({}, {}, (), id="a choice"),
        pytest.param({}, {"amount": 1}, ("amount",), id="a field that is not declared"),
        pytest.param({"amount": AMOUNT}, {"amount": 1}, (), id="the default"),
        pytest.param({"amount": AMOUNT}, {"amount": 2}, ("amount",), id="another value"),
        pytest.param({"amount": AMOUNT}, {"amount": True}, ("amount",), id="equal in Python only"),
        pytest.param({"amount": AMOUNT}, {"amount": "1"}, ("amount",), id="another type"),
        pytest.param({"amount": 1}, {"amount": 1}, (), id="the default of a plain param"),
        pytest.param(
            {"amount": {"value": 1}}, {"amount": {"value": 1}}, (), id="a default that is a mapping"
        ),
        pytest.param({"amount": None}, {"amount": None}, (), id="no default, nothing given"),
        pytest.param({"a": {}, "b": []}, {"a": {}, "b": [0]}, ("b",), id="one of two"),
    ],
)
def test_what_is_free_input(params: dict[str, Any], given: dict[str, Any], free: tuple[str, ...]):
    detail = HITLDetail(options=["Yes", "No"], chosen_options=["Yes"], params=params, params_input=given)
    assert free_input(detail) == free


def test_an_option_that_is_not_offered_is_free_input():
    detail = HITLDetail(options=["Yes"], chosen_options=["Yes", "Maybe"], params={}, params_input={})
    assert free_input(detail) == ("Maybe",)


@pytest.mark.parametrize(
    ("assigned", "asked"),
    [
        pytest.param(None, False, id="nobody"),
        pytest.param([{"id": "2", "name": "bob"}], True, id="this user"),
        pytest.param([{"id": "3", "name": "2"}], False, id="another one"),
    ],
)
def test_whom_a_task_asks(assigned: list[dict[str, str]] | None, asked: bool):
    assert asks_for(HITLDetail(assignees=assigned), "2") is asked
