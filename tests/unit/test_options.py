"""What is declared once is what Airflow, the settings and the reading of registrations have."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from airflow.exceptions import AirflowConfigException
from airflow.sdk._shared.secrets_masker import should_hide_value_for_key

from airflow_thirdparty import account_form, options, own_presets, protocol, settings
from airflow_thirdparty.get_provider_info import get_provider_info
from airflow_thirdparty.options import Option
from airflow_thirdparty.policies.rules import Configured, Rules

INFO = get_provider_info()

READ: dict[str, Callable[[], object]] = {
    "accounts": settings.accounts_in_secrets_backend,
    "public_dag_policy": settings.public_dag_policy,
    "public_dag_tags": settings.public_dag_tags,
    "public_roles": settings.public_roles,
    "acknowledgement_tag": settings.acknowledgement_tag,
    "acknowledgement_param": settings.acknowledgement_param,
    "account_ids_file": settings.account_ids_file,
    "keep_uses_days": settings.keep_uses_days,
    "keep_alive_days": settings.keep_alive_days,
    "delegation_rights_days": settings.delegation_rights_days,
    "require_permission": settings.require_permission,
    "server_url": settings.server_url,
    "presets_folder": settings.presets_folder,
    "require_code_binding": settings.require_code_binding,
    "allow_http": settings.allow_http,
}


@pytest.mark.parametrize("option", options.OPTIONS, ids=lambda option: option.name)
def test_what_is_not_set_is_the_default(option: Option[object]) -> None:
    assert READ[option.name]() == option.default


@pytest.mark.parametrize("option", options.OPTIONS, ids=lambda option: option.name)
def test_the_default_as_text_is_the_default(option: Option[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"AIRFLOW__THIRD_PARTY_ACCOUNTS__{option.name.upper()}", option.default_text)
    assert READ[option.name]() == option.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        pytest.param("accounts", " github,, slack ,", ("github", "slack"), id="a list"),
        pytest.param("accounts", " ", (), id="an empty list"),
        pytest.param("public_dag_tags", "", (), id="a list emptied on purpose"),
        pytest.param("acknowledgement_tag", " reviewed ", "reviewed", id="a text"),
        pytest.param("acknowledgement_tag", "", "", id="a text emptied on purpose"),
        pytest.param("public_dag_policy", " Error ", "error", id="a mode"),
        pytest.param("public_dag_policy", "", "warn", id="no mode"),
        pytest.param("keep_uses_days", "7", 7, id="a number"),
        pytest.param("allow_http", "true", True, id="a boolean"),
    ],
)
def test_what_is_set_is_read(name: str, text: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"AIRFLOW__THIRD_PARTY_ACCOUNTS__{name.upper()}", text)
    assert READ[name]() == value


@pytest.mark.parametrize("name", ["keep_uses_days", "allow_http"])
def test_what_cannot_be_read_is_said_with_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"AIRFLOW__THIRD_PARTY_ACCOUNTS__{name.upper()}", "soon")
    with pytest.raises(AirflowConfigException, match=name):
        READ[name]()


def test_airflow_is_told_of_every_option() -> None:
    declared = INFO["config"]["third_party_accounts"]["options"]
    assert list(declared) == [option.name for option in options.OPTIONS]
    assert declared["keep_uses_days"] == {
        "description": options.KEEP_USES_DAYS.description,
        "version_added": "0.1.0",
        "type": "integer",
        "example": None,
        "default": "90",
    }
    assert declared["allow_http"]["type"] == "boolean"
    assert declared["public_roles"]["default"] == "Public, Viewer, User"


def test_airflow_is_told_of_every_field() -> None:
    (connection,) = INFO["connection-types"]
    assert list(connection["conn-fields"]) == list(account_form.EXTRA_NAMES)
    assert connection["conn-fields"]["kind"]["schema"] == {
        "type": ["string", "null"],
        "enum": ["oauth2", "key", "basic"],
        "default": "oauth2",
    }
    assert connection["conn-fields"]["scopes"]["schema"] == {"type": ["string", "null"]}
    assert connection["ui-field-behaviour"]["relabeling"]["host"] == "API base URL"


def test_the_form_calls_the_token_endpoint_by_its_name() -> None:
    assert INFO["connection-types"][0]["conn-fields"]["exchange_url"]["label"] == "Token endpoint"


@pytest.mark.parametrize("name", account_form.EXTRA_NAMES)
def test_no_field_comes_back_as_stars(name: str) -> None:
    assert not should_hide_value_for_key(name)


def test_a_sensitive_name_would_be_noticed() -> None:
    assert should_hide_value_for_key("token_url")


@pytest.mark.parametrize(
    "module", [account_form, options, protocol, own_presets], ids=lambda module: module.__name__
)
def test_what_every_process_loads_needs_the_standard_library_only(module: object) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text())  # type: ignore[attr-defined]
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    roots = {name.partition(".")[0] for name in names if name != options.__name__}
    assert roots <= sys.stdlib_module_names


def test_the_rules_without_configuration_are_the_defaults() -> None:
    configured = Configured()
    for name, default in vars(Rules()).items():
        assert getattr(configured, name) == default
