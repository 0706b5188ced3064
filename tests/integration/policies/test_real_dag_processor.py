"""The policy in the real DAG processor: tags, warnings, import errors, and what it costs in look-ups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.models.connection import Connection
from airflow.utils.session import create_session
from sqlalchemy import text

from airflow_thirdparty import dag_tags
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.broker.housekeeping.publication import publish_account_ids
from airflow_thirdparty.server.broker.views.dags import RiskLevel, dags_with_accounts
from airflow_thirdparty.wire import ACCOUNTS_VARIABLE, CONN_TYPE
from tests.integration.policies.conftest import DagProcessor

HEADER = """\
from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
"""

RISKY = """
with DAG("risky", schedule=None, tags=["public"]) as dag:
    @task
    def fetch():
        return ThirdPartyAccountHook("github").get_token()

    HttpOperator.partial(task_id="post", http_conn_id="slack").expand(endpoint=["/a", "/b"])
    fetch()
"""

BY_ROLE = """
with DAG("by_role", schedule=None, access_control={"User": {"DAGs": {"can_edit"}}}) as dag:
    HttpOperator(task_id="post", endpoint="/", http_conn_id="slack")
"""

REVIEWED = """
with DAG("reviewed", schedule=None, tags=["public", "third-party-accounts-reviewed"]) as dag:
    HttpOperator(task_id="post", endpoint="/", http_conn_id="slack")
"""

PRIVATE = """
with DAG("private", schedule=None, tags=["mine"]) as dag:
    @task
    def fetch():
        return HttpHook(http_conn_id="github").run("/")

    fetch()
"""

DOUBTFUL = """
with DAG("doubtful", schedule=None, tags=["public"]) as dag:
    HttpOperator(task_id="post", endpoint="/", http_conn_id="{{ params.which }}")
"""

UNRELATED = """
with DAG("unrelated", schedule=None, tags=["public", "blue"]) as dag:
    BashOperator(task_id="work", bash_command="true")
    HttpOperator(task_id="elsewhere", endpoint="/", http_conn_id="elsewhere")
