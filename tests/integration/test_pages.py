"""The pages as a browser gets them: who is let in, and what they may load."""

from __future__ import annotations

import re

import httpx2
import pytest

from tests.support.airflow_server import AirflowServer
from tests.support.people import Person

PAGE = "/third-party-accounts/"


def test_who_is_not_logged_in_goes_to_the_log_in_and_comes_back(airflow_server: AirflowServer) -> None:
    answer = httpx2.get(f"{airflow_server.url}{PAGE}?account=github", trust_env=False)
    assert answer.status_code == 303
    back = httpx2.URL(answer.headers["location"]).params["next"]
    assert back == f"{airflow_server.url}{PAGE}?account=github"


def test_the_page_loads_its_own_files_only_and_makes_styles_by_a_fresh_nonce(alice: Person) -> None:
    policies = [alice.browser.get(PAGE).headers["content-security-policy"] for _ in range(2)]
    nonces = [re.search(r"'nonce-([^']+)'", policy) for policy in policies]
    assert nonces[0] is not None
    assert nonces[1] is not None
    assert nonces[0][1] != nonces[1][1]
    assert f'nonce="{nonces[0][1]}"' not in alice.browser.get(PAGE).text
    assert "unsafe" not in policies[0]
    assert "script-src 'self';" in policies[0]


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        pytest.param("static/version.txt", "no-cache", id="a file by its plain name"),
        pytest.param(
            "static/version.txt?v=1", "public, max-age=31536000, immutable", id="a file of one version"
        ),
        pytest.param("api/v1/accounts", "no-store", id="what somebody may see"),
        pytest.param("", "no-store", id="the page"),
    ],
)
def test_what_browsers_may_keep(alice: Person, path: str, caching: str) -> None:
    assert alice.browser.get(PAGE + path).headers["cache-control"] == caching


def test_a_callback_without_a_log_in_says_so_in_the_small_window(airflow_server: AirflowServer) -> None:
    answer = httpx2.get(
        f"{airflow_server.url}/third-party-accounts/callback/github?state=x&code=y", trust_env=False
    )
    assert answer.status_code == 403
    assert "You are not logged in" in answer.text
