"""The steps of a check that ask nobody, case by case."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.broker.registry import check
from airflow_thirdparty.server.broker.registry.findings import Finding, Outcome
from airflow_thirdparty.server.oauth.types import Endpoints

SILENT = Endpoints(None, "https://idp.example/authorize", "https://idp.example/token")
SAYS_SO = Endpoints(None, "https://idp.example/authorize", "https://idp.example/token", offers_pkce=True)


def account(**extra: Any) -> Any:
    return parse(Registration("acme", login="client", extra=json.dumps(extra)))


@pytest.mark.parametrize(
    ("extra", "endpoints", "outcome", "words"),
    [
        pytest.param({"service": "github"}, SILENT, "fine", "known to check it", id="known by name"),
        pytest.param({"issuer": "https://idp.example"}, SAYS_SO, "fine", "says that it checks", id="says so"),
        pytest.param({"issuer": "https://idp.example"}, SILENT, "unknown", "at a sign-in", id="says nothing"),
        pytest.param({"service": "slack"}, SILENT, "unknown", "neither PKCE nor a nonce", id="binds nothing"),
    ],
)
def test_pkce(extra: dict[str, str], endpoints: Endpoints, outcome: Outcome, words: str) -> None:
    found = check.pkce(account(**extra), endpoints)
    assert (found.step, found.outcome) == ("pkce", outcome)
    assert words in found.text


@pytest.mark.parametrize(
    ("reached", "outcome"),
    [
        pytest.param(["fine", "fine"], "fine", id="its addresses answer"),
        pytest.param(["fine", "change"], "change", id="one does not"),
        pytest.param(["fine", "unknown"], "unknown", id="one says that there is nothing"),
        pytest.param([], "unknown", id="none was asked"),
    ],
)
def test_the_tenant(reached: list[Outcome], outcome: Outcome) -> None:
    steps = [Finding("authorize", each, "") for each in reached]
    [found] = check.tenant(account(service="zendesk", domain="berlin"), steps)
    assert (found.step, found.outcome) == ("tenant", outcome)
    assert "'berlin'" in found.text
    assert bool(found.remedy) == (outcome == "change")


def test_a_service_without_tenants_has_no_such_step() -> None:
    assert list(check.tenant(account(service="github"), [])) == []
