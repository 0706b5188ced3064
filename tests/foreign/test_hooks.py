"""Unmodified hooks and operators of other providers act as the person: real packages, real requests."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.execution_time import task_runner

from tests.foreign import servers
from tests.foreign.cases import ACCOUNT, Case, installed
from tests.foreign.supervisor import CANARIES, Supervisor, answered, projected
from tests.foreign.vendors import serving

FIELDS = {
    "kind",
    "service",
    "issuer",
    "scopes",
    "expose_as",
    "expose_options",
    "authorize_params",
    "client_id",
    "trust_env",
}
"""Names of its fields, which would be headers of a hook that sends on whatever it finds in extra."""


def run(waiting: Any) -> Any:
    """What a case calls for asynchronous code."""
    return asyncio.run(waiting) if inspect.isawaitable(waiting) else waiting


def leaked(seen: servers.Seen) -> list[str]:
    """What of the registration reached a service."""
    said = "\n".join(seen.requests)
    names = {line.partition(":")[0].replace("-", "_") for each in seen.requests for line in each.splitlines()}
    return [canary for canary in CANARIES if canary in said] + sorted(names & FIELDS)


def work(case: Case, seen: servers.Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a task does."""
    supervisor = Supervisor({ACCOUNT: answered(projected(case, seen))})
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    exec(case.code, {"ID": ACCOUNT, "PORT": seen.port, "run": run, "__name__": "a_task"})


def rows(can: bool) -> pytest.MarkDecorator:
    """The rows whose hooks can act as a person, or cannot."""
    found = [case for case in installed() if bool(case.cannot) is not can]
    return pytest.mark.parametrize("case", found, ids=lambda case: f"{case.provider}: {case.name}")


@rows(can=True)
def test_it_acts_as_the_person(
    case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(case, trusted, monkeypatch) as seen:
        work(case, seen, monkeypatch)
    with capsys.disabled():
        print(f"\n{case.provider:<18} {case.name:<40} {case.entry:<16} acts as the person", end="")
    assert seen.accepted, "nothing reached the service"
    assert case.asks_first or not seen.refused, "something reached the service without the credential"
    assert leaked(seen) == []


@rows(can=False)
def test_it_fails_and_acts_as_nobody(
    case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(case, trusted, monkeypatch) as seen, pytest.raises(Exception, match="who are you") as failed:
        work(case, seen, monkeypatch)
    with capsys.disabled():
        print(f"\n{case.provider:<18} {case.name:<40} {case.entry:<16} fails: {failed.typename}", end="")
    assert seen.accepted == []
    assert leaked(seen) == []
