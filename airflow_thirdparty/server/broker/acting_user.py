"""Whom a task instance acts for: one pure function over facts gathered beforehand.

A person is named only when they are on record as having caused the run, or have delegated their account to
the DAG, and nobody else has had a hand in the run since.  Everything else is refused, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_thirdparty.exceptions import (
    AccountNotAllowed,
    ActingUserUnknown,
    RerunByOtherUser,
    ServiceUnavailable,
    ThirdPartyAccountError,
)
from airflow_thirdparty.server.accounts.person import Person
from airflow_thirdparty.server.accounts.standing import Standing, is_shared

GRACE = timedelta(seconds=5)
"""How long after Airflow's commit the record of who did it may still be on its way."""

TASK = "running"
TRIGGER = "deferred"
"""Who asks: a task, which must be running, or a trigger, whose task must be deferred."""


@dataclass(frozen=True)
class CauseFact:
    """One recorded change to the run.

    :param kind: ``run`` or ``rerun``
    :param person: who made it; ``None`` when nobody is known
    :param standing: what the auth manager says about the person today
    :param settled: whether it has been worked out who made it
    :param clears: by how much it raised the run's ``clear_number``
    """

    kind: str
    person: Person | None
    standing: Standing
    settled: bool
    at: datetime
    clears: int = 0


@dataclass(frozen=True)
class DelegationFact:
    """The consent that stands for the DAG and the account, if any.

    :param code_matches: the task instance runs the code that was delegated to, or none was pinned
    """

    person: Person
    standing: Standing
    on_schedule: bool
    on_asset_events: bool
    expires_at: datetime | None = None
    code_matches: bool = True


@dataclass(frozen=True)
class RunFacts:
    """Everything that decides whom a task instance acts for.

    :param asker: :data:`TASK` or :data:`TRIGGER`
    :param user_name: the run's own note of who triggered it; it can be forged, so it never grants
    :param clears_seen: the most often any task of the run has been cleared, as its tries betray
    :param tries_beyond: whether any task of the run has had more tries than retries allow
    :param allowed_dags: the DAGs that may use the account; ``None`` means all
    :param account_team: the team that owns the account; ``None`` means all
    """

    now: datetime
    conn_id: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    state: str | None
    run_type: str
    triggered_by: str | None
    user_name: str | None
    run_created: datetime | None
    clear_number: int = 0
    causes: tuple[CauseFact, ...] = ()
    causes_cut_off: bool = False
    clears_seen: int = 0
    tries_beyond: bool = False
    delegation: DelegationFact | None = None
    asker: str = TASK
    allowed_dags: tuple[str, ...] | None = None
    account_team: str | None = None
    dag_team: str | None = None


@dataclass(frozen=True)
class Acting:
    """Whom a task instance acts for, or why for nobody.

    :param person: whose account is used
    :param refusal: why nobody's is; exactly one of the two is there
    :param delegated: the person delegated to this DAG, which no other DAG's run inherits
    """

    person: Person | None = None
    refusal: ThirdPartyAccountError | None = None
    delegated: bool = False

    def demand(self) -> Person:
        """The person.

        :raises ThirdPartyAccountError: the refusal
        """
        if self.refusal is not None:
            raise self.refusal
        assert self.person is not None  # noqa: S101 - exactly one of the two is there
        return self.person


TRIGGER_AGAIN = "Trigger a new run from Airflow's web page or its REST API, signed in as yourself."


def acting_user(facts: RunFacts) -> Acting:
    """Say whom a task instance acts for.

    :param facts: as :func:`airflow_thirdparty.server.broker.facts.gather` found them
    """
    try:
        _check_task_instance(facts)
        _check_account(facts)
        if facts.triggered_by in ("timetable", "asset"):
            person, standing, delegated = *_delegate(facts), True
        else:
            person, standing, delegated = *_originator(facts), False
        _check_standing(facts, person, standing)
        _check_reruns(facts, person)
    except ThirdPartyAccountError as refusal:
        return Acting(refusal=refusal)
    return Acting(person=person, delegated=delegated)


def superseded() -> ThirdPartyAccountError:
    """The refusal for a task instance that Airflow no longer knows: cleared, retried or deleted."""
    return AccountNotAllowed(
        "This task instance has been superseded by another try of the same task, or deleted.",
        "Nothing needs to be done: the current try asks for itself.",
    )


def _run(facts: RunFacts) -> str:
    return f"Run '{facts.run_id}' of DAG '{facts.dag_id}'"


def _check_task_instance(facts: RunFacts) -> None:
    if facts.state != facts.asker:
        raise AccountNotAllowed(
            f"The task instance is {facts.state or 'not started'}, not {facts.asker}.",
            "An account can be used while a task runs; task callbacks run after it has ended.",
        )


def _check_account(facts: RunFacts) -> None:
    if facts.allowed_dags is not None and facts.dag_id not in facts.allowed_dags:
        raise AccountNotAllowed(
            f"DAG '{facts.dag_id}' may not use account '{facts.conn_id}'.",
            "Ask an admin to add the DAG to the account's allowed_dags.",
        )
    if facts.account_team is not None and facts.account_team != facts.dag_team:
        raise AccountNotAllowed(
            f"Account '{facts.conn_id}' belongs to another team than DAG '{facts.dag_id}'.",
            "Use an account of the DAG's own team.",
        )


