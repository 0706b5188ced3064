"""What only Google's library has: a project that is billed, and many hosts."""

from __future__ import annotations

import contextlib
import pickle

import google.auth.transport.requests
import pytest

from airflow_thirdparty.exceptions import LeavesAccount
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.credentials import google_credentials
from tests.foreign.sdks.clients import Sdk
from tests.foreign.sdks.services import Person, Service
from tests.support.worker import Supervisor

pytestmark = pytest.mark.parametrize("sdk", ["google"], indirect=True)

GOOGLE = "https://www.googleapis.com"


def test_a_project_is_billed(alice: Person, service: Service) -> None:
    made = google_credentials(ThirdPartyAccountHook("alice"), quota_project="a-project")
    for credentials, project in ((made, "a-project"), (made.with_quota_project("another"), "another")):
        google.auth.transport.requests.AuthorizedSession(credentials).get(f"{service.url}/x")
        assert service.seen[-1].headers["x-goog-user-project"] == project
        assert pickle.loads(pickle.dumps(credentials)).quota_project_id == project


@pytest.mark.parametrize(
    ("host", "url", "may_go"),
    [
        pytest.param(GOOGLE, "https://storage.googleapis.com/x", True, id="Google's"),
        pytest.param(GOOGLE, "https://googleapis.com.evil.example", False, id="a suffix"),
        pytest.param(GOOGLE, "https://evilgoogleapis.com", False, id="a prefix"),
        pytest.param(GOOGLE, "http://storage.googleapis.com", False, id="no TLS"),
        pytest.param(
            "https://www.googleapis.com",
            "https://evil.example\\@a.googleapis.com/",
            False,
            id="a backslash",
        ),
        pytest.param(GOOGLE, "https://a.googleapis.com@evil.example", False, id="a user name"),
        pytest.param(GOOGLE, "https://evil.example#.googleapis.com", False, id="a fragment"),
        pytest.param("https://acme.example", "https://storage.googleapis.com", False, id="not Google's"),
    ],
)
def test_where_a_token_of_google_may_go(
    sdk: Sdk, supervisor: Supervisor, host: str, url: str, may_go: bool
) -> None:
    supervisor.answers["alice"] = Person(host, lambda number: f"token-of-alice-{number}").answer
    headers: dict[str, str] = {}
    with contextlib.nullcontext() if may_go else pytest.raises(LeavesAccount):
        google_credentials(ThirdPartyAccountHook("alice")).before_request(None, "GET", url, headers)
    assert bool(headers) is may_go
