"""What only PyGithub has: clients of several hosts, and downloads."""

from __future__ import annotations

import contextlib

import github
import pytest

from airflow_thirdparty.exceptions import LeavesAccount
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.credentials import github_auth
from tests.foreign.sdks.services import Person, Service

pytestmark = pytest.mark.parametrize("sdk", ["PyGithub"], indirect=True)


def test_a_second_client_elsewhere_spoils_nothing(
    alice: Person, service: Service, elsewhere: Service
) -> None:
    auth = github_auth(ThirdPartyAccountHook("alice"))
    client = github.Github(auth=auth, base_url=service.url, retry=None)
    with pytest.raises(LeavesAccount):
        github.Github(auth=auth, base_url=elsewhere.url, retry=None)
    assert client.get_user().login == "alice"
    assert elsewhere.seen == []


def test_a_download_that_leads_elsewhere_goes_without_it(
    alice: Person, service: Service, elsewhere: Service
) -> None:
    service.judge = lambda sent: (302, {"Location": f"{elsewhere.url}/file"}, "")
    client = github.Github(auth=github_auth(ThirdPartyAccountHook("alice")), base_url=service.url, retry=None)
    with contextlib.suppress(Exception):
        client.requester.getStream("/file")
    assert "token-of-alice" not in repr(elsewhere.seen)
