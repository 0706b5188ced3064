"""Accounts found in the Python of tasks, which is parsed and never run."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from airflow_thirdparty.policies.analysis import source
from airflow_thirdparty.policies.analysis.references import references

ACCOUNTS = {"github", "slack"}

OURS = """
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.hooks.uses_account import uses_account
"""

GITHUB, SLACK, UNKNOWN = {"github"}, {"slack"}, {None}


def found(dag: Any, accounts: set[str] = ACCOUNTS) -> set[str | None]:
    """What is found, which is the same where every function is parsed."""
    told = references(dag, accounts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "plain_use", lambda *_: None)
        assert references(dag, accounts) == told
    return {reference.account for reference in told if reference.task_id == "t"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("return 1", set(), id="no connection"),
        pytest.param("ThirdPartyAccountHook('github')", GITHUB, id="our hook"),
        pytest.param("ThirdPartyAccountHook(conn_id='github')", GITHUB, id="our hook, by keyword"),
        pytest.param("ThirdPartyAccountHook('not_listed')", {"not_listed"}, id="our hook, not published yet"),
        pytest.param(
            "ThirdPartyAccountHook(third_party_account_conn_id='github')",
            GITHUB,
            id="our hook, whole keyword",
        ),
        pytest.param("ThirdPartyAccountHook()", {"third_party_account_default"}, id="our hook's default"),
        pytest.param("ThirdPartyAccountHook(**context)", UNKNOWN, id="our hook, hidden keywords"),
        pytest.param("ThirdPartyAccountHook.for_account('github')", GITHUB, id="our hook's class method"),
        pytest.param("ThirdPartyAccountHook('github').get_token()", GITHUB, id="our hook's method"),
        pytest.param("MyHook('github')", GITHUB, id="built upon our hook"),
        pytest.param("raise ThirdPartyAccountError('github')", set(), id="our errors ask for nothing"),
        pytest.param("BaseHook.get_connection('github')", GITHUB, id="BaseHook.get_connection"),
        pytest.param("HttpHook().get_connection('slack')", SLACK, id="a hook's get_connection"),
        pytest.param("BaseHook.get_hook('slack')", SLACK, id="BaseHook.get_hook"),
        pytest.param("Connection.get('github').password", GITHUB, id="Connection.get"),
        pytest.param("await Connection.async_get('github')", GITHUB, id="Connection.async_get"),
        pytest.param("HttpHook(http_conn_id='github')", GITHUB, id="a keyword that ends in conn_id"),
        pytest.param("HttpHook('GET', 'github')", GITHUB, id="a hook's second argument"),
        pytest.param("HttpHook('GET', 'elsewhere')", set(), id="a hook's second argument, no account"),
        pytest.param("HttpHook(http_conn_id='elsewhere')", set(), id="no account"),
        pytest.param("dict(github='slack')", set(), id="words that only look alike"),
        pytest.param("print('github')", set(), id="a mere text"),
        pytest.param("pool.get_connection('main')", set(), id="another library's get_connection"),
        pytest.param("from x import y as HH\nHH(x_conn_id='slack')", SLACK, id="imported inside"),
        pytest.param(
            "from airflow_thirdparty.hooks.third_party_account import get_token as t\nt('github')",
            GITHUB,
            id="ours, imported inside under another name",
        ),
        pytest.param(
            "import airflow_thirdparty.hooks as h\nh.get_token('github')", GITHUB, id="our module, inside"
        ),
        pytest.param(
            "from airflow.sdk import Connection as C\nC.get('github')", GITHUB, id="Connection renamed inside"
        ),
        pytest.param("Conn.get('github')", GITHUB, id="Connection renamed outside"),
        pytest.param("context['conn'].github.host", GITHUB, id="conn of the context"),
        pytest.param("context['conn'].get('slack')", SLACK, id="conn of the context, by get"),
        pytest.param("context['conn'].get(context['x'])", UNKNOWN, id="conn of the context, computed"),
        pytest.param("conn = 1\nconn.github", set(), id="another conn"),
        pytest.param("f = lambda: ThirdPartyAccountHook('github')", GITHUB, id="in a lambda"),
        pytest.param(
            "def inner():\n    return ThirdPartyAccountHook('github')\nreturn inner()",
            GITHUB,
            id="in an inner function",
        ),
        pytest.param(
            "return [HttpHook(http_conn_id=c) for c in ('github', 'x')]", GITHUB, id="comprehension"
        ),
    ],
)
def test_what_asks_for_an_account(load: Any, body: str, expected: set[str | None]) -> None:
    assert found(load(_dag(body))) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("name = 'github'\nThirdPartyAccountHook(name)", GITHUB, id="variable"),
        pytest.param("name: str = 'github'\nThirdPartyAccountHook(name)", GITHUB, id="annotated variable"),
        pytest.param("ThirdPartyAccountHook(name := 'github')", UNKNOWN, id="assigned in the call"),
        pytest.param("(name := 'github')\nThirdPartyAccountHook(name)", GITHUB, id="assigned in passing"),
        pytest.param(
            "name = 'github' if True else 'slack'\nThirdPartyAccountHook(name)", GITHUB | SLACK, id="either"
        ),
        pytest.param("name = None or 'github'\nThirdPartyAccountHook(name)", GITHUB, id="or"),
        pytest.param(
            "name = 'github'\nif True:\n    name = 'slack'\nThirdPartyAccountHook(name)",
            GITHUB | SLACK,
            id="assigned twice",
        ),
        pytest.param(
            "name = 'github'\nname += context['x']\nThirdPartyAccountHook(name)",
            GITHUB | UNKNOWN,
            id="changed later",
        ),
        pytest.param("ThirdPartyAccountHook(f'git{\"hub\"}')", GITHUB, id="f-string of constants"),
        pytest.param("w = 'hub'\nThirdPartyAccountHook(f'git{w}')", GITHUB, id="f-string of a variable"),
        pytest.param("ThirdPartyAccountHook(f'git{context[1]}')", UNKNOWN, id="f-string, unknown"),
        pytest.param("ThirdPartyAccountHook(f'{1}')", UNKNOWN, id="f-string of a number"),
        pytest.param("ThirdPartyAccountHook('git' + 'hub')", GITHUB, id="sum"),
        pytest.param("ThirdPartyAccountHook('git' + context['x'])", UNKNOWN, id="sum, unknown"),
        pytest.param("ThirdPartyAccountHook('%s' % 'github')", UNKNOWN, id="formatted"),
        pytest.param("ThirdPartyAccountHook(CONSTANT)", GITHUB, id="constant of the file"),
        pytest.param("ThirdPartyAccountHook(Names.slack)", SLACK, id="constant of a class"),
        pytest.param("ThirdPartyAccountHook(TABLE['gh'])", GITHUB, id="item of a table"),
        pytest.param("ThirdPartyAccountHook(TABLE[context])", UNKNOWN, id="computed item of a table"),
        pytest.param("for n in LIST:\n    HttpHook(http_conn_id=n)", GITHUB | SLACK, id="loop over a list"),
        pytest.param("for n in context:\n    HttpHook(http_conn_id=n)", UNKNOWN, id="loop over the unknown"),
        pytest.param("a, b = 'github', 'slack'\nThirdPartyAccountHook(a)", UNKNOWN, id="unpacked"),
        pytest.param("with open('x') as n:\n    HttpHook(http_conn_id=n)", UNKNOWN, id="bound by with"),
        pytest.param(
            "\n".join(f"n{i} = n{i + 1} + n{i + 1}" for i in range(60)) + "\nThirdPartyAccountHook(n0)",
            UNKNOWN,
            id="a chain that doubles",
        ),
        pytest.param("name = name\nThirdPartyAccountHook(name)", UNKNOWN, id="defined by itself"),
        pytest.param("ThirdPartyAccountHook(Variable.get('x'))", UNKNOWN, id="Airflow variable"),
        pytest.param("ThirdPartyAccountHook(context['params']['x'])", UNKNOWN, id="param of the run"),
        pytest.param("HttpHook(http_conn_id=context['x'])", UNKNOWN, id="unknown, any hook"),
        pytest.param("HttpHook('GET', context['x'])", set(), id="a hook's arguments, one known"),
        pytest.param("HttpHook(context['x'])", UNKNOWN, id="a hook's arguments, none known"),
        pytest.param("HttpHook(*context['x'])", UNKNOWN, id="a hook's hidden arguments"),
        pytest.param("HttpHook(**context['x'])", UNKNOWN, id="a hook's hidden keywords"),
        pytest.param("HttpHook(http_conn_id=None)", set(), id="none"),
        pytest.param("Connection.get(missing_name)", UNKNOWN, id="a name that is not there"),
        pytest.param("ThirdPartyAccountHook(EXPLODES.name)", UNKNOWN, id="a property is not run"),
    ],
)
def test_what_the_account_is(load: Any, body: str, expected: set[str | None]) -> None:
    assert found(load(_dag(body))) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(
            """
            @task
            def t(where): ThirdPartyAccountHook(where)
            t("github")
            """,
            GITHUB,
            id="argument by position",
        ),
        pytest.param(
            """
            @task
            def t(where): ThirdPartyAccountHook(where)
            t(where="github")
            """,
            GITHUB,
            id="argument by keyword",
        ),
        pytest.param(
            """
            @task
            def t(where="github"): ThirdPartyAccountHook(where)
            t()
            """,
            GITHUB,
            id="default",
        ),
        pytest.param(
            """
            @task
            def t(where): ThirdPartyAccountHook(where)
            t.expand(where=["github", "slack"])
            """,
            GITHUB | SLACK,
            id="mapped argument",
        ),
        pytest.param(
            """
            @task
            def t(where, n): ThirdPartyAccountHook(where)
            t.partial(where="github").expand(n=[1])
            """,
            GITHUB,
            id="partial argument",
        ),
        pytest.param(
            """
            @task
            def names(): return "x"
            @task
            def t(where): ThirdPartyAccountHook(where)
            t(names())
            """,
            UNKNOWN,
            id="another task's result",
        ),
        pytest.param(
            """
            @task
            def t(conn=None): conn.github.host
            t()
            """,
            GITHUB,
            id="conn of the context for parameter",
        ),
        pytest.param(
            """
            @task
            def t(where): ThirdPartyAccountHook(where)
            t("{{ params.where }}")
            """,
            UNKNOWN,
            id="a template for argument",
        ),
        pytest.param(
            """
            @task
            @uses_account("github")
            def t(): ...
            t()
            """,
            GITHUB,
            id="our decorator below",
        ),
        pytest.param(
            """
            @uses_account("github", "slack")
            @task
            def t(): ...
            t()
            """,
            GITHUB | SLACK,
            id="our decorator above, two accounts",
        ),
        pytest.param(
            """
            @task
            @uses_account("github")
            def t(where): ThirdPartyAccountHook(where)
            t("{{ params.where }}")
            """,
            GITHUB,
            id="our decorator says what cannot be known",
        ),
        pytest.param(
            """
            @uses_account("github")
            @task
            def t(where): ThirdPartyAccountHook(where)
            t("{{ params.where }}")
            """,
            GITHUB,
            id="our decorator above says what cannot be known",
        ),
        pytest.param(
            """
            @task
            @uses_account("github", scopes=["repo"])
            def t(where): ThirdPartyAccountHook(where)
            t("{{ params.where }}")
            """,
            GITHUB,
            id="our decorator with scopes",
        ),
        pytest.param(
            """
            @task
            @uses_account("github")
            @uses_account("slack")
            def t(): ...
            t.expand_kwargs([{}])
            """,
            GITHUB | SLACK,
            id="our decorator twice, mapped",
        ),
        pytest.param(
            """
            @uses_account("github")
            def work(): ...
            PythonOperator(task_id="t", python_callable=work)
            """,
            GITHUB,
            id="our decorator, PythonOperator",
        ),
        pytest.param(
            """
            @task.branch
            def t():
                HttpHook(http_conn_id="github")
                return "x"
            t() >> BashOperator(task_id="x", bash_command="true")
            """,
            GITHUB,
            id="branch",
        ),
        pytest.param(
            """
            @task.sensor
            def t(): return HttpHook(http_conn_id="github")
            t()
            """,
            GITHUB,
            id="sensor",
        ),
        pytest.param(
            """
            @task.virtualenv(requirements=["x"])
            def t():
                from airflow.providers.http.hooks.http import HttpHook
                HttpHook(http_conn_id="github")
            t()
            """,
            GITHUB,
            id="virtualenv",
        ),
        pytest.param(
            """
            @setup
            def t(): HttpHook(http_conn_id="github")
            @teardown
            def u(): ...
            t() >> u()
            """,
            GITHUB,
            id="setup",
        ),
        pytest.param(
            """
            @teardown
            def t(): HttpHook(http_conn_id="github")
            t()
            """,
            GITHUB,
            id="teardown",
        ),
        pytest.param(
            """
            def work(): HttpHook(http_conn_id="github")
            PythonOperator(task_id="t", python_callable=work)
            """,
            GITHUB,
            id="PythonOperator",
        ),
        pytest.param(
            """
            PythonOperator(
                task_id="t",
                python_callable=lambda: HttpHook(
                    http_conn_id="github"
                ),
            )
            """,
            GITHUB,
            id="PythonOperator with a lambda",
        ),
        pytest.param(
            """
            def work(where, n): HttpHook(http_conn_id=where)
            PythonOperator(task_id="t", python_callable=work, op_args=["github", 1])
            """,
            GITHUB,
            id="PythonOperator with op_args",
        ),
        pytest.param(
            """
            def work(where): HttpHook(http_conn_id=where)
            PythonOperator.partial(task_id="t", python_callable=work).expand(op_kwargs=[{"where": "x"}])
            """,
            UNKNOWN,
            id="PythonOperator mapped over op_kwargs",
        ),
        pytest.param(
            """
            def work(n): HttpHook(http_conn_id="github")
            PythonOperator.partial(task_id="t", python_callable=work).expand(op_args=[[1], [2]])
            """,
            GITHUB,
            id="PythonOperator mapped",
        ),
        pytest.param(
            """
            def work(): HttpHook(http_conn_id="github")
            ShortCircuitOperator(task_id="t", python_callable=functools.partial(work))
            """,
            GITHUB,
            id="functools.partial",
        ),
        pytest.param(
            """
            class Work:
                def __call__(self): HttpHook(http_conn_id="github")
                def method(self): HttpHook(http_conn_id="slack")
            PythonOperator(task_id="t", python_callable=Work())
            PythonOperator(task_id="u", python_callable=Work().method)
            """,
            GITHUB,
            id="object that can be called",
        ),
        pytest.param(
            """
            def hidden(function):
                def wrapper(): return function()
                return wrapper
            @task(task_id="t")
            @hidden
            def inner(): HttpHook(http_conn_id="github")
            inner()
            """,
            GITHUB,
            id="below a decorator that does not say what it wraps",
        ),
        pytest.param(
            """
            def client(where): return ThirdPartyAccountHook(where)
            @task
            def t(): client("github")
            t()
            """,
            GITHUB,
            id="helper with an argument",
        ),
        pytest.param(
            """
            def client(where="github"): return ThirdPartyAccountHook(where)
            @task
            def t(): client()
            t()
            """,
            GITHUB,
            id="helper with its default",
        ),
        pytest.param(
            """
            def one(where): return two(where)
            def two(where): return ThirdPartyAccountHook(where)
            @task
            def t(): one(where="github")
            t()
            """,
            GITHUB,
            id="helper of a helper",
        ),
        pytest.param(
            """
            def client(where): return ThirdPartyAccountHook(where)
            @task
            def t(): list(map(client, []))
            t()
            """,
            UNKNOWN,
            id="helper passed on",
        ),
        pytest.param(
            """
            def ping(n): return pong(n)
            def pong(n): return ping(n) or HttpHook(http_conn_id="github")
            @task
            def t(): ping(1)
            t()
            """,
            GITHUB,
            id="helpers that call each other",
        ),
        pytest.param(
            """
            class Client:
                def __init__(self): self.hook = HttpHook(http_conn_id="github")
            @task
            def t(): Client()
            t()
            """,
            GITHUB,
            id="class of the file",
        ),
        pytest.param(
            """
            class Own(BaseOperator):
                def __init__(self, *, where, **kwargs):
                    super().__init__(**kwargs)
                    self.where = where
                def execute(self, context): self.work()
                def work(self): HttpHook(http_conn_id=self.where)
            Own(task_id="t", where="github")
            """,
            GITHUB,
            id="operator of the file",
        ),
        pytest.param(
            """
            namespace = {"HttpHook": HttpHook}
            exec("def made():\\n    HttpHook(http_conn_id='github')", namespace)
            PythonOperator(task_id="t", python_callable=namespace["made"])
            """,
            UNKNOWN,
            id="a function without source",
        ),
        pytest.param(
            """
            @task
            def t(n: int = 3,
                  *,
                  text: str = \"\"\"
            a text that begins at the margin
            \"\"\",
            ) -> dict[str, int]:
                more = \"\"\"
            another one
            \"\"\"
                # a comment
            # another comment
                return HttpHook(
            http_conn_id="github")
            t()
            """,
            GITHUB,
            id="strangely indented",
        ),
        pytest.param(
            """
            def before(context): HttpHook(http_conn_id="github")
            BashOperator(task_id="t", bash_command="true", pre_execute=before)
            """,
            GITHUB,
            id="before the task",
        ),
        pytest.param(
            """
            def check(response): return HttpHook(http_conn_id="github")
            HttpOperator(task_id="t", endpoint="/", http_conn_id="elsewhere", response_check=check)
            """,
            GITHUB,
            id="another function of an operator",
        ),
        pytest.param(
            """
            class Notifier:
                def __init__(self, slack_conn_id): self.slack_conn_id = slack_conn_id
                def __call__(self, context): ...
            def says(context): HttpHook(http_conn_id="github")
            BashOperator(
                task_id="t", bash_command="true", on_execute_callback=[says, Notifier("slack")]
            )
            """,
            GITHUB | SLACK,
            id="callbacks while the task runs",
        ),
        pytest.param(
            """
            def says(context): HttpHook(http_conn_id="github")
            BashOperator(
                task_id="t", bash_command="true", on_failure_callback=says, on_success_callback=[says]
            )
            """,
            set(),
            id="callbacks after the task, which get no token",
        ),
        pytest.param(
            """
            @task
            async def t(): HttpHook(http_conn_id="github")
            t()
            """,
            GITHUB,
            id="async",
        ),
        pytest.param(
            """
            @uses_account("slack")
            @task
            def t(): ThirdPartyAccountHook("github")
            t()
            """,
            GITHUB | SLACK,
            id="one account in plain sight, another declared",
        ),
    ],
)
def test_whose_function_it_is(load: Any, file: str, expected: set[str | None]) -> None:
    body = textwrap.indent(textwrap.dedent(file), "    ")
    assert found(load(f"{OURS}\nwith DAG('d', schedule=None) as dag:\n{body}")) == expected


def test_helpers_in_other_files_of_the_folder_are_followed(load: Any) -> None:
    load("def client(where):\n    return ThirdPartyAccountHook(where)\n", header=OURS, name="our_helpers")
    by_name = load(
        """
        from our_helpers import client
        with DAG("d", schedule=None) as dag:
            @task
            def t(): return client("github")
            t()
        """
    )
    by_module = load(
        """
        import our_helpers
        with DAG("d", schedule=None) as dag:
            @task
            def t(): return our_helpers.client("slack")
            t()
        """
    )
    assert found(by_name) == GITHUB
    assert found(by_module) == SLACK


def test_the_place_is_named(load: Any) -> None:
    dag = load(_dag("x = 1\nThirdPartyAccountHook(\n    'github', scopes=['a secret']\n).run('GET')"))
    (reference,) = references(dag, ACCOUNTS)
    (line,) = [n for n, text in enumerate(_file_of(dag), 1) if text.strip() == "ThirdPartyAccountHook("]
    assert reference.written == f"ThirdPartyAccountHook(…) in line {line}", "and nothing of the arguments"
    assert reference.ours


def test_without_accounts_only_our_own_calls_count(load: Any) -> None:
    dag = load(_dag("HttpHook(http_conn_id=context['x'])\nThirdPartyAccountHook(context['y'])"))
    assert [(r.account, r.ours) for r in references(dag, set())] == [(None, True)]


def _dag(body: str) -> str:
    lines = textwrap.indent(body, "        ")
    return f"""{OURS}
Conn = Connection

class MyHook(ThirdPartyAccountHook): ...

class ThirdPartyAccountError(Exception): ...

CONSTANT = "github"
LIST = ["github", "slack"]
TABLE = {{"gh": "github"}}

class Names:
    slack = "slack"

class Explodes:
    @property
    def name(self): raise RuntimeError("never run")

EXPLODES = Explodes()

with DAG("d", schedule=None) as dag:
    @task
    {"async " if "await" in body else ""}def t(**context):
{lines}

    t()
"""


def _file_of(dag: Any) -> list[str]:
    from pathlib import Path

    return Path(dag.task_dict["t"].python_callable.__code__.co_filename).read_text().splitlines()
