"""What the policy makes of a DAG: its tags, and whether it is at risk."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_thirdparty import dag_tags
from airflow_thirdparty.policies import messages
from airflow_thirdparty.policies.assessment import Assessment, assess
from airflow_thirdparty.policies.rules import Mode, Rules

ACCOUNTS = {"github", "slack"}
RULES = Rules(acknowledgement_param="reviewed")
WARNED, QUIET = {dag_tags.WARNING}, {dag_tags.ACKNOWLEDGED}
GITHUB, SLACK, DOUBT = {"account:github"}, {"account:slack"}, {dag_tags.UNKNOWN_ACCOUNT}

USES_GITHUB = "HttpOperator(task_id='t', endpoint='/', http_conn_id='github')"
USES_BOTH = "HttpOperator.partial(task_id='t', endpoint='/').expand(http_conn_id=['github', 'slack'])"
USES_NONE = "BashOperator(task_id='t', bash_command='true')"
FOREIGN_UNKNOWN = "HttpOperator(task_id='t', endpoint='/', http_conn_id='{{ params.c }}')"
OWN_UNKNOWN = """
    from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook

    @task
    def t(name): ThirdPartyAccountHook(name)
    t("{{ params.c }}")
"""
USERS_EDIT = "access_control={'User': {'DAGs': {'can_edit'}}}"
REVIEWED = "third-party-accounts-reviewed"


@pytest.mark.parametrize(
    ("arguments", "tasks", "expected"),
    [
        pytest.param("", USES_NONE, set(), id="private, no account"),
        pytest.param("", USES_GITHUB, GITHUB, id="private, an account"),
        pytest.param("", FOREIGN_UNKNOWN, set(), id="private, perhaps an account"),
        pytest.param("", OWN_UNKNOWN, DOUBT, id="private, an account not known"),
        pytest.param("tags=['public']", USES_NONE, set(), id="public, no account"),
        pytest.param("tags=['public']", USES_GITHUB, GITHUB | WARNED, id="public, an account"),
        pytest.param("tags=['public']", USES_BOTH, GITHUB | SLACK | WARNED, id="public, two accounts"),
        pytest.param("tags=['public']", FOREIGN_UNKNOWN, DOUBT, id="public, perhaps an account"),
        pytest.param("tags=['public']", OWN_UNKNOWN, DOUBT | WARNED, id="public, an account not known"),
        pytest.param(USERS_EDIT, USES_GITHUB, GITHUB | WARNED, id="public by role"),
        pytest.param(
            f"tags=['public', '{REVIEWED}']", USES_BOTH, GITHUB | SLACK | QUIET, id="acknowledged by tag"
        ),
        pytest.param(
            f"tags=['public', '{REVIEWED}:github']",
            USES_GITHUB,
            GITHUB | QUIET,
            id="acknowledged by tag for the account",
        ),
        pytest.param(
            f"tags=['public', '{REVIEWED}:github']",
            USES_BOTH,
            GITHUB | SLACK | WARNED,
            id="a second account joined since",
        ),
        pytest.param(
            "tags=['public'], params={'reviewed': ['github', 'slack']}",
            USES_BOTH,
            GITHUB | SLACK | QUIET,
            id="acknowledged by param",
        ),
        pytest.param(
            f"tags=['public', '{REVIEWED}']", OWN_UNKNOWN, DOUBT | QUIET, id="acknowledged, whatever account"
        ),
        pytest.param(
            "tags=['public'], params={'reviewed': ['github']}",
            OWN_UNKNOWN,
            DOUBT | WARNED,
            id="an id acknowledges no unknown account",
        ),
        pytest.param(
            f"tags=['public', '{REVIEWED}']", FOREIGN_UNKNOWN, set(), id="acknowledged, perhaps an account"
        ),
        pytest.param(f"tags=['{REVIEWED}']", USES_GITHUB, GITHUB, id="acknowledged without need"),
    ],
)
def test_tags(load: Any, arguments: str, tasks: str, expected: set[str]) -> None:
    assessment = _assess(load, arguments, tasks)
    assert assessment.tags(Mode.WARN) == expected
    assert assessment.tags(Mode.ERROR) == expected
    assert assessment.tags(Mode.OFF) == expected - WARNED - QUIET
    assert assessment.at_risk is (dag_tags.WARNING in expected)
    assert assessment.acknowledged is (dag_tags.ACKNOWLEDGED in expected)


def test_the_refusal_names_dag_tasks_accounts_and_three_ways_out(load: Any) -> None:
    assessment = _assess(load, f"tags=['public'], {USERS_EDIT}", USES_BOTH)
    text = messages.at_risk(assessment, RULES)
    for needed in (
        "'risky'",
        "'github' in task 't'",
        "'slack' in task 't'",
        "tag 'public'",
        "role 'User'",
        "(1)",
        "remove the tag 'public'",
        "let 'User' only read it",
        "(2)",
        "(3)",
        f"tag '{REVIEWED}'",
        "param 'reviewed'",
    ):
        assert needed in text


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(Rules(), "add the tag 'third-party-accounts-reviewed'", id="tag"),
        pytest.param(
            Rules(acknowledgement_tag="", acknowledgement_param="ok"), "add the param 'ok'", id="param"
        ),
        pytest.param(Rules(acknowledgement_tag=""), "ask its admin", id="neither"),
    ],
)
def test_how_to_acknowledge(rules: Rules, expected: str) -> None:
    assert expected in messages.how_to_acknowledge(rules)


def test_long_lists_are_counted(load: Any) -> None:
    many = "\n".join(
        f"HttpOperator(task_id='t{n}', endpoint='/', http_conn_id='github')\n"
        f"HttpOperator(task_id='u{n}', endpoint='/', http_conn_id='{{{{ params.c }}}}')"
        for n in range(12)
    )
    assessment = _assess(load, "tags=['public']", many)
    assert "'t0', 't1', 't10', 't11'" in messages.what_it_uses(assessment)
    assert "and 2 more" in messages.what_it_uses(assessment)
    assert "and 2 more" in messages.unknown(assessment)


def _assess(load: Any, arguments: str, tasks: str) -> Assessment:
    import textwrap

    body = textwrap.indent(textwrap.dedent(tasks).strip("\n"), "    ")
    dag = load(f"with DAG('risky', schedule=None, {arguments}) as dag:\n{body}\n")
    return assess(dag, ACCOUNTS, RULES)
