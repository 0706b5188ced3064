"""What is told of a function without parsing it is what parsing tells, and everything else is parsed."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from airflow_thirdparty.policies.analysis import source
from airflow_thirdparty.policies.analysis.references import references
from airflow_thirdparty.policies.analysis.source import mentions

HEADER = """\
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook as Renamed
import airflow_thirdparty.hooks.third_party_account as hooks

def helper(): ThirdPartyAccountHook("slack")

class ThirdPartyAccountsOfMine:
    def __init__(self, *_): ...

class OwnHook(ThirdPartyAccountHook):
    def post(self): ThirdPartyAccountHook("slack")

"""

PLAIN = {
    "as in the manual": 'return ThirdPartyAccountHook("github").get_client()',
    "single quotes, on lines of their own": "hook = ThirdPartyAccountHook(\n    'github'\n)",
    "in a with": 'with ThirdPartyAccountHook("github") as hook:\n    hook.run("GET", "/rows")',
    "in a comprehension": 'return [ThirdPartyAccountHook("github") for _ in range(3)]',
    "in a lambda": 'return lambda: ThirdPartyAccountHook("github")',
    "below a text that begins further out": '"""Reads\nROWS\n"""\nThirdPartyAccountHook("github")',
    "an account that no list knows": 'ThirdPartyAccountHook("unlisted")',
    "a template, which Airflow does not render here": 'ThirdPartyAccountHook("{{ var.value.x }}")',
    "no text between the quotes": 'ThirdPartyAccountHook("")',
}

PARSED = {
    "under another name": 'Renamed("github")',
    "named twice": 'ThirdPartyAccountHook("github")\nThirdPartyAccountHook("slack")',
    "named in a remark": 'x = ThirdPartyAccountHook  # ThirdPartyAccountHook("slack")\nx("github")',
    "named in a text": 'x = ThirdPartyAccountHook\n"""ThirdPartyAccountHook("slack")"""\nx("github")',
    "named behind a text that begins further out": (
        'ThirdPartyAccountHook("github")\n"""Reads\nROWS\n"""\nThirdPartyAccountHook("slack")'
    ),
    "imported again": (
        "from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook\n"
        'ThirdPartyAccountHook("github")'
    ),
    "two texts in a row": 'ThirdPartyAccountHook("git" "hub")',
    "two texts added": 'ThirdPartyAccountHook("git" + "hub")',
    "a text that is changed": 'ThirdPartyAccountHook("GITHUB".lower())',
    "a text with values in it": 'ThirdPartyAccountHook(f"github")',
    "a text with an escape": 'ThirdPartyAccountHook("git\\x68ub")',
    "a second argument": 'ThirdPartyAccountHook("github", "slack")',
    "a keyword that goes first": 'ThirdPartyAccountHook("github", third_party_account_conn_id="slack")',
    "by keyword": 'ThirdPartyAccountHook(conn_id="github")',
    "a class's method": 'ThirdPartyAccountHook.for_account("github")',
    "through its module": 'hooks.ThirdPartyAccountHook("github")',
    "a class of the same file": 'OwnHook("github").post()',
    "another hook that is made here": (
        'SlackHook = print\nSlackHook("slack")\nThirdPartyAccountHook("github")'
    ),
    "another hook that is written here": (
        'def SlackHook(x): ...\nSlackHook("slack")\nThirdPartyAccountHook("github")'
    ),
    "in a pattern": 'match 1:\n    case ThirdPartyAccountHook("github"): ...',
    "an attribute of such a name": 'x = 1\nx.ThirdPartyAccountHook("github")',
    "with a helper": 'helper()\nThirdPartyAccountHook("github")',
    "given to a name": 'x = ThirdPartyAccountHook\nx("github")',
    "somebody else's class of such a name": 'ThirdPartyAccountsOfMine("github")',
    "with another connection": 'ThirdPartyAccountHook("github")\nhelp.get_connection("slack")',
    "what stands around it": (
        'account = "github"\ndef inner():\n    return ThirdPartyAccountHook(account)\nreturn inner()'
    ),
}


def _function(load: Any, body: str) -> Any:
    lines = textwrap.indent(body, "    ").replace("    ROWS", "rows")
    load(f"{HEADER}\ndef f():\n{lines}\n\nafter = 1\n", header="", name="plain_file")
    return sys.modules["plain_file"].f


@pytest.mark.parametrize("body", PLAIN.values(), ids=PLAIN)
def test_what_is_plain_is_told_without_parsing(load: Any, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    function = _function(load, body)
    with monkeypatch.context() as patch:
        patch.setattr(source, "plain_use", lambda *_: None)
        parsed = mentions(function)
        assert len(parsed) == 1
    monkeypatch.delattr(source, "tree_of")
    assert mentions(function) == parsed


@pytest.mark.parametrize("body", PARSED.values(), ids=PARSED)
def test_everything_else_is_parsed(load: Any, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    function, parsed = _function(load, body), []
    tree_of = source.tree_of

    def noted(function: Any) -> Any:
        parsed.append(function.__name__)
        return tree_of(function)

    monkeypatch.setattr(source, "tree_of", noted)
    mentions(function)
    assert "f" in parsed


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            """
            def make():
                def client(where): return HttpHook(http_conn_id=where)
                @task
                def t():
                    ThirdPartyAccountHook("github")
                    client("slack")
                return t
            make()()
            """,
            id="a function that stands around it",
        ),
        pytest.param(
            """
            class Mine(BaseOperator):
                made = ThirdPartyAccountHook
                def execute(self, context):
                    ThirdPartyAccountHook("github")
                    self.made("slack")
            Mine(task_id="t")
            """,
            id="the operator it belongs to",
        ),
    ],
)
def test_what_it_asks_for_through_something_else_is_found_too(load: Any, body: str) -> None:
    within = textwrap.indent(textwrap.dedent(body), "    ")
    first = HEADER.partition("\n")[0]
    dag = load(f"{first}\nwith DAG('d', schedule=None) as dag:\n{within}")
    assert {reference.account for reference in references(dag, {"github", "slack"})} == {"github", "slack"}


@pytest.mark.parametrize("mark", ["\f", "\v", "\x1c", "\x85", "\u2028"])
def test_lines_are_counted_as_python_counts_them(
    load: Any, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    first = HEADER.partition("\n")[0]
    load(
        f"{first}\nx = 1  # one{mark}two\n\ndef f():\n"
        '    ThirdPartyAccountHook("github")\n    ThirdPartyAccountHook("slack")\n',
        header="",
        name="plain_file",
    )
    found = mentions(sys.modules["plain_file"].f)
    assert [(use.values.known, use.line) for use in found] == [({"github"}, 5), ({"slack"}, 6)]


def test_a_file_that_was_changed_since_is_not_believed(load: Any) -> None:
    function = _function(load, 'ThirdPartyAccountHook("github")')
    file = Path(function.__code__.co_filename)
    file.write_text(file.read_text().replace('"github"', '"slack"'))
    assert source.plain_use(function, frozenset({"ThirdPartyAccountHook"})) is None