"""

FILES = {
    name: HEADER + body
    for name, body in {
        "risky": RISKY,
        "by_role": BY_ROLE,
        "others": REVIEWED + PRIVATE + DOUBTFUL + UNRELATED,
    }.items()
}
"""Each file costs seconds, so those that no test expects to be refused share one."""

EXPECTED = {
    "risky": {"public", "account:github", "account:slack", dag_tags.WARNING},
    "by_role": {"account:slack", dag_tags.WARNING},
    "reviewed": {"public", "third-party-accounts-reviewed", "account:slack", dag_tags.ACKNOWLEDGED},
    "private": {"mine", "account:github"},
    "doubtful": {"public", dag_tags.UNKNOWN_ACCOUNT},
    "unrelated": {"public", "blue"},
}

ONE_READ = {f"file: variable {ACCOUNTS_VARIABLE}": 1, f"main loop: variable {ACCOUNTS_VARIABLE}": 1}
"""A parse process looks, through the main loop: the same look-up, seen twice."""


def save_accounts(*conn_ids: str) -> None:
    with create_session(scoped=False) as session:
        for conn_id in conn_ids:
            session.add(
                Connection(
                    conn_id=conn_id, conn_type=CONN_TYPE, login="client", extra='{"service": "github"}'
                )
            )
        session.flush()
        publish_account_ids(session, utcnow())


@pytest.fixture(scope="module")
def parsed_once(processor: DagProcessor) -> DagProcessor:
    """Every file was parsed, the list published before."""
    save_accounts("github", "slack")
    processor.write(FILES)
    processor.first_lookups = processor.parse()
    processor.keep()
    return processor


@pytest.fixture
def parsed(parsed_once: DagProcessor) -> Iterator[DagProcessor]:
    """The same, whatever other tests have done since."""
    with parsed_once.as_kept():
        yield parsed_once


def test_all_files_together_cost_one_look_up(parsed: DagProcessor) -> None:
    assert parsed.first_lookups == ONE_READ


def test_tags(parsed: DagProcessor) -> None:
    assert parsed.import_errors() == {}
    assert parsed.tags() == EXPECTED


def test_within_the_minute_the_known_list_is_used_and_no_dag_written_anew(parsed: DagProcessor) -> None:
    before = parsed.written()
    save_accounts("elsewhere")
    assert parsed.parse(runs=2) == {}
    assert parsed.written() == before


def test_the_warning_stands_in_the_log(parsed: DagProcessor) -> None:
    logs = parsed.logs()
    for said in (
        "DAG 'risky' is public (it carries the tag 'public') and uses third-party accounts",
        "'github' in task 'fetch'; 'slack' in task 'post'",
        "Three ways out",
        "DAG 'by_role' is public (it lets the role 'User' run or edit it by access_control)",
        "DAG 'doubtful' is public, and which connection it uses can only be known when it runs",
    ):
        assert said in logs
    for quiet in (
        "PublicDagWarning",
        "'reviewed' is public",
        "'private' is public",
        "'unrelated' is public",
        "failed",
    ):
        assert quiet not in logs


def test_the_admins_list_shows_those_at_risk(parsed: DagProcessor) -> None:
    with create_session(scoped=False) as session:
        at_risk = dags_with_accounts(session, {"github", "slack"}, RiskLevel.AT_RISK)
        assert [dag.dag_id for dag in at_risk] == ["by_role", "risky"]


def _no_row() -> None:
    with create_session(scoped=False) as session:
        session.execute(text("DELETE FROM variable"))


def _row_back() -> None:
    with create_session(scoped=False) as session:
        publish_account_ids(session, utcnow())


def _no_table() -> None:
    with create_session(scoped=False) as session:
        session.execute(text("ALTER TABLE variable RENAME TO variable_gone"))


def _table_back() -> None:
    with create_session(scoped=False) as session:
        session.execute(text("ALTER TABLE variable_gone RENAME TO variable"))


@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [
        pytest.param(_no_row, _row_back, id="the list is gone"),
        pytest.param(_no_table, _table_back, id="the server answers with an error"),
    ],
)
def test_a_failed_read_changes_nothing(parsed: DagProcessor, break_it: Any, mend_it: Any) -> None:
    before = parsed.written()
    parsed.expire()
    break_it()
    try:
        lookups = parsed.parse()
    finally:
        mend_it()
    assert lookups[f"file: variable {ACCOUNTS_VARIABLE}"] == 1
    assert "the last known one is used" in parsed.logs()
    assert parsed.import_errors() == {}
    assert parsed.tags() == EXPECTED
    assert parsed.written() == before
    assert json.loads(parsed.cache.read_text())["ids"] == ["github", "slack"]


def test_error_refuses_those_at_risk_only(parsed: DagProcessor) -> None:
    before = parsed.written()
    parsed.options["AIRFLOW__THIRD_PARTY_ACCOUNTS__PUBLIC_DAG_POLICY"] = "error"
    try:
        assert parsed.parse() == {}
    finally:
        parsed.options.clear()
    errors = parsed.import_errors()
    assert errors.keys() == {"risky.py", "by_role.py"}
    for said in (
        "AirflowClusterPolicyViolation",
        "'risky'",
        "'github' in task 'fetch'",
        "'slack' in task 'post'",
        "(1)",
        "(2)",
        "(3)",
    ):
        assert said in errors["risky.py"]
    assert parsed.written() == before


def test_a_new_account_is_found_when_the_minute_has_passed_and_a_file_that_asks_for_one_is_told_why_not(
    parsed: DagProcessor,
) -> None:
    before = parsed.written()
    save_accounts("elsewhere")
    parsed.write({"greedy": 'from airflow.sdk import DAG, Connection\nConnection.get("github")\n'})
    parsed.expire()
    parsed.parse(2)  # one process reads anew, and what is parsed beside it still uses the known list
    [(file, error)] = parsed.import_errors().items()
    assert file == "greedy.py"
    assert "If 'github' is a third-party account: no user acts here" in error
    assert "not at the top of the DAG file" in error
    assert parsed.tags() == {
        **EXPECTED,
        "unrelated": {"public", "blue", "account:elsewhere", dag_tags.WARNING},
    }
    after = parsed.written()
    assert {dag_id for dag_id in EXPECTED if after[dag_id] != before[dag_id]} == {"unrelated"}
