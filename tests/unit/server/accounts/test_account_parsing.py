"""What an admin may register, and what each mistake is answered with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.models.connection import Connection

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.protocol import PROTOCOL_PARAMETERS
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.store.client_secrets import registration_of
from airflow_thirdparty.urls import origin_of
from airflow_thirdparty.wire import REQUEST_PREFIX
from tests.support.airflow_server import configured

OPEN = {"issuer": "https://idp.example"}
PLAIN = {"authorize_url": "https://idp.example/authorize", "exchange_url": "https://idp.example/exchange"}


def registration(extra: Any = OPEN, **row: Any) -> Registration:
    text = extra if isinstance(extra, str) or extra is None else json.dumps(extra)
    return Registration(**{"conn_id": "acme", "login": "client", "extra": text, **row})


def account(extra: Any = OPEN, **row: Any) -> Account:
    return parse(registration(extra, **row))


LONG = "https://idp.example/" + "a" * 500


@pytest.mark.parametrize(
    ("given", "field", "remedy"),
    [
        pytest.param(registration({}), "authorize_url", "Enter authorize_url", id="no address at all"),
        pytest.param(
            registration({"authorize_url": PLAIN["authorize_url"]}),
            "exchange_url",
            "Enter exchange_url",
            id="no exchange_url",
        ),
        pytest.param(registration(None), "authorize_url", "or the issuer", id="no extra"),
        pytest.param(registration({"service": "githup"}), "service", "github", id="unknown service"),
        pytest.param(registration({"service": ["github"]}), "service", "github", id="service as a list"),
        pytest.param(registration({**OPEN, "kind": "saml"}), "kind", "oauth2, key, basic", id="unknown kind"),
        pytest.param(
            registration({**OPEN, "client_auth_method": "private_key_jwt"}),
            "client_auth_method",
            "client_secret_post",
            id="unknown client authentication",
        ),
        pytest.param(registration("{"), "extra", "Write it like", id="malformed extra"),
        pytest.param(registration("[]"), "extra", "Write it like", id="extra as a list"),
        pytest.param(registration('"github"'), "extra", "Write it like", id="extra as a text"),
        pytest.param(registration("[" * 100_000), "extra", "Write it like", id="extra nested deeply"),
        pytest.param(
            registration({**OPEN, "exchange": "x"}), "exchange", "Known fields", id="an unknown field"
        ),
        pytest.param(
            registration({**OPEN, "client_secret": "s"}),
            "client_secret",
            "password field",
            id="a secret in the extra",
        ),
        pytest.param(
            registration({**OPEN, "proxies": {"https": "http://evil.example"}}),
            "proxies",
            "Known fields",
            id="a proxy of its own",
        ),
        pytest.param(
            registration(host="api.example", schema="https"), "schema", "host", id="a schema, as for HTTP"
        ),
        pytest.param(registration(schema="v2"), "schema", "%2F", id="a path as schema"),
        pytest.param(registration(port=8443), "port", "Enter the host", id="a port without a host"),
        pytest.param(
            registration({"service": "github"}, port=8443), "port", "Enter the host", id="a port for a preset"
        ),
        pytest.param(
            registration(host="api.example:8443", port=9443), "port", "Write it once", id="two ports"
        ),
        pytest.param(registration(host="api.example", port=0), "port", "from 1 to 65535", id="port 0"),
        pytest.param(registration(host="api.example", port=-1), "port", "from 1", id="a negative port"),
        pytest.param(registration(host="api.example", port=70_000), "port", "65535", id="no such port"),
        pytest.param(registration(login=None), "login", "client id", id="no client id"),
        pytest.param(registration(login="  "), "login", "client id", id="a blank client id"),
        *(
            pytest.param(
                registration({**OPEN, "authorize_params": {name: "x"}}),
                "authorize_params",
                "Leave it out",
                id=f"authorize_params sets {name}",
            )
            for name in [*sorted(PROTOCOL_PARAMETERS), "STATE", " redirect_uri"]
        ),
        pytest.param(
            registration({**OPEN, "authorize_params": "{"}), "authorize_params", "prompt", id="params: JSON"
        ),
        pytest.param(
            registration({**OPEN, "authorize_params": ["a"]}), "authorize_params", "prompt", id="params: list"
        ),
        pytest.param(
            registration({**OPEN, "authorize_params": {"max_age": 1}}),
            "authorize_params",
            "prompt",
            id="params: number",
        ),
        pytest.param(registration({**OPEN, "scopes": [1]}), "scopes", "spaces", id="scopes of numbers"),
        pytest.param(
            registration({**OPEN, "scopes": {"a": 1}}), "scopes", "spaces", id="scopes as an object"
        ),
        pytest.param(
            registration({**OPEN, "allowed_dags": 1}), "allowed_dags", "spaces", id="DAGs as a number"
        ),
        pytest.param(registration({**OPEN, "min_lifetime": "soon"}), "min_lifetime", "60", id="no number"),
        pytest.param(registration({**OPEN, "min_lifetime": -1}), "min_lifetime", "60", id="negative"),
        pytest.param(registration({**OPEN, "min_lifetime": 86_401}), "min_lifetime", "60", id="over a day"),
        pytest.param(
            registration({**OPEN, "assumed_lifetime": 31_536_001}),
            "assumed_lifetime",
            "3600",
            id="an assumed lifetime of more than a year",
        ),
        pytest.param(registration({**OPEN, "min_lifetime": True}), "min_lifetime", "60", id="true"),
        pytest.param(registration({**OPEN, "min_lifetime": "9" * 5000}), "min_lifetime", "60", id="huge"),
        pytest.param(registration(conn_id="a b"), "connection_id", "letters", id="conn id with a space"),
        pytest.param(registration(conn_id="a/b"), "connection_id", "letters", id="conn id with a slash"),
        pytest.param(registration(conn_id="a\n"), "connection_id", "letters", id="conn id with a line end"),
        pytest.param(registration(conn_id="ä"), "connection_id", "letters", id="conn id beyond ASCII"),
        pytest.param(registration(conn_id="<b>"), "connection_id", "letters", id="conn id with a tag"),
        pytest.param(registration(conn_id=".."), "connection_id", "letters", id="conn id of dots"),
        pytest.param(registration(conn_id=""), "connection_id", "letters", id="no conn id"),
        pytest.param(registration(conn_id="a" * 201), "connection_id", "200", id="a long conn id"),
        pytest.param(
            registration(conn_id=f"{REQUEST_PREFIX}eyJpZCI6ImEifQ"),
            "connection_id",
            "letters",
            id="conn id like a request",
        ),
    ],
)
def test_a_mistake_names_field_and_remedy(given: Registration, field: str, remedy: str) -> None:
    with pytest.raises(AccountMisconfigured) as refused:
        parse(given)
    error = refused.value
    assert error.field == field
    assert f"'{field}'" in error.message
    assert remedy in error.remedy
    assert len(str(error)) < 700


@pytest.mark.parametrize(
    "field", ["issuer", "authorize_url", "exchange_url", "userinfo_url", "revoke_url", "host"]
)
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://idp.example", id="another scheme"),
        pytest.param("javascript:alert(1)//idp.example", id="a script"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///path", id="an empty host"),
        pytest.param("https://idp.example:0", id="port 0"),
        pytest.param("https://idp.example:99999", id="no such port"),
        pytest.param("https://idp.example:x", id="a port of letters"),
        pytest.param("https://[::1", id="half an address"),
        pytest.param("https://user@idp.example", id="a user"),
        pytest.param("https://user:secret@idp.example", id="a user with a password"),
        pytest.param("https://idp.example#@evil.example", id="a fragment"),
        pytest.param("https://idp.example/#", id="an empty fragment"),
        pytest.param("https://idp.example\\@evil.example", id="a backslash"),
        pytest.param("https://idp.example/a b", id="a space"),
        pytest.param("https://idp.example/\n", id="a line end"),
        pytest.param("https://idp.example/\x7f", id="a control character"),
        pytest.param("https://idp.example/\u200b", id="an invisible character"),
        pytest.param("https://idp\u2044evil.example", id="a letter that looks like a slash"),
        pytest.param("http://idp.example", id="not encrypted"),
        pytest.param("http://localhost.evil.example", id="not this machine"),
        pytest.param("http://127.0.0.1.evil.example", id="not this machine, with numbers"),
        pytest.param(LONG, id="too long"),
    ],
)
def test_a_bad_address_names_its_field(field: str, url: str) -> None:
    row, extra = ({"host": url}, PLAIN) if field == "host" else ({}, {**PLAIN, field: url})
    with pytest.raises(AccountMisconfigured) as refused:
        account(extra, **row)
    assert refused.value.field == field
    assert "address" in refused.value.remedy
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://idp.example", id="a host"),
        pytest.param("https://idp.example:8443/a/b?c=d", id="port, path and query"),
        pytest.param("https://[2001:db8::1]/x", id="an IPv6 address"),
        pytest.param("http://localhost:8080", id="localhost"),
        pytest.param("http://127.0.0.1:8080/x", id="this machine"),
        pytest.param("http://[::1]:8080", id="this machine, IPv6"),
    ],
)
def test_good_addresses(url: str) -> None:
    assert account({**PLAIN, "userinfo_url": url}).userinfo_url == url


def test_a_closed_network_may_do_without_encryption() -> None:
    with configured("third_party_accounts", allow_http="True"):
        assert account({"issuer": "http://idp.internal"}).issuer == "http://idp.internal"


def test_words_are_read_in_every_spelling() -> None:
    for scopes in ("read write", "read,write", "read,  write read", ["read", "write"]):
        assert account({**OPEN, "scopes": scopes}).scopes == ("read", "write")
    assert account({**OPEN, "scopes": ""}).scopes == ("openid", "offline_access")
    assert account(OPEN).allowed_dags is None


def test_a_host_without_scheme_is_encrypted() -> None:
    assert account(host="api.example:8443").host == "https://api.example:8443"


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        pytest.param("127.0.0.1", 18331, "https://127.0.0.1:18331", id="a name and a port"),
        pytest.param("http://127.0.0.1", 18331, "http://127.0.0.1:18331", id="a scheme, too"),
        pytest.param("https://api.example/v2", 8443, "https://api.example:8443/v2", id="a path"),
        pytest.param("https://api.example:8443", 8443, "https://api.example:8443", id="the same port twice"),
        pytest.param("https://api.example", None, "https://api.example", id="no port"),
        pytest.param("http://localhost", 443, "http://localhost:443", id="the port of the other scheme"),
    ],
)
def test_tokens_go_to_the_port_that_was_written(host: str, port: int | None, expected: str) -> None:
    found = account(host=host, port=port)
    assert found.host == expected
    assert dict(found.binding().origins)["host"] == origin_of(expected)


@pytest.mark.parametrize(
    ("uri", "host", "field"),
    [
        pytest.param("client@127.0.0.1:18331/", "https://127.0.0.1:18331", None, id="host and port"),
        pytest.param("client@http%3A%2F%2F127.0.0.1:18331/", "http://127.0.0.1:18331", None, id="a scheme"),
        pytest.param("http://client@127.0.0.1:18331/", "http://127.0.0.1:18331", None, id="a second scheme"),
        pytest.param("client@api.example%2Fv2:8443/", "https://api.example:8443/v2", None, id="a path"),
        pytest.param("client@api.example%3A8443/", "https://api.example:8443", None, id="an encoded port"),
        pytest.param("client@api.example%3A8443:9443/", None, "port", id="two ports"),
        pytest.param("client@api.example:8443/v2", None, "schema", id="a path, not encoded"),
        pytest.param("client@:8443/", None, "port", id="a port alone"),
    ],
)
def test_a_connection_uri(uri: str, host: str | None, field: str | None) -> None:
    connection = Connection(conn_id="acme", uri=f"third-party-account://{uri}")
    connection.set_extra(json.dumps(OPEN))
    if field is None:
        assert parse(registration_of(connection)).host == host
        return
    with pytest.raises(AccountMisconfigured) as refused:
        parse(registration_of(connection))
    assert refused.value.field == field


def test_kinds_without_oauth_need_no_client() -> None:
    for kind in ("key", "basic"):
        assert account({"kind": kind}, login=None, host="https://api.example").kind == kind
