from __future__ import annotations

import pytest

from airflow_thirdparty.server.accounts.allowed_dags import Allowance, judge, without_bundle


@pytest.mark.parametrize(
    ("allowed", "dag_id", "expected"),
    [
        pytest.param(None, "anything", Allowance.ALLOWED, id="no list"),
        pytest.param((), "dag_a", Allowance.NOT_ALLOWED, id="an empty list"),
        pytest.param(("dag_a",), "dag_a", Allowance.ALLOWED, id="on the list"),
        pytest.param(("main:dag_a",), "dag_a", Allowance.ALLOWED, id="with its bundle"),
        pytest.param(("other:dag_a",), "dag_a", Allowance.NOT_ALLOWED, id="with another bundle"),
        pytest.param(("MAIN:dag_a",), "dag_a", Allowance.NOT_ALLOWED, id="another case of the bundle"),
        pytest.param((":dag_a",), "dag_a", Allowance.NOT_ALLOWED, id="with an empty bundle"),
        pytest.param(("dag_a",), "dag_attacker", Allowance.NOT_ALLOWED, id="a longer name"),
        pytest.param(("dag_a",), "dag_", Allowance.NOT_ALLOWED, id="a shorter name"),
        pytest.param(("dag_a",), "DAG_A", Allowance.NOT_ALLOWED, id="another case"),
        pytest.param(("dag_*",), "dag_a", Allowance.NOT_ALLOWED, id="no patterns"),
        pytest.param(("dag_a", "dag_b"), "dag_a dag_b", Allowance.NOT_ALLOWED, id="not the list itself"),
    ],
)
def test_one_bundle(allowed: tuple[str, ...] | None, dag_id: str, expected: Allowance) -> None:
    assert judge(allowed, dag_id, {"main"}, "main") is expected


@pytest.mark.parametrize(
    ("allowed", "bundles", "expected"),
    [
        pytest.param(("dag_a",), {"main"}, Allowance.AMBIGUOUS, id="of which bundle"),
        pytest.param(("dag_a", "main:dag_a"), {"main"}, Allowance.ALLOWED, id="once with its bundle"),
        pytest.param(("main:dag_a",), {"main", "other"}, Allowance.NOT_ALLOWED, id="the records differ"),
        pytest.param(("main:dag_a",), {None}, Allowance.NOT_ALLOWED, id="no record"),
        pytest.param(("dag_b",), {"main"}, Allowance.NOT_ALLOWED, id="another DAG"),
        pytest.param(None, {"main", "other"}, Allowance.ALLOWED, id="no list"),
    ],
)
def test_several_bundles(
    allowed: tuple[str, ...] | None, bundles: set[str | None], expected: Allowance
) -> None:
    assert judge(allowed, "dag_a", bundles, None) is expected


def test_entries_without_a_bundle() -> None:
    assert without_bundle(("a", "main:b", "c")) == ["a", "c"]
    assert without_bundle(None) == []
