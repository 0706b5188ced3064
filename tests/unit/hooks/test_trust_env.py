"""A worker's environment: another provider's HTTP hook leaves it alone, unless an admin says otherwise."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.http.hooks.http import HttpHook

from airflow_thirdparty.server.accounts import exposing
from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.broker.tokens.broker import AccessToken
from airflow_thirdparty.server.broker.tokens.expose import for_foreign_hook
from tests.support.worker import TOKEN, Service

MACHINE = base64.b64encode(b"the-machine:its-password").decode()

Asked = Callable[[str], None]
"""Asks the service for a path."""

ENTRIES = pytest.mark.parametrize("entry", ["http", "http-basic", "http-key-header"])

SAID = pytest.mark.parametrize(
    ("options", "is_trusted"),
    [
        pytest.param({}, False, id="nothing said"),
        pytest.param({"trust_env": True}, True, id="trust_env"),
    ],
)


@pytest.fixture
def ask(entry: str, options: dict[str, Any], service: Service, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What a task does by an account's entry, with what the admin says to it."""
    said = {"header": "X-Api-Key", **options} if entry == "http-key-header" else options
    kind, login = ("basic", "alice") if entry == "http-basic" else ("key", None)
    extra = {
        "service": "custom",
        "kind": kind,
        "expose_as": entry,
        "expose_options": {f"{entry}.{name}": value for name, value in said.items()},
    }
    account = parse(Registration("acme", host=service.url, extra=json.dumps(extra)))
    token = AccessToken(TOKEN, None, (), "alice", "Alice", login)
    now = datetime.now(timezone.utc)
    connection = for_foreign_hook(account, exposing.check_complete(account), token, now)
    monkeypatch.setenv("AIRFLOW_CONN_ACME", json.dumps(connection))
    return lambda path: HttpHook(method="GET", http_conn_id="acme").run(path)


@ENTRIES
@SAID
def test_a_login_in_netrc(
    ask: Asked, is_trusted: bool, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login the-machine password its-password\n")
    monkeypatch.setenv("NETRC", str(netrc))
    service.answers["/old"] = lambda _: (302, {"Location": "/me"})
    ask("/old")
    assert [path for path, _ in service.seen] == ["/old", "/me"]
    assert (f"Basic {MACHINE}" in service.credentials()) is is_trusted


@ENTRIES
@SAID
def test_a_proxy(
    ask: Asked, is_trusted: bool, service: Service, elsewhere: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, elsewhere.url)
    ask("/me")
    asked, unasked = (elsewhere, service) if is_trusted else (service, elsewhere)
    assert [path.removeprefix(service.url) for path, _ in asked.seen] == ["/me"]
    assert unasked.seen == []
