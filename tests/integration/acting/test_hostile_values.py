"""Every parameter of every route takes any value: an answer in JSON, never 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.support.airflow import Airflow
from tools import api_description

API = "/third-party-accounts"
DOCUMENT: dict[str, Any] = json.loads(api_description.FILE.read_text(encoding="utf-8"))
ROUTES = [
    pytest.param(path, method, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
]

SENSIBLE = {"dag_id": "by_hand", "conn_id": "demo", "task_id": "first", "run_id": "r", "map_index": "-1"}
"""Values that let the others get further."""

TEXTS = [
    " ",
    "\x00",
    "demo\x00",
    "%",
    "~",
    "..",
    "DEMO",
    "é\u202e\U0001f600",
    "a" * 300,
    "9" * 5000,
    str(2**31),
    str(2**63),
    str(-(2**63) - 1),
    "1e400",
    "NaN",
    "-1",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
]
VALUES = [
    *TEXTS,
    "\ud800",
    2**63,
    -(2**63) - 1,
    10**400,
    1e308,
    -1,
    True,
    None,
    [],
    {},
    [[]],
    {"a": {"a": "\x00"}},
]
BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"NaN",
    b"\xff",
    b'"\\ud800"',
    b"[" * 20_000,
    b'{"conn_id": "\\ud800", "key": "\\ud800", "scheduled": true}',
    b'{"conn_id": "demo", "conn_id": 1, "scheduled": true, "expires_at": 1e400}',
]


@pytest.fixture(scope="module", autouse=True)
def account(server: Airflow) -> None:
    """An account that the caller has signed in to."""
    server.register("demo")
    server.page("admin", "POST", "/accounts/demo/sign-in", json={"key": "the admin's own"})


def parameters(path: str, method: str) -> list[tuple[str, str]]:
    """Name and place of each parameter."""
    route = DOCUMENT["paths"][path][method]
    return [(each["name"], each["in"]) for each in route.get("parameters", ())]


def properties(path: str, method: str) -> dict[str, Any]:
    """The fields of the body, if there is one."""
    schema = DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {})
    text = json.dumps(schema)
    found: dict[str, Any] = {}
    for name, each in DOCUMENT["components"]["schemas"].items():
        if f'"#/components/schemas/{name}"' in text:
            found |= each.get("properties", {})
    return found


def address(path: str, values: dict[str, str]) -> str:
    """The path with values in it."""
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def requests(path: str, method: str) -> Iterator[tuple[str, dict[str, str], bytes | None]]:
    """What to try: address, query and body."""
    fields = properties(path, method)
    sensible = {name: SENSIBLE.get(name, True) for name in fields}
    good = json.dumps(sensible).encode() if fields else None
    for name, place in parameters(path, method):
        for value in TEXTS:
            query = {name: value} if place == "query" else {"conn_id": "demo"}
            yield address(path, {**SENSIBLE, name: value}), query, good
    bad = [json.dumps({**sensible, name: value}).encode() for name in fields for value in VALUES]
    for body in [*bad, *BODIES] if fields else ():
        yield address(path, SENSIBLE), {"conn_id": "demo"}, body


@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_any_value_is_answered(server: Airflow, path: str, method: str) -> None:
    headers = {
        "Authorization": f"Bearer {server.users.token('admin')}",
        "Content-Type": "application/json",
    }
    for where, query, body in requests(path, method):
        server.client.cookies.clear()
        tried = (
            method,
            where[:200],
            {name: value[:80] for name, value in query.items()},
            body and body[:200],
        )
        try:
            answer = server.client.request(
                method, f"{API}{where}", params=query, content=body, headers=headers
            )
        except httpx2.InvalidURL:  # longer than clients send
            continue
        assert answer.status_code < 500, (tried, answer.text[:500])
