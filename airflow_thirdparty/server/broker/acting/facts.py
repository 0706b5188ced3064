"""What decides whom a task instance acts for, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState

TASK = "running"
TRIGGER = "deferred"
PARKED = "awaiting_input"
"""Who asks: a task, which must be running, a trigger, whose task must be deferred, or the server itself about
a task that is parked until its person has signed in."""


@dataclass(frozen=True)
class AttributionFact:
    """One recorded change to the run.

    :param kind: ``run``: created it; ``rerun``: made tasks of it start again, or changed what runs;
        ``data``: gave, changed or deleted data that its tasks read
    :param person: who made it; ``None`` when nobody is known
    :param user_state: what the auth manager says about the person today
    :param attributed: whether it has been worked out who made it
    :param clears: by how much it raised the run's ``clear_number``
    """

    kind: str
    person: Person | None
    user_state: UserState
    attributed: bool
    at: datetime
    clears: int = 0


@dataclass(frozen=True)
class DelegationFact:
    """The consent that stands for the DAG and the account, if any.

    :param bundle: name of the bundle whose DAG was delegated to; empty: not on record
    :param file: its file, relative to the bundle's folder
    :param contested: another bundle has claimed the DAG's id since
    :param entitled: whether the person may trigger the DAG, as the auth manager said at ``asked_at``
    :param answer_lasts: how old that answer may be
    :param code_matches: the task instance runs the code that was delegated to, or none was pinned
    :param seen: the latest parse of the DAG was seen, and was of this bundle and file
    :param watched_since: since when no parse has been missed
    :param moved_at: when the DAG was last seen to come from another bundle or file; ``None``: never
    """

    person: Person
    user_state: UserState
    on_schedule: bool
    on_asset_events: bool
    bundle: str
    file: str
    entitled: bool
    asked_at: datetime
    answer_lasts: timedelta
    contested: bool = False
    expires_at: datetime | None = None
    code_matches: bool = True
    seen: bool = False
    watched_since: datetime | None = None
    moved_at: datetime | None = None


@dataclass(frozen=True)
class RunFacts:
    """Everything that decides whom a task instance acts for.

    :param started: when the task instance started, by the clock of its worker
    :param queued: when the scheduler queued it, which is when its bundle and file were read for its worker
    :param user_name: the run's own note of who triggered it; it can be forged, so it never grants
    :param run_created: when the run was created
    :param clear_number: how often Airflow says the run was cleared
    :param attributions_cut_off: there are more recorded changes than were read
    :param clears_seen: the most often any task of the run has been cleared, as its tries betray
    :param tries_beyond: the task has had more tries than its retries allow
    :param asker: :data:`TASK` or :data:`TRIGGER`
    :param dag_bundle: name of the bundle that the DAG is in now, which is where workers fetch it
    :param version_bundle: name of the bundle that the task instance's version of the DAG is from
    :param dag_file: the DAG's file now, relative to the bundle's folder
    :param only_bundle: name of the only bundle that is configured; ``None`` when there are several
    :param allowed_dags: the DAGs that may use the account, as ``bundle:dag_id`` or ``dag_id``; ``None`` means
        all
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
    started: datetime | None = None
    queued: datetime | None = None
    clear_number: int = 0
    attributions: tuple[AttributionFact, ...] = ()
    attributions_cut_off: bool = False
    clears_seen: int = 0
    tries_beyond: bool = False
    delegation: DelegationFact | None = None
    asker: str = TASK
    dag_bundle: str | None = None
    version_bundle: str | None = None
    dag_file: str | None = None
    only_bundle: str | None = None
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
        :return: the person whose account is used
        """
        if self.person is None:
            raise self.refusal or AssertionError("neither a person nor a refusal")
        return self.person
