"""Every row of the table of whom a run acts for, as cases; `docs/acting_user.md` shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from airflow_thirdparty.server.broker.acting.facts import TRIGGER, AttributionFact, DelegationFact, RunFacts
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState

NOW = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
ALICE = Person("fab", "1", "2020-01-01T00:00:00", "alice")
BOB = Person("fab", "2", "2020-01-01T00:00:00", "bob")

UNKNOWN = "acting_user_unknown"
RERUN = "rerun_by_other_user"
DATA = "data_by_other_user"
NOT_ALLOWED = "account_not_allowed"
LATER = "service_unavailable"


@dataclass(frozen=True)
class Case:
    """One row.

    :param origin: what the run came from
    :param story: what else happened
    :param expected: whom it acts for, or the code of the refusal
    """

    origin: str
    story: str
    facts: RunFacts
    expected: str

    @property
    def id(self) -> str:
        """The case's name in a test report."""
        return f"{self.origin}: {self.story}"


def minutes(count: float) -> datetime:
    """That many minutes ago."""
    return NOW - timedelta(minutes=count)


def seconds(count: float) -> datetime:
    """That many seconds ago."""
    return NOW - timedelta(seconds=count)


def caused(
    by: Person | None, *, attributed: bool = True, user_state: UserState = UserState.PRESENT
) -> AttributionFact:
    """The record of who caused the run."""
    return AttributionFact("run", by, user_state, attributed, minutes(60))


def rerun(
    by: Person | None, at: datetime | None = None, *, clears: int = 0, attributed: bool = True
) -> AttributionFact:
    """The record of who re-ran it, by default before the task started."""
    return AttributionFact("rerun", by, UserState.PRESENT, attributed, at or minutes(30), clears)


def data(by: Person | None, at: datetime | None = None, *, attributed: bool = True) -> AttributionFact:
    """The record of who changed its data, by default while the task was already running."""
    return AttributionFact("data", by, UserState.PRESENT, attributed, at or minutes(2))


def delegated(by: Person = ALICE, **changes) -> DelegationFact:
    """A consent for scheduled runs."""
    consent = DelegationFact(
        by,
        UserState.PRESENT,
        on_schedule=True,
        on_asset_events=False,
        bundle="main",
        file="dag_a.py",
        entitled=True,
        asked_at=minutes(1),
        answer_lasts=timedelta(minutes=10),
        seen=True,
        watched_since=minutes(600),
    )
    return replace(consent, **changes)


BY_REST = RunFacts(
    now=NOW,
    conn_id="github",
    dag_id="dag_a",
    run_id="run",
    task_id="task",
    map_index=-1,
    try_number=1,
    state="running",
    run_type="manual",
    triggered_by="rest_api",
    user_name="alice",
    run_created=minutes(60),
    started=minutes(10),
    queued=minutes(11),
    attributions=(caused(ALICE),),
    dag_bundle="main",
    version_bundle="main",
    dag_file="dag_a.py",
    only_bundle="main",
)
BY_PAGE = replace(BY_REST, triggered_by="ui")
BY_TASK = replace(BY_REST, triggered_by="operator", run_type="operator_triggered")
BY_BACKFILL = replace(BY_REST, triggered_by="backfill", run_type="backfill")
BY_ASSET_PAGE = replace(BY_REST, run_type="asset_materialization")
BY_COMMAND = replace(BY_REST, triggered_by="cli", attributions=())
BY_SCHEDULE = replace(
    BY_REST, triggered_by="timetable", run_type="scheduled", user_name=None, attributions=()
)
BY_ASSETS = replace(BY_SCHEDULE, triggered_by="asset", run_type="asset_triggered")
BY_TEST = replace(BY_REST, triggered_by="test", attributions=())


def after(facts: RunFacts, *reruns: AttributionFact, **changes) -> RunFacts:
    """The same run, after it was re-run."""
    return replace(facts, attributions=(*facts.attributions, *reruns), **changes)


