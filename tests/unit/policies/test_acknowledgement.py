"""How a reviewed DAG says so."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict

from airflow_thirdparty.policies.acknowledgement import acknowledgement

TAG, PARAM = "reviewed", "reviewed_accounts"


@pytest.mark.parametrize(
    ("tags", "params", "covers_github", "covers_all", "covers_unknown"),
    [
        pytest.param([], {}, False, False, False, id="nothing said"),
        pytest.param(["reviewed"], {}, True, True, True, id="tag"),
        pytest.param(["Reviewed"], {}, False, False, False, id="tag in other case is another tag"),
        pytest.param(["reviewed:github"], {}, True, False, False, id="tag for one account"),
        pytest.param(["reviewed:github", "reviewed:slack"], {}, True, True, False, id="tags for both"),
        pytest.param(["reviewed:google"], {}, False, False, False, id="tag for an account not used"),
        pytest.param([], {PARAM: True}, True, True, True, id="param true"),
        pytest.param([], {PARAM: False}, False, False, False, id="param false"),
        pytest.param([], {PARAM: "true"}, False, False, False, id="the word true is an account's id"),
        pytest.param([], {PARAM: 1}, False, False, False, id="a number says nothing"),
        pytest.param([], {PARAM: "github"}, True, False, False, id="param with one id"),
        pytest.param([], {PARAM: ["github", "slack"]}, True, True, False, id="param with ids"),
        pytest.param([], {PARAM: []}, False, False, False, id="param with no ids"),
        pytest.param([], {PARAM: ["github", 7]}, False, False, False, id="param with nonsense"),
        pytest.param(["reviewed:slack"], {PARAM: "github"}, True, True, False, id="tag and param together"),
        pytest.param([], ParamsDict({PARAM: "github"}), True, False, False, id="Airflow's own params"),
        pytest.param(
            [],
            ParamsDict({PARAM: Param(["github"], type="array")}),
            True,
            False,
            False,
            id="a Param with a schema",
        ),
        pytest.param(
            [], ParamsDict({PARAM: Param(type="string")}), False, False, False, id="a Param without a default"
        ),
        pytest.param([], None, False, False, False, id="no params"),
    ],
)
def test_what_is_covered(
    tags: list[str], params: Any, covers_github: bool, covers_all: bool, covers_unknown: bool
) -> None:
    used = ["github", "slack"]
    found = acknowledgement(tags, params, tag=TAG, param=PARAM, accounts=used)
    assert found.covers(["github"], unknown=False) is covers_github
    assert found.covers(used, unknown=False) is covers_all
    assert found.covers(used, unknown=True) is covers_unknown


@pytest.mark.parametrize(
    ("tag", "param", "by"),
    [
        pytest.param("", "", (), id="neither is configured"),
        pytest.param(TAG, "", ("tag 'reviewed'", "tag 'reviewed:github'"), id="by tag"),
        pytest.param("", PARAM, ("param 'reviewed_accounts'",), id="by param"),
        pytest.param(
            TAG,
            PARAM,
            ("tag 'reviewed'", "tag 'reviewed:github'", "param 'reviewed_accounts'"),
            id="both",
        ),
    ],
)
def test_only_what_is_configured_counts(tag: str, param: str, by: tuple[str, ...]) -> None:
    found = acknowledgement(
        ["reviewed", "reviewed:github"], {PARAM: True}, tag=tag, param=param, accounts=["github"]
    )
    assert found.by == by
    assert found.everything is bool(by)
