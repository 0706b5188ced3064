"""Which scopes are missing, though services rename, widen and leave out what they grant."""

from __future__ import annotations

import pytest

from airflow_thirdparty.server.accounts.presets import PRESETS, Preset
from airflow_thirdparty.server.accounts.scopes import ScopeRules

PLAIN = Preset(id="plain", name="Plain").scope_rules()
GITHUB, MICROSOFT = PRESETS["github"].scope_rules(), PRESETS["microsoft"].scope_rules()
GRAPH = "https://graph.microsoft.com/"


@pytest.mark.parametrize(
    ("rules", "wanted", "granted", "missing"),
    [
        pytest.param(PLAIN, "read", "read", "", id="the same"),
        pytest.param(PLAIN, "read write", "read", "write", id="less"),
        pytest.param(PLAIN, "read,write", "write,read", "", id="commas"),
        pytest.param(PLAIN, "Read", "read", "Read", id="another letter case counts"),
        pytest.param(PLAIN, "openid email refresh_token offline_access", "", "", id="never echoed"),
        pytest.param(GITHUB, "repo user user:email", "repo user", "", id="GitHub leaves out the included"),
        pytest.param(GITHUB, "read:org", "admin:org", "", id="GitHub includes over two steps"),
        pytest.param(GITHUB, "admin:org", "read:org", "admin:org", id="GitHub, the narrower is not enough"),
        pytest.param(MICROSOFT, "user.read", "User.Read", "", id="Microsoft, letter case"),
        pytest.param(MICROSOFT, f"{GRAPH}User.Read", "User.Read", "", id="Microsoft, the asked prefix"),
        pytest.param(MICROSOFT, "User.Read", f"{GRAPH}user.read", "", id="Microsoft, the granted prefix"),
        pytest.param(MICROSOFT, f"{GRAPH}.default", "User.Read Mail.Read", "", id="Microsoft, .default"),
        pytest.param(MICROSOFT, "Mail.Send", "Mail.Read", "Mail.Send", id="Microsoft, another one"),
        pytest.param(ScopeRules(checked="no"), "read", "", "", id="not comparable"),
        pytest.param(ScopeRules(implies={"a": ("b",), "b": ("a",)}), "b", "a", "", id="a circle"),
    ],
)
def test_missing(rules: ScopeRules, wanted: str, granted: str, missing: str) -> None:
    assert rules.missing(wanted.split(), granted.split()) == tuple(missing.split())
