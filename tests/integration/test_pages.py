"""The pages as a browser gets them: who is let in, and what they may load."""

from __future__ import annotations

import base64
import hashlib
import re

import httpx2
import pytest

from airflow_thirdparty.server.broker.usage import queries as usage_queries
from tests.support import loopback
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person

PAGE = "/third-party-accounts/"


def test_who_is_not_logged_in_goes_to_the_log_in_and_comes_back(airflow_server: AirflowServer) -> None:
    answer = loopback.get(f"{airflow_server.url}{PAGE}?account=github")
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


def test_a_callback_that_this_browser_did_not_begin_says_so_in_the_small_window(
    airflow_server: AirflowServer,
) -> None:
    """Whoever is logged in; one that it began is kept until somebody is, see ``test_log_in_ended``."""
    answer = loopback.get(f"{airflow_server.url}/third-party-accounts/callback/github?state=x&code=y")
    assert answer.status_code == 403
    assert "This sign-in cannot be completed: it was used before" in answer.text
    assert "Begin it again." in answer.text


@pytest.mark.parametrize(
    "query",
    [pytest.param("", id="bare"), pytest.param("?account=a%2Fb", id="at an account")],
)
def test_the_address_without_its_slash_leads_to_the_page(alice: Person, query: str) -> None:
    answer = alice.browser.get(f"{PAGE.rstrip('/')}{query}")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{alice.url}{PAGE}{query}")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/third-party-accountsx", id="a longer name"),
        pytest.param("//third-party-accounts", id="two slashes"),
        pytest.param("/x/third-party-accounts", id="below something"),
    ],
)
def test_no_other_address_leads_there(alice: Person, path: str) -> None:
    assert "location" not in alice.browser.get(f"{alice.url}{path}").headers


@pytest.mark.parametrize("document", ["docs", "openapi.json"])
def test_the_api_documents_cannot_be_framed(alice: Person, document: str) -> None:
    answer = alice.browser.get(PAGE + document)
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_swagger_may_run_its_own_script_and_no_other(alice: Person) -> None:
    answer = alice.browser.get(f"{PAGE}docs")
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (scripts,) = re.findall(r"script-src ([^;]+)", answer.headers["content-security-policy"])
    assert f"'sha256-{digest}'" in scripts
    assert "unsafe" not in scripts
    for file in re.findall(r'<script src="([^"]+)"', answer.text):
        assert file in scripts.split()
    assert f"url: '{PAGE}openapi.json'" in script


def test_what_nobody_foresaw_is_told_as_json_and_kept_by_nobody(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("a detail of ours")

    monkeypatch.setattr(usage_queries, "of_person", fails)
    answer = alice.browser.get(f"{PAGE}api/v1/uses")
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
    assert answer.json()["error"]["code"] == "internal_error"
    assert "a detail of ours" not in answer.text


BEYOND = 2**63


@pytest.mark.parametrize(
    ("path", "field"),
    [
        pytest.param(f"uses?offset={BEYOND}", "offset", id="an offset beyond 64 bits"),
        pytest.param(f"uses?offset={2**31}", "offset", id="an offset beyond 32 bits"),
        pytest.param("uses?offset=-1", "offset", id="an offset below nothing"),
        pytest.param(f"uses?limit={BEYOND}", "limit", id="a limit beyond 64 bits"),
        pytest.param(f"uses?limit={'9' * 5000}", "limit", id="a limit that is no number Python reads"),
        pytest.param("uses?limit=0", "limit", id="a limit of nothing"),
        pytest.param(f"task-instances/d/r/t/{BEYOND}/account", "map_index", id="a map index beyond 64 bits"),
        pytest.param(f"task-instances/d/r/t/{2**31}/account", "map_index", id="a map index beyond 32 bits"),
        pytest.param(f"task-instances/d/r/t/-{BEYOND}/account", "map_index", id="one as far below"),
        pytest.param("task-instances/d/r/t/-2/account", "map_index", id="a map index below -1"),
    ],
)
def test_a_number_that_cannot_be_is_refused_by_its_name(alice: Person, path: str, field: str) -> None:
    answer = alice.browser.get(f"{PAGE}api/v1/{path}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert answer.headers["cache-control"] == "no-store"


def test_airflows_access_log_keeps_what_a_callback_brings() -> None:
    """Nothing of ours can take it out; docs/security.md says what it is worth afterwards."""
    from airflow.api_fastapi.common import http_access_log

    query = "code=one-use&state=one-browser"
    redact = getattr(http_access_log, "_redact_query_string", lambda kept: kept)  # new in Airflow 3.3
    assert redact(query) == query
