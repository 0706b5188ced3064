from __future__ import annotations

import pytest

from airflow_thirdparty.server.broker.acting.resolver import acting_user
from tests.unit.server.broker.acting.cases import BOB, CASES, Case


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_whom_a_run_acts_for(case: Case):
    acting = acting_user(case.facts)
    outcome = acting.person.name if acting.person else acting.refusal.code
    assert outcome == case.expected


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_a_refusal_explains_itself_and_names_nobody_else(case: Case):
    refusal = acting_user(case.facts).refusal
    if refusal is None:
        return
    assert refusal.message
    assert refusal.remedy
    assert BOB.name not in str(refusal)


def test_delegated_is_said():
    """A delegation is never inherited, so whoever records a child run must know."""
    delegated = {case.id for case in CASES if acting_user(case.facts).delegated}
    assert delegated == {
        "schedule: Alice has delegated",
        "schedule: another bundle had the id until minutes before the task was queued, then Alice delegated",
        "schedule: the delegation ends later",
        "schedule: the delegate can be asked about only while present, and was here 29 days ago",
        "schedule: Alice has delegated and re-runs it",
        "asset events: Alice has delegated for asset events too",
    }
