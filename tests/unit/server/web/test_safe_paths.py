"""Where a sign-in may send the browser back to (open redirects)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from airflow_thirdparty.demo.identity_provider import node
from airflow_thirdparty.server.web.safe_paths import is_safe

TRICKS = [json.loads(line) for line in (Path(__file__).parent / "redirect_tricks.jsonl").open()]

BASE = "https://airflow.example"

WHERE_A_BROWSER_GOES = """
const [base, ...tricks] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const leads_out = (text) => {
  try { return new URL(text, base + "/home").origin !== base; } catch { return false; }
};
const decoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
const twice = (text) => decoded(decoded(text));
process.stdout.write(JSON.stringify(tricks.map((text) => ({
  plain: leads_out(text), decoded: leads_out(decoded(text)), twice: leads_out(twice(text)),
}))));
"""
"""Reads addresses as browsers do (WHATWG URL), as they are and after a careless server decoded them."""


def judged(tricks: list[str]) -> list[dict[str, bool]]:
    done = subprocess.run(
        [node(), "-e", WHERE_A_BROWSER_GOES],
        input=json.dumps([BASE, *tricks]),
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def test_no_trick_leads_out() -> None:
    accepted = [trick for trick in TRICKS if is_safe(trick)]
    escaped = [
        trick for trick, verdict in zip(accepted, judged(accepted), strict=True) if any(verdict.values())
    ]
    assert escaped == []


def test_the_tricks_are_worth_trying() -> None:
    verdicts = judged(TRICKS)
    assert len(TRICKS) > 300
    assert sum(verdict["plain"] for verdict in verdicts) > 150
    assert sum(verdict["decoded"] for verdict in verdicts) > 200


@pytest.mark.parametrize(
    ("path", "base_path", "safe"),
    [
        pytest.param("/", "", True, id="the start page"),
        pytest.param("/dags/my_dag/runs/manual__2026-01-01T00:00:00+00:00", "", True, id="a run"),
        pytest.param("/dags/d/runs/scheduled__2026%3A01/tasks/t/", "", True, id="encoded letters"),
        pytest.param("/third-party-accounts/?account=github", "", True, id="our page"),
        pytest.param("/dags?search=a//b&url=https://x.example", "", True, id="anything in the query"),
        pytest.param("/airflow/dags", "/airflow", True, id="below base_url"),
        pytest.param("/airflow", "/airflow", True, id="base_url itself"),
        pytest.param("/airflow/dags", "/airflow/", True, id="base_url with a slash"),
        pytest.param("/other", "/airflow", False, id="beside base_url"),
        pytest.param("/airflow-evil/x", "/airflow", False, id="base_url is no mere prefix"),
        pytest.param("/airflow/../other", "/airflow", False, id="out by dots"),
        pytest.param("/airflow/%2e%2E/other", "/airflow", False, id="out by encoded dots"),
        pytest.param("/airflow/.%2e/other", "/airflow", False, id="out by half encoded dots"),
        pytest.param("/" + "a" * 1000, "", False, id="too long"),
        pytest.param("/a\n", "", False, id="a line end at the end"),
    ],
)
def test_paths(path: str, base_path: str, safe: bool) -> None:
    assert is_safe(path, base_path) is safe