def recorded(by: Person | None, name: str | None = "alice", **changes) -> RunFacts:
    """A run triggered by REST with this record and this name of its own."""
    return replace(BY_REST, attributions=(caused(by, **changes),), user_name=name)


CASES = [
    Case("UI", "triggered by Alice", BY_PAGE, "alice"),
    Case("REST API", "triggered by Alice", BY_REST, "alice"),
    Case("REST API", "an asset materialized by Alice", BY_ASSET_PAGE, "alice"),
    Case("REST API", "nobody on record", replace(BY_REST, attributions=()), UNKNOWN),
    Case(
        "REST API",
        "the record was begun and never finished",
        replace(BY_REST, attributions=(caused(None, attributed=False),)),
        UNKNOWN,
    ),
    Case(
        "REST API",
        "created a moment ago, not on record yet",
        replace(BY_REST, attributions=(), run_created=seconds(2)),
        LATER,
    ),
    Case(
        "REST API",
        "created a moment ago, the record is being finished",
        replace(BY_REST, attributions=(caused(None, attributed=False),), run_created=seconds(2)),
        LATER,
    ),
    Case("REST API", "Bob on record, the run bears Alice's name", recorded(BOB), UNKNOWN),
    Case("REST API", "the names differ in case only", recorded(ALICE, "ALICE"), UNKNOWN),
    Case("REST API", "the run bears no name", recorded(ALICE, None), UNKNOWN),
    Case(
        "REST API",
        "two different people on record, of the same name",
        replace(BY_REST, attributions=(caused(ALICE), caused(replace(BOB, name="alice")))),
        UNKNOWN,
    ),
    Case("TriggerDagRunOperator", "its parent acts for Alice", BY_TASK, "alice"),
    Case("TriggerDagRunOperator", "its parent acts for nobody", replace(BY_TASK, attributions=()), UNKNOWN),
    Case(
        "TriggerDagRunOperator",
        "its parent acts for a delegate",
        replace(BY_TASK, attributions=(caused(None),), user_name=None, delegation=delegated()),
        UNKNOWN,
    ),
    Case("backfill", "created by Alice in the UI or by REST", BY_BACKFILL, "alice"),
    Case(
        "backfill",
        "created on the command line as LOGNAME=alice",
        replace(BY_BACKFILL, attributions=()),
        UNKNOWN,
    ),
    Case(
        "backfill",
        "Alice's run re-processed by a backfill of hers",
        after(BY_BACKFILL, rerun(ALICE, clears=1), clear_number=1),
        "alice",
    ),
    Case(
        "backfill",
        "Alice's run re-processed by a backfill of Bob's",
        after(BY_BACKFILL, rerun(BOB, clears=1), clear_number=1),
        RERUN,
    ),
    Case(
        "backfill",
        "Alice's run re-processed by a backfill on the command line",
        replace(BY_BACKFILL, clear_number=1),
        RERUN,
    ),
    Case("command line", "triggered as LOGNAME=alice", BY_COMMAND, UNKNOWN),
    Case("command line", "and Alice has delegated", replace(BY_COMMAND, delegation=delegated()), UNKNOWN),
    Case("command line", "and then re-run by Alice", after(BY_COMMAND, rerun(ALICE)), UNKNOWN),
    Case("schedule", "nobody has delegated", BY_SCHEDULE, UNKNOWN),
    Case("schedule", "Alice has delegated", replace(BY_SCHEDULE, delegation=delegated()), "alice"),
    Case(
        "schedule",
        "Alice has delegated for asset events only",
        replace(BY_SCHEDULE, delegation=delegated(on_schedule=False, on_asset_events=True)),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "the delegation has expired",
        replace(BY_SCHEDULE, delegation=delegated(expires_at=minutes(1))),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "the delegation ends later",
        replace(BY_SCHEDULE, delegation=delegated(expires_at=minutes(-1))),
        "alice",
    ),
    Case(
        "schedule",
        "Alice has delegated, and the DAG is in another bundle now",
        replace(BY_SCHEDULE, delegation=delegated(), dag_bundle="other", version_bundle="other"),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "Alice has delegated, and the DAG's id was in another bundle when the run was made",
        replace(BY_SCHEDULE, delegation=delegated(), version_bundle="other"),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "Alice has delegated, and the DAG's id is in another bundle now, but not yet in this run",
        replace(BY_SCHEDULE, delegation=delegated(), dag_bundle="other"),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "Alice has delegated, and another bundle has claimed the id for a while since",
        replace(BY_SCHEDULE, delegation=delegated(contested=True)),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "another bundle had the id until half a minute before the task was queued, then Alice delegated",
        replace(BY_SCHEDULE, delegation=delegated(moved_at=minutes(11.5))),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "another bundle had the id when the task was queued, then Alice delegated",
        replace(BY_SCHEDULE, delegation=delegated(moved_at=minutes(5))),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "another bundle had the id until minutes before the task was queued, then Alice delegated",
        replace(BY_SCHEDULE, delegation=delegated(moved_at=minutes(12))),
        "alice",
    ),
    Case(
        "schedule",
        "Alice has delegated, and the task was queued before the DAG was watched",
        replace(BY_SCHEDULE, delegation=delegated(watched_since=minutes(10.9))),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "Alice has delegated, and it is not on record when the task was queued",
        replace(BY_SCHEDULE, delegation=delegated(), queued=None),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "Alice has delegated, and the DAG's latest parse was not seen",
        replace(BY_SCHEDULE, delegation=delegated(seen=False)),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "Alice has delegated, and the DAG is in another file now",
        replace(BY_SCHEDULE, delegation=delegated(), dag_file="dag_b.py"),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "Alice has delegated, and the run's version of the DAG is not on record",
        replace(BY_SCHEDULE, delegation=delegated(), version_bundle=None),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "the delegate may not trigger the DAG any more",
        replace(BY_SCHEDULE, delegation=delegated(entitled=False)),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "the delegate was last seen entitled eleven minutes ago",
        replace(BY_SCHEDULE, delegation=delegated(asked_at=minutes(11))),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "the delegate can be asked about only while present, and was here 29 days ago",
        replace(
            BY_SCHEDULE,
            delegation=delegated(asked_at=NOW - timedelta(days=29), answer_lasts=timedelta(days=30)),
        ),
        "alice",
    ),
    Case(
        "schedule",
        "the delegate can be asked about only while present, and was here 31 days ago",
        replace(
            BY_SCHEDULE,
            delegation=delegated(asked_at=NOW - timedelta(days=31), answer_lasts=timedelta(days=30)),
        ),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "the delegation does not say of which bundle",
        replace(BY_SCHEDULE, delegation=delegated(bundle="", file="")),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "the delegation is pinned and the code has changed",
        replace(BY_SCHEDULE, delegation=delegated(code_matches=False)),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "the delegate has been deactivated",
        replace(BY_SCHEDULE, delegation=delegated(user_state=UserState.DEACTIVATED)),
        UNKNOWN,
    ),
    Case(
        "schedule",
        "Alice has delegated and re-runs it",
        after(replace(BY_SCHEDULE, delegation=delegated()), rerun(ALICE, clears=1), clear_number=1),
        "alice",
    ),
    Case(
        "schedule",
        "Alice has delegated and Bob re-runs it",
        after(replace(BY_SCHEDULE, delegation=delegated()), rerun(BOB, clears=1), clear_number=1),
        RERUN,
    ),
    Case("asset events", "nobody has delegated", BY_ASSETS, UNKNOWN),
    Case(
        "asset events",
        "Alice has delegated for the schedule only",
        replace(BY_ASSETS, delegation=delegated()),
        UNKNOWN,
    ),
    Case(
        "asset events",
        "Alice has delegated for asset events too",
        replace(BY_ASSETS, delegation=delegated(on_asset_events=True)),
        "alice",
    ),
    Case("dag.test()", "by anybody", BY_TEST, UNKNOWN),
    Case("anywhere else", "unknown to this package", replace(BY_REST, triggered_by=None), UNKNOWN),
    Case("re-run", "cleared by Alice", after(BY_REST, rerun(ALICE, clears=1), clear_number=1), "alice"),
    Case("re-run", "a task's state set by Alice", after(BY_REST, rerun(ALICE)), "alice"),
    Case(
        "re-run",
        "cleared by Alice without resetting the run",
        after(BY_REST, rerun(ALICE), clears_seen=1),
        "alice",
    ),
    Case("re-run", "an automatic retry", replace(BY_REST, try_number=2), "alice"),
    Case("re-run", "cleared by Bob", after(BY_REST, rerun(BOB, clears=1), clear_number=1), RERUN),
    Case("re-run", "cleared by Bob without resetting the run", after(BY_REST, rerun(BOB)), RERUN),
    Case("re-run", "cleared by a task that acts for nobody", after(BY_REST, rerun(None)), RERUN),
    Case(
        "re-run",
        "cleared by Bob, then by Alice",
        after(BY_REST, rerun(BOB, clears=1), rerun(ALICE, clears=1), clear_number=2),
        RERUN,
    ),
    Case(
        "re-run",
        "cleared by Bob while the task was already running",
        after(BY_REST, rerun(BOB, minutes(2), clears=1), clear_number=1),
        "alice",
    ),
    Case(
        "re-run",
        "cleared by Bob when the task had started only seconds before",
        after(BY_REST, rerun(BOB, minutes(2)), started=minutes(2.2)),
        RERUN,
    ),
    Case("re-run", "cleared on the command line", replace(BY_REST, clear_number=1), RERUN),
    Case(
        "re-run",
        "cleared on the command line, then by Alice",
        after(BY_REST, rerun(ALICE, clears=1), clear_number=2),
        RERUN,
    ),
    Case("re-run", "tries betray a clear that nobody recorded", replace(BY_REST, clears_seen=1), RERUN),
    Case(
        "re-run",
        "tries betray more clears than Alice made",
        after(BY_REST, rerun(ALICE), clears_seen=2),
        RERUN,
    ),
    Case("re-run", "more tries than retries allow", replace(BY_REST, tries_beyond=True), RERUN),
    Case("re-run", "too many changes to read", replace(BY_REST, attributions_cut_off=True), RERUN),
    Case(
        "re-run",
        "a moment ago, not on record yet by whom",
        after(BY_REST, rerun(None, seconds(1), attributed=False), started=seconds(0)),
        LATER,
    ),
    Case("data of the run", "an XCom written by a task of the run", BY_REST, "alice"),
    Case("data of the run", "an XCom written or deleted by Alice", after(BY_REST, data(ALICE)), "alice"),
    Case(
        "data of the run",
        "an XCom written or deleted by Bob before the task started",
        after(BY_REST, data(BOB, minutes(30))),
        DATA,
    ),
    Case(
        "data of the run",
        "an XCom written or deleted by Bob while the task was already running",
        after(BY_REST, data(BOB, minutes(2))),
        DATA,
    ),
    Case(
        "data of the run", "an XCom written by a task that acts for nobody", after(BY_REST, data(None)), DATA
    ),
    Case(
        "data of the run",
        "a moment ago, not on record yet by whom",
        after(BY_REST, data(None, seconds(1), attributed=False)),
        LATER,
    ),
    Case(
        "data of the run",
        "a scheduled run with a delegation, an XCom written by Bob",
        after(replace(BY_SCHEDULE, delegation=delegated()), data(BOB)),
        DATA,
    ),
    Case(
        "data of the run",
        "an XCom of Alice's does not account for a clear that nobody recorded",
        after(BY_REST, data(ALICE), clears_seen=1),
        RERUN,
    ),
    Case("human in the loop", "Bob chooses among the options", BY_REST, "alice"),
    Case("human in the loop", "Alice gives free input", after(BY_REST, data(ALICE)), "alice"),
    Case("human in the loop", "Bob gives free input", after(BY_REST, data(BOB)), DATA),
    Case("human in the loop", "Bob gives free input and the task names him", BY_REST, "alice"),
    Case("user", "name empty", recorded(replace(ALICE, name=""), ""), UNKNOWN),
    Case("user", "name 'unknown'", recorded(replace(ALICE, name="unknown"), "unknown"), UNKNOWN),
    Case("user", "name 'Anonymous'", recorded(replace(ALICE, name="Anonymous"), "Anonymous"), UNKNOWN),
    Case("user", "everybody is an admin", recorded(ALICE, user_state=UserState.SHARED), UNKNOWN),
    Case("user", "deleted", recorded(ALICE, user_state=UserState.GONE), UNKNOWN),
    Case("user", "deactivated", recorded(ALICE, user_state=UserState.DEACTIVATED), UNKNOWN),
    Case("user", "created anew with the same id", recorded(ALICE, user_state=UserState.RECREATED), UNKNOWN),
    Case("task instance", "ended", replace(BY_REST, state="success"), NOT_ALLOWED),
    Case("task instance", "not started", replace(BY_REST, state="queued"), NOT_ALLOWED),
    Case("task instance", "cleared while it runs", replace(BY_REST, state="restarting"), NOT_ALLOWED),
    Case("task instance", "deferred, the task asks", replace(BY_REST, state="deferred"), NOT_ALLOWED),
    Case(
        "task instance",
        "deferred, its trigger asks",
        replace(BY_REST, state="deferred", asker=TRIGGER),
        "alice",
    ),
    Case("task instance", "running, its trigger asks", replace(BY_REST, asker=TRIGGER), NOT_ALLOWED),
    Case("account", "the DAG is allowed", replace(BY_REST, allowed_dags=("dag_b", "dag_a")), "alice"),
    Case("account", "the DAG is not allowed", replace(BY_REST, allowed_dags=("dag_b",)), NOT_ALLOWED),
    Case(
        "account",
        "the DAG's id begins like an allowed one",
        replace(BY_REST, dag_id="dag_attacker", allowed_dags=("dag_a",)),
        NOT_ALLOWED,
    ),
    Case(
        "account",
        "the DAG of this bundle is allowed",
        replace(BY_REST, allowed_dags=("main:dag_a",)),
        "alice",
    ),
    Case(
        "account",
        "the DAG of another bundle is allowed",
        replace(BY_REST, allowed_dags=("other:dag_a",)),
        NOT_ALLOWED,
    ),
    Case(
        "account",
        "the DAG of this bundle is allowed, and the run's version is of another",
        replace(BY_REST, allowed_dags=("main:dag_a",), version_bundle="other"),
        NOT_ALLOWED,
    ),
    Case(
        "account",
        "the DAG is allowed without its bundle, and there are several",
        replace(BY_REST, allowed_dags=("dag_a",), only_bundle=None),
        NOT_ALLOWED,
    ),
    Case(
        "account",
        "the DAG is allowed without its bundle, and was in a bundle that is gone",
        replace(BY_REST, allowed_dags=("dag_a",), only_bundle="new"),
        NOT_ALLOWED,
    ),
    Case("account", "no DAG is allowed", replace(BY_REST, allowed_dags=()), NOT_ALLOWED),
    Case("account", "of the DAG's team", replace(BY_REST, account_team="red", dag_team="red"), "alice"),
    Case("account", "of another team", replace(BY_REST, account_team="red", dag_team="blue"), NOT_ALLOWED),
    Case("account", "of a team, the DAG of none", replace(BY_REST, account_team="red"), NOT_ALLOWED),
]
