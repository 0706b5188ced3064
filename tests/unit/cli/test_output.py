"""Rows as every command lists them."""

from __future__ import annotations

import json

import pytest
import yaml

from airflow_thirdparty.cli.commands.output import print_rows, remark

ROWS = [
    {
        "account": "github",
        "tasks": {"slack": ["post", "put"], "jira": []},
        "problem": "set [core] fernet_key",
        "by": None,
    },
    {"account": "wide", "tasks": {}, "problem": "x" * 150, "by": ["tag 'a'", "param 'b'"]},
]


@pytest.mark.parametrize("output", ["table", "plain"])
def test_people_see_plain_words(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, output)
    shown = capsys.readouterr().out
    assert "slack: post, put; jira" in shown
    assert "set [core] fernet_key" in shown
    assert "tag 'a', param 'b'" in shown
    assert "None" not in shown
    assert "{" not in shown


@pytest.mark.parametrize(
    ("output", "load"),
    [pytest.param("json", json.loads, id="json"), pytest.param("yaml", yaml.safe_load, id="yaml")],
)
def test_programs_get_all_of_it(output, load, capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, output)
    assert load(capsys.readouterr().out) == ROWS


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        pytest.param("json", "[]", id="json"),
        pytest.param("yaml", "[]", id="yaml"),
        pytest.param("table", "No data found", id="table"),
        pytest.param("plain", "No data found", id="plain"),
    ],
)
def test_nothing_to_list(output: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], output)
    assert capsys.readouterr().out.strip() == shown


def test_remarks_stay_out_of_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    remark("1 finding.")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "1 finding.\n")