def _originator(facts: RunFacts) -> tuple[Person, Standing]:
    """Find who is on record as having caused the run."""
    if facts.triggered_by not in ("ui", "rest_api", "operator", "backfill"):
        raise ActingUserUnknown(*_why_not_on_record(facts))
    origins = [cause for cause in facts.causes if cause.kind == "run"]
    on_its_way = not origins or not all(cause.settled for cause in origins)
    if on_its_way and facts.run_created is not None and facts.now - facts.run_created < GRACE:
        raise ServiceUnavailable(
            f"{_run(facts)} was created a moment ago and it is not on record yet by whom.",
            "Ask again in a few seconds.",
        )
    people = {cause.person for cause in origins}
    person = people.pop() if len(people) == 1 else None
    if person is None:
        raise ActingUserUnknown(*_why_not_on_record(facts))
    if facts.user_name is None or person.name != facts.user_name:
        raise ActingUserUnknown(
            f"{_run(facts)} bears another user name than the user on record.",
            TRIGGER_AGAIN,
        )
    return person, origins[0].standing


def _why_not_on_record(facts: RunFacts) -> tuple[str, str]:
    reasons = {
        "cli": "was triggered on the command line, where nobody is authenticated",
        "test": "is a test run, which has no user",
        "operator": "was triggered by a task that itself acted for nobody",
        "backfill": "belongs to a backfill that no authenticated user is on record for",
        "ui": "was triggered without its user being put on record",
        "rest_api": "was triggered without its user being put on record",
    }
    remedies = {
        "test": f"Set the environment variable AIRFLOW_CONN_{facts.conn_id.upper()} to a token of your own.",
        "backfill": "Create the backfill from Airflow's web page or its REST API, signed in as yourself.",
    }
    reason = reasons.get(facts.triggered_by or "", "was caused by nobody who is on record")
    return f"{_run(facts)} {reason}.", remedies.get(facts.triggered_by or "", TRIGGER_AGAIN)


def _delegate(facts: RunFacts) -> tuple[Person, Standing]:
    """Find who delegated their account to the DAG, for the way in which this run came about."""
    scheduled = (facts.triggered_by, facts.run_type) == ("timetable", "scheduled")
    fired = (facts.triggered_by, facts.run_type) == ("asset", "asset_triggered")
    what = "scheduled runs" if facts.triggered_by == "timetable" else "runs fired by asset events"
    consent = facts.delegation
    remedy = (
        f"Whoever wants {what} of this DAG to act with their account delegates it on the DAG's Accounts tab."
    )
    if consent is None or not ((scheduled and consent.on_schedule) or (fired and consent.on_asset_events)):
        raise ActingUserUnknown(
            f"Nobody has delegated account '{facts.conn_id}' to {what} of DAG '{facts.dag_id}'.",
            remedy,
        )
    if consent.expires_at is not None and consent.expires_at <= facts.now:
        raise ActingUserUnknown(
            f"The delegation of account '{facts.conn_id}' to DAG '{facts.dag_id}' has expired.",
            remedy,
        )
    if not consent.code_matches:
        raise ActingUserUnknown(
            f"DAG '{facts.dag_id}' has changed since account '{facts.conn_id}' was delegated to it.",
            "The delegate looks at the change and delegates again on the DAG's Accounts tab.",
        )
    return consent.person, consent.standing


def _check_standing(facts: RunFacts, person: Person, standing: Standing) -> None:
    if standing is Standing.SHARED or is_shared(person.name) or is_shared(person.user_id):
        raise ActingUserUnknown(
            f"{_run(facts)} was caused by a shared identity, which is no single person.",
            TRIGGER_AGAIN,
        )
    if standing is not Standing.PRESENT:
        words = {
            Standing.GONE: "does not exist any more",
            Standing.DEACTIVATED: "has been deactivated",
            Standing.RECREATED: "has been deleted and created anew since",
        }
        raise ActingUserUnknown(
            f"{_run(facts)} acts for a user who {words[standing]}.",
            TRIGGER_AGAIN,
        )


def _check_reruns(facts: RunFacts, person: Person) -> None:
    """Refuse when anybody else, or nobody known, made tasks of the run start again."""
    own = [cause for cause in facts.causes if cause.kind != "run"]
    others = [cause for cause in own if cause.person != person]
    if any(not cause.settled and facts.now - cause.at < GRACE for cause in others):
        raise ServiceUnavailable(
            f"{_run(facts)} was re-run a moment ago and it is not on record yet by whom.",
            "Ask again in a few seconds.",
        )
    if others:
        raise RerunByOtherUser(
            f"{_run(facts)} was cleared, re-queued or changed by somebody other than {person.name}.",
            TRIGGER_AGAIN,
        )
    unaccounted = (
        facts.causes_cut_off
        or sum(cause.clears for cause in facts.causes) != facts.clear_number
        or facts.clears_seen > len(own)
        or (facts.tries_beyond and not own)
    )
    if unaccounted:
        raise RerunByOtherUser(
            f"{_run(facts)} was cleared or re-queued by somebody who is not on record.",
            TRIGGER_AGAIN,
        )
