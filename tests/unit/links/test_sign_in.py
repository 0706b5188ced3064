"""The button *Sign in* leads where the server said, or to the page at the task's account."""

from __future__ import annotations

import pytest

from airflow_thirdparty.links.sign_in import SignInLink
from airflow_thirdparty.operators.http import ThirdPartyHttpOperator
from airflow_thirdparty.sensors.sign_in import ThirdPartySignInSensor

BASE = "http://localhost:8080/third-party-accounts/"


@pytest.mark.parametrize(
    ("task", "address"),
    [
        pytest.param(
            ThirdPartyHttpOperator(task_id="t", third_party_account_conn_id="a&b"),
            f"{BASE}?account=a%26b",
            id="operator",
        ),
        pytest.param(
            ThirdPartySignInSensor(task_id="t", accounts=["a", "b"]), f"{BASE}?account=a", id="sensor"
        ),
        pytest.param(ThirdPartySignInSensor(task_id="t", accounts=[]), BASE, id="no account"),
    ],
)
def test_it_leads_to_the_page(task: ThirdPartyHttpOperator | ThirdPartySignInSensor, address: str) -> None:
    [link] = task.operator_extra_links
    assert isinstance(link, SignInLink)
    assert link.name == "Sign in"
    assert link.get_link(task, ti_key=None) == address


def test_what_the_server_said_comes_first() -> None:
    task = ThirdPartyHttpOperator(task_id="t", third_party_account_conn_id="a")
    task.sign_in_address = "https://airflow.example/third-party-accounts/?account=a"
    assert SignInLink().get_link(task, ti_key=None) == task.sign_in_address
