"""Accounts found in what operators were given."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_thirdparty.policies.analysis.references import references

ACCOUNTS = {"github", "slack", "http_default"}


def found(dag: Any, accounts: set[str] = ACCOUNTS) -> set[tuple[str, str | None]]:
    return {(reference.task_id, reference.account) for reference in references(dag, accounts)}


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        pytest.param("BashOperator(task_id='t', bash_command='true')", set(), id="no connection"),
        pytest.param(
            "HttpOperator(task_id='t', endpoint='/', http_conn_id='elsewhere')", set(), id="no account"
        ),
        pytest.param(
            "HttpOperator(task_id='t', endpoint='/', http_conn_id='github')", {("t", "github")}, id="operator"
        ),
        pytest.param(
            "HttpSensor(task_id='t', endpoint='/', http_conn_id='slack')", {("t", "slack")}, id="sensor"
        ),
        pytest.param(
            "HttpOperator(task_id='t', endpoint='/')", {("t", "http_default")}, id="default of the operator"
        ),
        pytest.param(
            "HttpOperator(task_id='t', endpoint='/', http_conn_id='{{ params.c }}')",
            {("t", None)},
            id="template",
        ),
        pytest.param(
            "HttpOperator(task_id='t', endpoint='/', http_conn_id='{% if 1 %}github{% endif %}')",
            {("t", None)},
            id="template with a statement",
        ),
        pytest.param(
            "HttpOperator.partial(task_id='t', http_conn_id='github').expand(endpoint=['/a', '/b'])",
            {("t", "github")},
            id="mapped, in partial",
        ),
        pytest.param(
            "HttpOperator.partial(task_id='t', endpoint='/').expand(http_conn_id=['github', 'x', 'slack'])",
            {("t", "github"), ("t", "slack")},
            id="mapped, in expand",
        ),
        pytest.param(
            "HttpOperator.partial(task_id='t').expand_kwargs("
            "[{'endpoint': '/', 'http_conn_id': 'github'}, {'endpoint': '/', 'http_conn_id': 'x'}])",
            {("t", "github")},
            id="mapped, in expand_kwargs",
        ),
        pytest.param(
            "HttpOperator.partial(task_id='t').expand(endpoint=['/'])",
            {("t", "http_default")},
            id="mapped, default of the operator",
        ),
        pytest.param(
            """
            @task
            def names():
                return ["a"]

            HttpOperator.partial(task_id="t", endpoint="/").expand(http_conn_id=names())
            """,
            {("t", None)},
            id="mapped over another task's result",
        ),
        pytest.param(
            """
            @task
            def name():
                return "a"

            HttpOperator(task_id="t", endpoint="/", http_conn_id=name())
            """,
            {("t", None)},
            id="another task's result",
        ),
        pytest.param(
            """
            @task_group
            def group(conn):
                HttpOperator(task_id="t", endpoint="/", http_conn_id=conn)

            group.expand(conn=["github", "x"])
            """,
            {("group.t", "github")},
            id="mapped task group",
        ),
        pytest.param(
            """
            with_conn = {"http_conn_id": "github"}

            @task_group(default_args=with_conn)
            def group():
                HttpOperator(task_id="plain", endpoint="/")
                HttpOperator.partial(task_id="mapped").expand(endpoint=["/"])
                BashOperator(task_id="other", bash_command="true")

            group()
            """,
            {("group.plain", "github"), ("group.mapped", "github")},
            id="default_args of a task group",
        ),
        pytest.param(
            """
            start = HttpOperator(task_id="start", endpoint="/", http_conn_id="github").as_setup()
            end = HttpOperator(task_id="end", endpoint="/", http_conn_id="slack").as_teardown(setups=start)
            start >> BashOperator(task_id="work", bash_command="true") >> end
            """,
            {("start", "github"), ("end", "slack")},
            id="setup and teardown",
        ),
        pytest.param(
            "PythonOperator(task_id='t', python_callable=print, op_kwargs={'http_conn_id': 'github'})",
            {("t", "github")},
            id="argument of a function",
        ),
        pytest.param(
            """
            class Keeps(BaseOperator):
                def __init__(self, *, source_conn_id, **kwargs):
                    super().__init__(**kwargs)
                    self.kept = source_conn_id
                def execute(self, context): ...

            Keeps(task_id="t", source_conn_id="github")
            """,
            {("t", "github")},
            id="kept under another name",
        ),
        pytest.param(
            """
            class Nested(BaseOperator):
                def __init__(self, *, hook_params, **kwargs):
                    super().__init__(**kwargs)
                    self.hook_params = hook_params
                def execute(self, context): ...

            Nested(task_id="t", hook_params={"http_conn_id": "github"})
            """,
            {("t", "github")},
            id="inside a dictionary",
        ),
        pytest.param(
            """
            class Broken(BaseOperator):
                @property
                def template_fields(self):
                    raise RuntimeError("boom")
                def execute(self, context): ...

            Broken.template_fields = ()
            one = Broken(task_id="t")
            Broken.template_fields = property(lambda self: 1 / 0)
            HttpOperator(task_id="u", endpoint="/", http_conn_id="github")
            """,
            {("t", None), ("u", "github")},
            id="an operator that cannot be looked at hides no other",
        ),
        pytest.param(
            "BashOperator(task_id='t', bash_command='curl -u x:{{ conn.github.password }} https://x')",
            {("t", "github")},
            id="connection in a template",
        ),
        pytest.param(
            """BashOperator(task_id='t', bash_command='x', env={"A": '{{ conn.get("slack").host }}'})""",
            {("t", "slack")},
            id="connection in a nested template, by get",
        ),
        pytest.param(
            "BashOperator(task_id='t', bash_command='{{ conn.get(params.which).host }}')",
            {("t", None)},
            id="connection in a template, computed",
        ),
        pytest.param(
            "BashOperator(task_id='t', bash_command='conn.github.password is not a template')",
            set(),
            id="no template",
        ),
        pytest.param(
            "BashOperator.partial(task_id='t').expand(bash_command=['{{ conn.github.host }}', 'true'])",
            {("t", "github")},
            id="connection in an expanded template",
        ),
    ],
)
def test_operators(load: Any, tasks: str, expected: set[tuple[str, str | None]]) -> None:
    lines = "\n".join("    " + line for line in _dedent(tasks))
    dag = load(f"with DAG('d', schedule=None) as dag:\n{lines}\n")
    assert found(dag) == expected


def _dedent(text: str) -> list[str]:
    import textwrap

    return textwrap.dedent(text).strip("\n").splitlines()


def test_default_args_of_the_dag_reach_plain_and_mapped_operators(load: Any) -> None:
    dag = load("""
        with DAG("d", schedule=None, default_args={"http_conn_id": "github"}) as dag:
            HttpOperator(task_id="plain", endpoint="/")
            HttpOperator.partial(task_id="mapped").expand(endpoint=["/"])
            HttpOperator.partial(task_id="own", http_conn_id="slack").expand(endpoint=["/"])
            BashOperator(task_id="other", bash_command="true")
    """)
    assert found(dag) == {("plain", "github"), ("mapped", "github"), ("own", "slack")}


def test_without_accounts_nothing_can_be_one(load: Any) -> None:
    dag = load("""
        with DAG("d", schedule=None) as dag:
            HttpOperator(task_id="known", endpoint="/", http_conn_id="github")
            HttpOperator(task_id="unknown", endpoint="/", http_conn_id="{{ params.c }}")
    """)
    assert found(dag, set()) == set()


def test_our_own_operators_name_accounts_for_certain(load: Any) -> None:
    dag = load("""
        class Ours(BaseOperator):
            __module__ = "airflow_thirdparty.operators.third_party_account"
            template_fields = ("account",)
            def __init__(self, *, account, **kwargs):
                super().__init__(**kwargs)
                self.account = account
            def execute(self, context): ...

        class Built(Ours):
            __module__ = "somewhere.else"

        with DAG("d", schedule=None) as dag:
            Ours(task_id="a", account="never_published")
            Built(task_id="b", account="{{ params.c }}")
            Ours.partial(task_id="c").expand(account=["x", "y"])
    """)
    assert found(dag, set()) == {("a", "never_published"), ("b", None), ("c", "x"), ("c", "y")}
    assert all(reference.ours for reference in references(dag, set()))


def test_the_operators_that_come_with_us(load: Any) -> None:
    dag = load("""
        from airflow_thirdparty.operators.http import ThirdPartyHttpOperator
        from airflow_thirdparty.sensors.sign_in import ThirdPartySignInSensor

        with DAG("d", schedule=None) as dag:
            ThirdPartyHttpOperator(task_id="a", third_party_account_conn_id="acme")
            ThirdPartyHttpOperator(task_id="b", third_party_account_conn_id="{{ params.c }}")
            ThirdPartyHttpOperator.partial(task_id="c").expand(third_party_account_conn_id=["x", "y"])
            ThirdPartySignInSensor(task_id="d", accounts=["acme", "other"])
            ThirdPartySignInSensor.partial(task_id="e").expand(accounts=[["x"], ["y"]])
    """)
    assert found(dag, set()) == {
        ("a", "acme"),
        ("b", None),
        ("c", "x"),
        ("c", "y"),
        ("d", "acme"),
        ("d", "other"),
        ("e", "x"),
        ("e", "y"),
    }
    assert all(reference.ours for reference in references(dag, set()))
