"""Whom a task instance acts for: one pure function over facts gathered beforehand.

A person is named only when they are on record as having caused the run, or have delegated their account to
the DAG, and nobody else has had a hand in the run since.  Everything else is refused, with the reason.  The
reasons name no other person than the one whose run it is.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from airflow_thirdparty.exceptions import (
    AccountNotAllowed,
    ActingUserUnknown,
    DataByOtherUser,
    RerunByOtherUser,
    ServiceUnavailable,
    ThirdPartyAccountError,
)
from airflow_thirdparty.server.accounts.allowed_dags import Allowance, judge
from airflow_thirdparty.server.broker.acting.facts import (
    TASK,
    TRIGGER,
    Acting,
    AttributionFact,
    DelegationFact,
    RunFacts,
)
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState, is_shared
from airflow_thirdparty.server.store.attributions import DATA, RERUN

__all__ = [
    "TASK",
    "TRIGGER",
    "Acting",
    "NotYetOnRecord",
    "RunFacts",
    "acting_user",
    "check_allowed",
    "superseded",
]

GRACE = timedelta(seconds=5)
"""How long after Airflow's commit the record of who did it may still be on its way: it is written before the
answer leaves, and a request takes seconds at most."""

SKEW = timedelta(seconds=30)
"""By how much a worker's clock may be late when it says that a task had started before something happened:
far more than clocks differ that are kept in step."""

AFTER_MOVE = timedelta(minutes=1)
"""For how long after a DAG was seen to come from another bundle or file the scheduler may still send workers
to the old one: it reads where a DAG is once in a loop that takes seconds, and clocks differ."""

TRIGGER_AGAIN = "Trigger a new run from Airflow's web page or its REST API, signed in as yourself."
ASK_AGAIN = "Ask again in a few seconds."


class NotYetOnRecord(ServiceUnavailable):
    """The record of who did it is on its way; whoever asks again has it within seconds."""


def acting_user(facts: RunFacts) -> Acting:
    """Say whom a task instance acts for.

    :param facts: as :func:`airflow_thirdparty.server.broker.acting.queries.gather` found them
    :return: the person, or the refusal
    """
    try:
        _check_task_instance(facts)
        _check_account(facts)
        delegated = facts.triggered_by in ("timetable", "asset")
        person, user_state = _delegate(facts) if delegated else _originator(facts)
        _check_user_state(facts, person, user_state)
        _check_reruns(facts, person)
        _check_data(facts, person)
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
    bundles = {facts.dag_bundle, facts.version_bundle or facts.dag_bundle}
    check_allowed(facts.conn_id, facts.allowed_dags, facts.dag_id, bundles, facts.only_bundle)
    if facts.account_team is not None and facts.account_team != facts.dag_team:
        raise AccountNotAllowed(
            f"Account '{facts.conn_id}' belongs to another team than DAG '{facts.dag_id}'.",
            "Use an account of the DAG's own team.",
        )


def check_allowed(
    conn_id: str,
    allowed_dags: Collection[str] | None,
    dag_id: str,
    bundles: Collection[str | None],
    only_bundle: str | None,
) -> None:
    """Refuse a DAG that may not use an account.

    :param conn_id: id of the account
    :param allowed_dags: the account's list, as ``bundle:dag_id`` or ``dag_id``; ``None`` means all
    :param dag_id: id of the DAG
    :param bundles: its bundle, as each record tells it
    :param only_bundle: the only bundle that is configured; ``None`` when there are several
    :raises AccountNotAllowed: in words
    """
    allowance = judge(allowed_dags, dag_id, bundles, only_bundle)
    if allowance is Allowance.AMBIGUOUS:
        raise AccountNotAllowed(
            f"Account '{conn_id}' allows DAG '{dag_id}' without saying of which bundle; there are several.",
            f"Ask an admin to write 'bundle:{dag_id}' into the account's allowed_dags.",
            field="allowed_dags",
        )
    if allowance is Allowance.NOT_ALLOWED:
        raise AccountNotAllowed(
            f"DAG '{dag_id}' may not use account '{conn_id}'.",
            "Ask an admin to add the DAG to the account's allowed_dags, as 'bundle:dag_id'.",
            field="allowed_dags",
        )


ON_RECORD = {
    "ui": "was triggered without its user being put on record",
    "rest_api": "was triggered without its user being put on record",
    "operator": "was triggered by a task that itself acted for no user, or for a delegate",
    "backfill": "belongs to a backfill that no authenticated user is on record for",
}
"""How runs come about that may act for whoever caused them, and what is wrong when nobody is on record."""

NEVER = {
    "cli": "was triggered on the command line, where no user is authenticated",
    "test": "is a test run, which has no user",
}


def _originator(facts: RunFacts) -> tuple[Person, UserState]:
    """Find who is on record as having caused the run."""
    origins = [attribution for attribution in facts.attributions if attribution.kind == "run"]
    people = {attribution.person for attribution in origins}
    person = people.pop() if len(people) == 1 else None
    if facts.triggered_by not in ON_RECORD or person is None:
        raise _not_on_record(facts, origins)
    if facts.user_name is None or person.name != facts.user_name:
        raise ActingUserUnknown(
            f"{_run(facts)} bears another user name than the user on record.", TRIGGER_AGAIN
        )
    return person, origins[0].user_state


def _not_on_record(facts: RunFacts, origins: list[AttributionFact]) -> ThirdPartyAccountError:
    how = facts.triggered_by or ""
    on_its_way = not origins or not all(attribution.attributed for attribution in origins)
    young = facts.run_created is not None and facts.now - facts.run_created < GRACE
    if how in ON_RECORD and on_its_way and young:
        return NotYetOnRecord(
            f"{_run(facts)} was created a moment ago and it is not on record yet by whom.", ASK_AGAIN
        )
    remedies = {
        "test": f"Set the environment variable AIRFLOW_CONN_{facts.conn_id.upper()} to a token of your own.",
        "backfill": "Create the backfill from Airflow's web page or its REST API, signed in as yourself.",
    }
    reason = {**NEVER, **ON_RECORD}.get(how, "was caused by no user who is on record")
    return ActingUserUnknown(f"{_run(facts)} {reason}.", remedies.get(how, TRIGGER_AGAIN))


def _delegate(facts: RunFacts) -> tuple[Person, UserState]:
    """Find who delegated their account to the DAG, for the way in which this run came about."""
    what = "scheduled runs" if facts.triggered_by == "timetable" else "runs fired by asset events"
    account = f"account '{facts.conn_id}'"
    consent = facts.delegation
    if consent is None or not _covers(consent, facts):
        raise ActingUserUnknown(
            f"No user has delegated {account} to {what} of DAG '{facts.dag_id}'.",
            f"Whoever wants {what} of this DAG to act with their account says so on the DAG's Accounts tab.",
        )
    if consent.expires_at is not None and consent.expires_at <= facts.now:
        raise ActingUserUnknown(
            f"The delegation of {account} to DAG '{facts.dag_id}' has expired.",
            "The delegate delegates anew on the DAG's Accounts tab.",
        )
    if not consent.entitled:
        raise ActingUserUnknown(
            f"Whoever delegated {account} may not trigger DAG '{facts.dag_id}' any more.",
            "Somebody who may trigger it delegates on the DAG's Accounts tab.",
        )
    if facts.now - consent.asked_at > consent.answer_lasts:
        raise ActingUserUnknown(
            f"It is not known whether whoever delegated {account} may still trigger DAG '{facts.dag_id}': "
            "the last answer is too old.",
            "Let the delegate open the DAG's Accounts tab; an API server with an auth manager has to run.",
        )
    if not consent.bundle:
        raise ActingUserUnknown(
            f"The delegation of {account} to DAG '{facts.dag_id}' does not say of which bundle.",
            "The delegate delegates again on the DAG's Accounts tab.",
        )
    if consent.contested or not _is_the_dag(consent, facts):
        raise ActingUserUnknown(
            f"Account '{facts.conn_id}' was delegated to DAG '{facts.dag_id}' in '{consent.file}' of bundle "
            f"'{consent.bundle}', and since then the DAG has moved, or another bundle has claimed its id.",
            "Once no other bundle has a DAG of this id, the delegate delegates again on its Accounts tab.",
        )
    _check_sighting(consent, facts)
    if not consent.code_matches:
        raise ActingUserUnknown(
            f"DAG '{facts.dag_id}' has changed since {account} was delegated to it.",
            "The delegate looks at the change and delegates again on the DAG's Accounts tab.",
        )
    return consent.person, consent.user_state


def _check_sighting(consent: DelegationFact, facts: RunFacts) -> None:
    """Refuse unless the worker was certainly sent to the bundle and file that were delegated to.

    It is sent where the scheduler found the DAG when it queued the task, which is on record nowhere, while
    all that Airflow has on record may have changed since.
    """
    if not consent.seen or consent.watched_since is None:
        raise ActingUserUnknown(
            f"It is not known where DAG '{facts.dag_id}' was last parsed from, so no delegation to it holds.",
            "Ask an admin to install this package where the DAG processor runs, and wait until the DAG has "
            "been parsed again.",
        )
    moved = consent.moved_at
    certain = consent.watched_since if moved is None else max(consent.watched_since, moved + AFTER_MOVE)
    if facts.queued is None or facts.queued < certain:
        raise ActingUserUnknown(
            f"The task was queued when DAG '{facts.dag_id}' may still have been another bundle's or file's.",
            "Let the delegate clear the task, so that it is queued again.",
        )


def _is_the_dag(consent: DelegationFact, facts: RunFacts) -> bool:
    """Whether every record says the bundle and file that were delegated to; one of them alone is a race."""
    return {facts.dag_bundle, facts.version_bundle} == {consent.bundle} and facts.dag_file == consent.file


def _covers(consent: DelegationFact, facts: RunFacts) -> bool:
    if facts.triggered_by == "timetable":
        return consent.on_schedule and facts.run_type == "scheduled"
    return consent.on_asset_events and facts.run_type == "asset_triggered"


def _check_user_state(facts: RunFacts, person: Person, user_state: UserState) -> None:
    if user_state is UserState.SHARED or is_shared(person.name) or is_shared(person.user_id):
        raise ActingUserUnknown(
            f"{_run(facts)} was caused by a shared identity, which is no single person.", TRIGGER_AGAIN
        )
    if user_state is not UserState.PRESENT:
        states = {
            UserState.GONE: "does not exist any more",
            UserState.DEACTIVATED: "has been deactivated",
            UserState.RECREATED: "has been deleted and created anew since",
        }
        raise ActingUserUnknown(f"{_run(facts)} acts for a user who {states[user_state]}.", TRIGGER_AGAIN)


def _check_reruns(facts: RunFacts, person: Person) -> None:
    """Refuse when anybody else, or nobody known, has had a hand in the run before the task started."""
    reruns = [attribution for attribution in facts.attributions if attribution.kind == RERUN]
    others = [
        attribution
        for attribution in reruns
        if attribution.person != person and not _came_later(attribution, facts)
    ]
    if any(not attribution.attributed and facts.now - attribution.at < GRACE for attribution in others):
        raise NotYetOnRecord(
            f"{_run(facts)} was re-run a moment ago and it is not on record yet by whom.", ASK_AGAIN
        )
    if others:
        raise RerunByOtherUser(
            f"{_run(facts)} was cleared, re-queued or changed by somebody other than {person.name}.",
            TRIGGER_AGAIN,
        )
    # what nobody put on record has no date, so it counts against tasks that were running already, too
    unaccounted = (
        facts.attributions_cut_off
        or sum(attribution.clears for attribution in facts.attributions) != facts.clear_number
        or facts.clears_seen > len(reruns)
        or (facts.tries_beyond and not reruns)
    )
    if unaccounted:
        raise RerunByOtherUser(
            f"{_run(facts)} was cleared or re-queued by somebody who is not on record.", TRIGGER_AGAIN
        )


def _check_data(facts: RunFacts, person: Person) -> None:
    """Refuse when anybody else, or nobody known, has had a hand in the run's data.

    When the task started does not matter: it may read the data at any moment.
    """
    others = [found for found in facts.attributions if found.kind == DATA and found.person != person]
    if any(not found.attributed and facts.now - found.at < GRACE for found in others):
        raise NotYetOnRecord(
            f"Data of {_run(facts)[0].lower()}{_run(facts)[1:]} was changed a moment ago and it is not on "
            "record yet by whom.",
            ASK_AGAIN,
        )
    if others:
        raise DataByOtherUser(
            f"{_run(facts)} was given data by somebody other than {person.name}, or lost some: an XCom, or "
            "an answer to one of its tasks.",
            TRIGGER_AGAIN,
        )


def _came_later(attribution: AttributionFact, facts: RunFacts) -> bool:
    return facts.started is not None and facts.started + SKEW < attribution.at
