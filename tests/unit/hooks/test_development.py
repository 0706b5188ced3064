"""A worker's own variable of the account's name: refused, but for a developer's token in ``dag.test()``."""

from __future__ import annotations

import pytest

from airflow_thirdparty.exceptions import AccountMisconfigured, NotProjected
from airflow_thirdparty.hooks import development
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from tests.support.worker import TOKEN, Supervisor, both


@pytest.mark.parametrize(
    "variable",
    [
        pytest.param("http://:shared-login@127.0.0.1", id="as an address"),
        pytest.param('{"conn_type": "http", "password": "shared-login"}', id="as JSON"),
        pytest.param('{"conn_type": "third_party_account", "password": "shared-login"}', id="of our type"),
        pytest.param(
            '{"password": "shared-login", "extra": {"my_own_login": false}}', id="marked as not mine"
        ),
        pytest.param("", id="empty"),
        pytest.param("{", id="unreadable"),
    ],
)
async def test_a_worker_variable_is_refused(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ACME", variable)
    with pytest.raises(NotProjected, match="AIRFLOW_CONN_ACME shadows") as refused:
        hook.get_token()
    with pytest.raises(NotProjected, match="AIRFLOW_CONN_ACME shadows"):
        await hook.aget_token()
    assert supervisor.asked == []
    assert "shared-login" not in str(refused.value)


def test_a_host_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(development, "_is_dag_test", lambda: True)
    monkeypatch.setenv("AIRFLOW_CONN_ACME", '{"host": "ftp://acme.example", "extra": {"my_own_login": true}}')
    with pytest.raises(AccountMisconfigured, match="AIRFLOW_CONN_ACME") as refused:
        ThirdPartyAccountHook("acme").get_token()
    assert refused.value.field == "host"


@pytest.mark.parametrize(
    ("variable", "field", "remedy"),
    [
        pytest.param(
            "third_party_account://:own-token@127.0.0.1:1/?my_own_login=true",
            "conn_type",
            "third-party-account://",
            id="the type with underscores",
        ),
        pytest.param(
            "third_party_account://http://:own-token@127.0.0.1:1/?my_own_login=true",
            "conn_type",
            "third-party-account://",
            id="with underscores and a scheme",
        ),
        pytest.param(
            "third-party-account://:own-token@api.example/v2?my_own_login=true",
            "schema",
            "%2Fpath",
            id="a path",
        ),
        pytest.param(
            '{"host": "api.example", "schema": "https", "extra": {"my_own_login": true}}',
            "schema",
            "host",
            id="a schema",
        ),
        pytest.param(
            '{"host": "api.example:1", "port": 2, "extra": {"my_own_login": true}}',
            "port",
            "once",
            id="ports",
        ),
        pytest.param('{"port": 2, "extra": {"my_own_login": true}}', "port", "host", id="a port alone"),
    ],
)
def test_a_marked_variable_that_says_what_is_not_meant(
    monkeypatch: pytest.MonkeyPatch, variable: str, field: str, remedy: str
) -> None:
    monkeypatch.setattr(development, "_is_dag_test", lambda: True)
    monkeypatch.setenv("AIRFLOW_CONN_ACME", variable)
    with pytest.raises(AccountMisconfigured, match="AIRFLOW_CONN_ACME") as refused:
        ThirdPartyAccountHook("acme").get_token()
    assert refused.value.field == field
    assert remedy in refused.value.remedy
    assert "own-token" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "host"),
    [
        pytest.param(
            "third-party-account://:own-token@127.0.0.1:18331/?my_own_login=true",
            "https://127.0.0.1:18331",
            id="a URI",
        ),
        pytest.param(
            "third-party-account://http://:own-token@127.0.0.1:18331/?my_own_login=true",
            "http://127.0.0.1:18331",
            id="a URI with a scheme",
        ),
        pytest.param(
            '{"host": "a.example", "port": 18331, "password": "own-token", "extra": {"my_own_login": true}}',
            "https://a.example:18331",
            id="JSON",
        ),
    ],
)
def test_a_developers_token_goes_to_the_port_that_was_written(
    monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    monkeypatch.setattr(development, "_is_dag_test", lambda: True)
    monkeypatch.setenv("AIRFLOW_CONN_ACME", variable)
    access = ThirdPartyAccountHook("acme").get_access()
    assert (access.value, access.host, access.origins) == ("own-token", host, (host,))


def test_a_developers_token_may_do_what_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(development, "_is_dag_test", lambda: True)
    extra = '{"my_own_login": true, "scopes": "read write"}'
    monkeypatch.setenv("AIRFLOW_CONN_ACME", f'{{"password": "own-token", "extra": {extra}}}')
    assert ThirdPartyAccountHook("acme").get_access().scopes == ("read", "write")


async def test_a_marked_variable_counts_for_nothing_on_a_worker(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ACME", '{"password": "shared-login", "extra": {"my_own_login": true}}')
    assert await both(hook, "get_token") == [TOKEN, TOKEN]
    supervisor.answers.clear()
    hook._access = None
    with pytest.raises(NotProjected, match="shadows"):
        hook.get_token()
