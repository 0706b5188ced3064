"""No combination of facts yields anybody who neither caused the run nor delegated to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from airflow_thirdparty.server.broker.acting.facts import AttributionFact, DelegationFact, RunFacts
from airflow_thirdparty.server.broker.acting.resolver import AFTER_MOVE, SKEW, acting_user
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState
from tests.unit.server.broker.acting.cases import CASES, NOW

NAMES = st.sampled_from(["alice", "ALICE", "bob", "", "unknown", "Anonymous"])
PEOPLE = st.builds(
    Person,
    st.sampled_from(["fab", "simple"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from(["", "2020"]),
    NAMES,
)
TIMES = st.integers(-120, 7200).map(lambda count: NOW - timedelta(seconds=count))
ATTRIBUTIONS = st.builds(
    AttributionFact,
    kind=st.sampled_from(["run", "rerun", "data"]),
    person=st.none() | PEOPLE,
    user_state=st.sampled_from([UserState.PRESENT] * 5 + list(UserState)),
    attributed=st.booleans(),
    at=TIMES,
    clears=st.integers(0, 2),
)
BUNDLES = st.sampled_from(["main", "main", "other", ""])
DELEGATIONS = st.builds(
    DelegationFact,
    person=PEOPLE,
    user_state=st.sampled_from([UserState.PRESENT] * 5 + list(UserState)),
    on_schedule=st.booleans(),
    on_asset_events=st.booleans(),
    bundle=BUNDLES,
    file=st.sampled_from(["dag_a.py", "dag_b.py"]),
    entitled=st.sampled_from([True] * 4 + [False]),
    asked_at=TIMES,
    answer_lasts=st.just(timedelta(minutes=10)),
    contested=st.sampled_from([False] * 4 + [True]),
    expires_at=st.none() | TIMES,
    code_matches=st.booleans(),
    seen=st.sampled_from([True] * 4 + [False]),
    watched_since=st.none() | TIMES,
    moved_at=st.none() | TIMES,
)
ANYTHING = st.builds(
    RunFacts,
    now=st.just(NOW),
    conn_id=st.just("github"),
    dag_id=st.sampled_from(["dag_a", "dag_attacker"]),
    run_id=st.just("run"),
    task_id=st.just("task"),
    map_index=st.just(-1),
    try_number=st.integers(1, 3),
    state=st.sampled_from([*["running"] * 5, "deferred", "success", "queued", None]),
    run_type=st.sampled_from(["manual", "scheduled", "asset_triggered", "backfill", "operator_triggered"]),
    triggered_by=st.sampled_from(
        ["ui", "rest_api", "operator", "backfill", "cli", "timetable", "asset", "test", None, "new"]
    ),
    user_name=st.none() | NAMES,
    run_created=st.none() | TIMES,
    started=st.none() | TIMES,
    queued=st.none() | TIMES,
    clear_number=st.integers(0, 2),
    attributions=st.lists(ATTRIBUTIONS, max_size=4).map(tuple),
    attributions_cut_off=st.sampled_from([False] * 9 + [True]),
    clears_seen=st.integers(0, 2),
    tries_beyond=st.sampled_from([False] * 4 + [True]),
    delegation=st.none() | DELEGATIONS,
    dag_bundle=BUNDLES,
    version_bundle=st.none() | BUNDLES,
    dag_file=st.sampled_from(["dag_a.py", "dag_a.py", None]),
    only_bundle=st.none() | BUNDLES,
    asker=st.sampled_from(["running", "deferred"]),
    allowed_dags=st.none() | st.just(("dag_a",)),
    account_team=st.sampled_from([None, None, "red"]),
    dag_team=st.sampled_from([None, "red", "blue"]),
)

NAMED = st.sampled_from([case.facts for case in CASES if acting_user(case.facts).person])
"""Runs that act for somebody."""


@st.composite
def almost_named(draw: st.DrawFn) -> RunFacts:
    """A run that acts for somebody, apart from up to three facts."""
    facts, other = draw(NAMED), draw(ANYTHING)
    fields = draw(st.sets(st.sampled_from(sorted(vars(other))), max_size=3))
    return replace(facts, **{name: getattr(other, name) for name in fields})


FACTS = almost_named() | ANYTHING


@given(FACTS)
def test_only_who_caused_the_run_or_delegated_is_ever_named(facts: RunFacts):
    acting = acting_user(facts)
    assert (acting.person is None) != (acting.refusal is None)
    if acting.person is None:
        return
    if acting.delegated:
        assert facts.triggered_by in ("timetable", "asset")
        assert facts.delegation.person == acting.person
        assert facts.delegation.user_state is UserState.PRESENT
        assert facts.dag_bundle == facts.version_bundle == facts.delegation.bundle != ""
        assert facts.dag_file == facts.delegation.file
        assert not facts.delegation.contested
        assert facts.delegation.seen
        assert facts.queued >= facts.delegation.watched_since
        assert facts.delegation.moved_at is None or facts.queued >= facts.delegation.moved_at + AFTER_MOVE
        assert facts.delegation.entitled
        assert NOW - facts.delegation.asked_at <= facts.delegation.answer_lasts
    else:
        origins = [attribution for attribution in facts.attributions if attribution.kind == "run"]
        assert {attribution.person for attribution in origins} == {acting.person}
        assert acting.person.name == facts.user_name
    assert acting.person.name not in ("", "unknown", "Anonymous")
    assert facts.state == facts.asker


@given(NAMED, st.none() | PEOPLE, st.integers(0, 2))
def test_a_rerun_by_another_or_by_nobody_known_yields_nobody(facts: RunFacts, by: Person | None, clears: int):
    assume(acting_user(facts).person != by)
    started = facts.started or NOW
    another = AttributionFact("rerun", by, UserState.PRESENT, True, started + SKEW, clears)
    attributions = (*facts.attributions, another)
    acting = acting_user(replace(facts, attributions=attributions, clear_number=facts.clear_number + clears))
    assert acting.person is None
    assert acting.refusal.code == "rerun_by_other_user"


@given(NAMED, st.none() | PEOPLE, TIMES)
def test_data_by_another_or_by_nobody_known_yields_nobody(facts: RunFacts, by: Person | None, at: datetime):
    """At whatever time."""
    assume(acting_user(facts).person != by)
    another = AttributionFact("data", by, UserState.PRESENT, True, at)
    acting = acting_user(replace(facts, attributions=(*facts.attributions, another)))
    assert acting.refusal.code == "data_by_other_user"


@given(NAMED, st.integers(1, 3))
def test_data_of_ones_own_does_not_account_for_clears(facts: RunFacts, more: int):
    own = AttributionFact("data", acting_user(facts).person, UserState.PRESENT, True, NOW)
    with_data = replace(facts, attributions=(*facts.attributions, *[own] * more))
    assert acting_user(with_data).person == acting_user(facts).person
    acting = acting_user(replace(with_data, clears_seen=facts.clears_seen + more))
    assume(facts.clears_seen + more > sum(found.kind == "rerun" for found in facts.attributions))
    assert acting.refusal.code == "rerun_by_other_user"


@given(NAMED, st.integers(1, 3))
def test_a_clear_that_nobody_recorded_yields_nobody(facts: RunFacts, clears: int):
    acting = acting_user(replace(facts, clear_number=facts.clear_number + clears))
    assert acting.person is None


@given(FACTS, st.sampled_from(["cli", "test", None, "something new"]))
def test_what_nobody_authenticated_acts_for_nobody(facts: RunFacts, triggered_by: str | None):
    assert acting_user(replace(facts, triggered_by=triggered_by)).person is None


@given(FACTS, NAMES)
def test_the_name_on_the_run_never_grants(facts: RunFacts, name: str):
    """Another name on the run changes who it acts for to nobody, never to somebody else."""
    before = acting_user(facts).person
    after = acting_user(replace(facts, user_name=name)).person
    if before is not None and after is not None:
        assert after == before
