"""What the pages and the audit learn from Airflow's tables."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable
from airflow.utils.session import create_session

from airflow_thirdparty import dag_tags
from airflow_thirdparty.server.broker.views.dag_tasks import tasks_by_account
from airflow_thirdparty.server.broker.views.dags import (
    DagAccounts,
    RiskLevel,
    Starters,
    accounts_of,
    dags_with_accounts,
    starters_of,
)
from tests.support import databases
from tests.support.databases import Database
from tests.support.tasks import BUNDLE, Tasks

pytestmark = databases.BOTH

LONG = "x" * 150
IDS = {"github", "slack", LONG}

DAGS = {
    "risky": {"account:github", "account:slack", dag_tags.WARNING, "public"},
    "reviewed": {"account:github", dag_tags.ACKNOWLEDGED, "public"},
    "private": {"account:github", "account:gone"},
    "long": {dag_tags.account_tag(LONG)},
    "doubtful": {dag_tags.UNKNOWN_ACCOUNT},
    "unrelated": {"account:acme", "accounting", "blue"},
    "removed": {"account:github", dag_tags.WARNING},
}

RISKY = DagAccounts("risky", "risky.py", BUNDLE, ("github", "slack"), risk=RiskLevel.AT_RISK)
REVIEWED = DagAccounts("reviewed", "reviewed.py", BUNDLE, ("github",), risk=RiskLevel.ACKNOWLEDGED)
PRIVATE = DagAccounts("private", "private.py", BUNDLE, ("github",), missing=("gone",))
LONG_ID = DagAccounts("long", "long.py", BUNDLE, (LONG,))
DOUBTFUL = DagAccounts("doubtful", "doubtful.py", BUNDLE, (), unknown=True)
UNRELATED = DagAccounts("unrelated", "unrelated.py", BUNDLE, (), missing=("acme",))


@pytest.fixture(scope="module")
def dags(database: Database) -> None:
    from airflow.models.dag import DagModel
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG

    tasks = Tasks("http://127.0.0.1:1")
    for dag_id, carried in DAGS.items():
        with DAG(dag_id, schedule=None, tags=carried) as dag:
            EmptyOperator(task_id="work")
        tasks.store(dag)
    with create_session(scoped=False) as session:
        session.get(DagModel, "removed").is_stale = True


@pytest.mark.parametrize(
    ("dag_id", "expected"),
    [
        pytest.param("risky", RISKY, id="at risk"),
        pytest.param("reviewed", REVIEWED, id="acknowledged"),
        pytest.param("private", PRIVATE, id="private, one account is gone"),
        pytest.param("long", LONG_ID, id="an id that is hashed in the tag"),
        pytest.param("doubtful", DOUBTFUL, id="not known before it runs"),
        pytest.param("unrelated", UNRELATED, id="somebody's own tags"),
        pytest.param("nowhere", None, id="no such DAG"),
    ],
)
def test_one_dag(dags: None, dag_id: str, expected: DagAccounts | None) -> None:
    with create_session(scoped=False) as session:
        assert accounts_of(session, dag_id, IDS) == expected


@pytest.mark.parametrize(
    ("risk", "expected"),
    [
        pytest.param(None, [DOUBTFUL, LONG_ID, PRIVATE, REVIEWED, RISKY], id="all that use accounts"),
        pytest.param(RiskLevel.AT_RISK, [RISKY], id="at risk"),
        pytest.param(RiskLevel.ACKNOWLEDGED, [REVIEWED], id="acknowledged"),
        pytest.param(RiskLevel.QUIET, [DOUBTFUL, LONG_ID, PRIVATE], id="quiet"),
    ],
)
def test_all_dags(dags: None, risk: RiskLevel | None, expected: list[DagAccounts]) -> None:
    with create_session(scoped=False) as session:
        assert dags_with_accounts(session, IDS, risk) == expected


def test_the_list_costs_one_query(dags: None) -> None:
    from airflow import settings
    from sqlalchemy import event

    statements: list[str] = []

    def count(*args: Any) -> None:
        statements.append(args[2])

    event.listen(settings.engine, "before_cursor_execute", count)
    try:
        with create_session(scoped=False) as session:
            assert dags_with_accounts(session, IDS, RiskLevel.AT_RISK) == [RISKY]
    finally:
        event.remove(settings.engine, "before_cursor_execute", count)
    assert len(statements) == 1


DAILY = CronTriggerTimetable("0 0 * * *", timezone="UTC")
START = datetime(2024, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(None, Starters(False, False), id="nothing"),
        pytest.param("@daily", Starters(True, False), id="the clock"),
        pytest.param("@once", Starters(True, False), id="the clock, once"),
        pytest.param("@continuous", Starters(True, False), id="the run before"),
        pytest.param([Asset("made")], Starters(False, True), id="asset events"),
        pytest.param(
            AssetOrTimeSchedule(timetable=DAILY, assets=[Asset("made")]),
            Starters(True, True),
            id="both",
        ),
    ],
)
def test_what_starts_its_runs(database: Database, schedule: Any, expected: Starters) -> None:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG

    with DAG("started", schedule=schedule, start_date=START, max_active_runs=1) as dag:
        EmptyOperator(task_id="work")
    Tasks("http://127.0.0.1:1").store(dag)
    with create_session(scoped=False) as session:
        assert starters_of(session, "started") == expected
        assert starters_of(session, "nowhere") == Starters(False, False)


FILE = """
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, BaseHook, task, task_group

with DAG("placed", schedule=None) as dag:

    @task
    def fetch():
        return BaseHook.get_connection("github").password

    @task_group
    def group():
        HttpOperator(task_id="post", endpoint="/", http_conn_id="slack")
        HttpOperator.partial(task_id="each", http_conn_id="github").expand(endpoint=["/"])
        HttpOperator.partial(task_id="wide", endpoint="/").expand(http_conn_id=["slack"])
        fetch.override(task_id="again")()

    BashOperator(task_id="other", bash_command="echo github")
    fetch() >> group()
"""


def test_places(database: Database, tmp_path: Any) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (tmp_path / "placed.py").write_text(FILE)
    bag = DagBag(tmp_path)
    assert not bag.import_errors
    Tasks("http://127.0.0.1:1").store(bag.dags["placed"])
    with create_session(scoped=False) as session:
        assert tasks_by_account(session, "placed", ["github", "slack", "google"]) == {
            "github": ["fetch", "group.again", "group.each"],
            "google": [],
            "slack": ["group.post", "group.wide"],
        }
        assert tasks_by_account(session, "nowhere", ["github"]) == {"github": []}
