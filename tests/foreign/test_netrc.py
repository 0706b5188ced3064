"""A login for the service in the worker's ``.netrc`` makes no hook act as the machine."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.foreign import servers
from tests.foreign.cases import GROUP, Case, installed
from tests.foreign.test_hooks import leaked, work
from tests.foreign.vendors import serving

LOGIN = "default login the-machine password its-password\n"
"""For every host, a redirect's included."""

MACHINE = base64.b64encode(b"the-machine:its-password").decode()

BY_HTTP = [case for case in installed() if case.server == "http"]

HOOK = """
from airflow.providers.http.hooks.http import HttpHook
HttpHook(method="GET", http_conn_id=ID).run("/old")
"""

REDIRECTED = [
    Case(
        name=f"HttpHook, redirected, {entry}",
        provider="http",
        entry=entry,
        code=HOOK,
        sees=sees,
        answers={"GET /old": "-> /me"},
        options=options,
    )
    for entry, sees, options in (
        ("http", "authorization: Bearer TOKEN", {}),
        ("http-basic", "basic", {}),
        ("http-key-header", "x-api-key: TOKEN", {"header": "X-Api-Key"}),
    )
]


UNSEEN = ("SegmentHook", "GCSHook", "GCSListObjectsOperator", "BigQueryHook")
"""Whose mark no test looks at: Segment has one client for all tests, Google's try again for minutes."""


def rows(*cases: Case) -> pytest.MarkDecorator:
    """Rows of the table and beside it."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.provider}: {case.name}")


@pytest.fixture(autouse=True)
def a_login_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where ``requests`` and curl look for one."""
    for name in ("netrc", ".netrc"):
        (tmp_path / name).write_text(LOGIN)
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))


def as_the_machine(seen: servers.Seen) -> list[str]:
    """The requests that showed the machine's login."""
    return [request for request in seen.requests if MACHINE in request or "its-password" in request]


@rows(*(case for case in BY_HTTP if not case.cannot and not case.netrc))
def test_it_acts_as_the_person_all_the_same(
    case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(case, trusted, monkeypatch) as seen:
        work(case, seen, monkeypatch)
    assert seen.accepted, "nothing reached the service"
    assert as_the_machine(seen) == []


@rows(*(case for case in BY_HTTP if case.netrc and case.name not in UNSEEN))
def test_which_hooks_cannot_be_told_is_known(
    case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(case, trusted, monkeypatch) as seen, contextlib.suppress(Exception):
        work(case, seen, monkeypatch)
    assert as_the_machine(seen)


@pytest.mark.skipif(GROUP != "foreign", reason="one environment is enough")
@rows(*REDIRECTED)
def test_a_redirect_does_not_make_it_the_machine(
    case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(case, trusted, monkeypatch) as seen:
        work(case, seen, monkeypatch)
    assert seen.accepted == ["GET /old", "GET /me"]
    assert as_the_machine(seen) == []
    assert leaked(seen) == []


TRUSTING = [
    replace(case, options={**case.options, "trust_env": True})
    for case in (*REDIRECTED, *BY_HTTP)
    if case in REDIRECTED or case.entry in ("discord", "azure-sas")
]


@pytest.mark.skipif(GROUP != "foreign", reason="one environment is enough")
@rows(*TRUSTING)
def test_where_an_admin_says_so_it_is_the_machine(
    case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(case, trusted, monkeypatch) as seen, contextlib.suppress(Exception):
        work(case, seen, monkeypatch)
    assert as_the_machine(seen)
