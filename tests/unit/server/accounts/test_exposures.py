"""The entries by which other providers' hooks find their credential: the language, and each entry as data."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_thirdparty import options
from airflow_thirdparty.account_form import EXTRA_FIELDS
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts import exposing, exposures
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.accounts.exposures import Entry
from airflow_thirdparty.server.accounts.exposures.templates import MissingValueError, fill, names_in
from airflow_thirdparty.server.broker.tokens.broker import AccessToken
from airflow_thirdparty.server.broker.tokens.expose import for_foreign_hook
from airflow_thirdparty.wire import ENTRY_PATTERN

NOW = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
TOKEN = "token-of-alice"
VALUES = {"token": TOKEN, "host.port": 8080, "host.is_https": True, "none": None, "option.a": "x"}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        pytest.param("constant", "constant", id="a constant"),
        pytest.param("Bearer {token}", f"Bearer {TOKEN}", id="a value in a text"),
        pytest.param("{host.port}", 8080, id="a lone value keeps its type"),
        pytest.param("{host.is_https}", True, id="also true"),
        pytest.param("{option.b?}", None, id="left out"),
        pytest.param("{option.b?}{token}", TOKEN, id="left out of a text"),
        pytest.param("{none?}", None, id="none is missing"),
        pytest.param("{option.b=50051}", 50051, id="a default with its type"),
        pytest.param("{option.b=x-access-token}", "x-access-token", id="a default text"),
        pytest.param("{option.b={option.a}}", "x", id="another value as default"),
        pytest.param("{option.a=y}", "x", id="a default that is not needed"),
        pytest.param({"$json": {"a": {"b": "{token}"}}}, json.dumps({"a": {"b": TOKEN}}), id="JSON in JSON"),
        pytest.param({"{option.a}": "{token}"}, {"x": TOKEN}, id="a name that is inserted"),
    ],
)
def test_the_language(template: Any, filled: Any) -> None:
    assert fill({"field": template}, VALUES).get("field") == filled


def test_what_is_missing_is_named() -> None:
    with pytest.raises(MissingValueError, match="login"):
        fill({"login": "{login}"}, VALUES)


@pytest.mark.parametrize("value", ["{login}", "{token}", "{token?}", '{"$json": 1}', "{x={token}}"])
def test_what_is_inserted_is_never_a_template(value: str) -> None:
    values = {"token": value, "option.a": value}
    filled = fill({"a": "{token}", "b": "Bearer {token} {option.a}", "{option.a}": "x"}, values)
    assert filled == {"a": value, "b": f"Bearer {value} {value}", value: "x"}


def entries() -> list[Entry]:
    found = [exposures.find(name) for name in exposures.names()]
    return [entry for entry in found if entry is not None]


KNOWN = {
    "token",
    "login",
    "subject",
    "subject_name",
    "expires_at",
    "expires_epoch",
    "expires_in",
    "host",
    *(f"host.{part}" for part in ("scheme", "name", "netloc", "port", "path", "is_https")),
}


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
class TestEveryEntry:
    def test_refers_to_what_there_is(self, entry: Entry) -> None:
        names = {name for name, _ in names_in(entry.templates)}
        of_options = {name.removeprefix("option.") for name in names if name.startswith("option.")}
        assert of_options == set(entry.options)
        assert names - {f"option.{name}" for name in of_options} <= KNOWN
        assert "token" in names

    def test_has_a_name_that_an_id_may_hold(self, entry: Entry) -> None:
        assert ENTRY_PATTERN.fullmatch(entry.name)

    def test_is_described(self, entry: Entry) -> None:
        assert entry.about
        assert entry.conn_type != "third_party_account"
        for option in entry.options.values():
            assert option.about.endswith(".")
            re.compile(option.pattern)
            for value in ("", "a\n", "{token}", "x" * 1000, None, [], {}):
                assert not option.accepts(value), (option.name, value)

    def test_leads_nowhere_unbound(self, entry: Entry) -> None:
        """Options that name a host, or switch encryption off, bind."""
        leading = {
            "host",
            "port",
            "account",
            "grpc_host",
            "grpc_port",
            "disable_ssl",
            "disable_tls",
            "use_ssl",
            "trust_env",
            "use_env_settings",
        }
        fields = {**entry.templates, **entry.templates.get("extra", {})}
        for name in leading & fields.keys():
            for value, _ in names_in(fields[name]):
                option = entry.options.get(value.removeprefix("option."))
                assert option is None or option.is_place or entry.name == "telegram", (name, value)

    def test_fills_with_a_sign_in(self, entry: Entry) -> None:
        account = complete(entry)
        connection = for_foreign_hook(account, entry, token_of(account), NOW)
        assert connection["conn_type"] == entry.conn_type
        assert TOKEN in json.dumps(connection)
        assert connection["port"] is None or isinstance(connection["port"], int)
        for word in ("client-id", "issuer", "idp.example", "custom"):
            assert word not in json.dumps(connection)

    def test_a_trigger_is_told_all_but_what_is_for_workers_only(self, entry: Entry) -> None:
        account = complete(entry)
        to_worker, to_trigger = (
            for_foreign_hook(account, entry, token_of(account), NOW, for_trigger)
            for for_trigger in (False, True)
        )
        told, rest = (json.loads(found.pop("extra") or "{}") for found in (to_worker, to_trigger))
        assert to_worker == to_trigger
        assert entry.workers_only <= told.keys()
        assert rest == {name: value for name, value in told.items() if name not in entry.workers_only}
        # an asynchronous HTTP hook sends whatever else it finds there as a header
        assert entry.conn_type != "http" or all(TOKEN in str(value) for value in rest.values())

    def test_no_option_takes_a_name_that_is_for_workers_only(self, entry: Entry) -> None:
        for name in entry.workers_only:
            named = [option for option in entry.options.values() if option.accepts(name)]
            assert named == [], "what is inserted there would be kept from triggers"

    def test_shows_the_token_to_the_masker(self, entry: Entry) -> None:
        """The SDK masks the password, and texts under secret names once a hook reads the extra."""
        from airflow.sdk._shared.secrets_masker import should_hide_value_for_key

        account = complete(entry)
        connection = for_foreign_hook(account, entry, token_of(account), NOW)
        extra = json.loads(connection["extra"] or "{}")
        secret = [name for name, value in extra.items() if value == TOKEN and should_hide_value_for_key(name)]
        assert connection["password"] == TOKEN or secret


EXAMPLES = {
    "header": "X-Api-Key",
    "prefix": "Token ",
    "user": "alice",
    "http_path": "/sql/1.0/warehouses/1",
    "project": "my-project",
    "workspace": "12",
    "account_id": "12",
    "grpc_port": 50051,
    "grpc_host": "grpc.example",
    "chat_id": "@chat",
    "disable_ssl": True,
    "disable_tls": True,
    "use_ssl": False,
    "trust_env": True,
    "region": "eu-central-1",
    "host_key": f"ssh-ed25519 {'A' * 68}",
    "address": "alice@acme.example",
}


def complete(entry: Entry) -> Account:
    given = {name: EXAMPLES.get(name, "value") for name in entry.options}
    if entry.name == "asana":
        given["project"] = "12"
    kind = "basic" if entry.needs_login else "key"
    extra = {"service": "custom", "kind": kind, "issuer": "https://idp.example", "expose_as": entry.name}
    return parse(
        Registration(
            "acme",
            host="https://api.acme.example:8443/v1",
            login="client-id",
            extra=json.dumps({**extra, "expose_options": given}),
        )
    )


def token_of(account: Account) -> AccessToken:
    login = "alice@acme" if account.kind == "basic" else None
    return AccessToken(TOKEN, NOW + timedelta(hours=1), (), "alice", "Alice", login)


def registered(**extra: Any) -> Account:
    values = {"service": "custom", "kind": "key", **extra}
    host = values.pop("host", "https://api.acme.example")
    return parse(Registration("acme", host=host, login="client", extra=json.dumps(values)))


def test_the_form_offers_all_entries() -> None:
    field = next(field for field in EXTRA_FIELDS if field.name == "expose_as")
    assert field.choices == exposures.names()
    assert len(exposures.names()) > 40


@pytest.mark.parametrize(
    ("extra", "entry"),
    [
        pytest.param({}, "http", id="a key"),
        pytest.param({"kind": "basic"}, "http-basic", id="login and password"),
        pytest.param({"service": "github"}, "github", id="the preset's"),
        pytest.param({"service": "github", "kind": "basic"}, "http-basic", id="not for this kind"),
        pytest.param({"service": "github", "expose_as": "http"}, "http", id="the account's own"),
        pytest.param({"expose_as": ""}, "http", id="an empty field"),
    ],
)
def test_an_account_has_an_entry(extra: dict[str, Any], entry: str) -> None:
    assert registered(**extra).expose_as == entry


@pytest.mark.parametrize(
    ("extra", "field", "said"),
    [
        pytest.param({"expose_as": "password"}, "expose_as", "Write 'http'", id="a former word"),
        pytest.param({"expose_as": "bearer_header"}, "expose_as", "Write 'http'", id="another one"),
        pytest.param({"expose_as": "extra.token"}, "expose_as", "'http-key-header'", id="a former field"),
        pytest.param({"expose_as": "githup"}, "expose_as", "Choose one of: airbyte", id="unknown"),
        pytest.param({"expose_as": "../../options"}, "expose_as", "unknown value", id="a path"),
        pytest.param({"expose_as": ["http"]}, "expose_as", "unknown value", id="a list"),
        pytest.param({"expose_as": "http-basic"}, "expose_as", "for people who sign in", id="needs a login"),
        pytest.param(
            {"kind": "basic", "expose_as": "http"}, "expose_as", "a token or a key", id="needs none"
        ),
        pytest.param(
            {"host": None, "expose_as": "http"}, "expose_as", "needs the service's host", id="no host"
        ),
        pytest.param(
            {"expose_as": "http-key-header"}, "expose_as", "needs the option 'header'", id="no option"
        ),
        pytest.param({"expose_options": {"x": "y"}}, "expose_options", "does not know", id="no such option"),
        pytest.param(
            {"expose_options": {"x.y": 1}}, "expose_options", "unknown entry 'x'", id="no such entry"
        ),
        pytest.param({"expose_options": "[]"}, "expose_options", "not a JSON object", id="no object"),
        pytest.param(
            {"expose_options": {"google.project": "my project\n"}},
            "expose_options",
            "does not fit",
            id="a value",
        ),
        pytest.param(
            {"expose_options": {"http-key-header.header": "proxies"}},
            "expose_options",
            "does not fit",
            id="no name",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_words(extra: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(AccountMisconfigured) as refused:
        registered(**extra)
    assert refused.value.field == field
    assert said in str(refused.value)


def test_an_id_may_name_another_entry() -> None:
    account = registered(service="github", expose_options={"http-key-header.header": "X-Key"})
    for name, conn_type in (("", "github"), ("http", "http"), ("http-key-header", "http")):
        assert exposing.check_complete(account, name).conn_type == conn_type
    with pytest.raises(AccountMisconfigured, match="unknown exposure entry 'x'"):
        exposing.check_complete(account, "x")
    with pytest.raises(AccountMisconfigured, match="login and password"):
        exposing.check_complete(account, "http-basic")


def test_an_id_that_looks_like_it_names_an_entry_is_refused() -> None:
    with pytest.raises(AccountMisconfigured, match="--as--"):
        parse(Registration("a--as--b", extra='{"service": "custom", "kind": "key"}'))


@pytest.mark.parametrize(
    ("options", "same"),
    [
        pytest.param({"snowflake-oidc.account": "other"}, False, id="another place"),
        pytest.param({}, False, id="no place"),
        pytest.param({"snowflake-oidc.account": "mine", "google.project": "my-project"}, True, id="no place"),
    ],
)
def test_an_option_that_names_a_place_belongs_to_the_binding(options: dict[str, Any], same: bool) -> None:
    before = registered(expose_options={"snowflake-oidc.account": "mine"}).binding().text()
    assert (registered(expose_options=options).binding().text() == before) is same


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("postgresql://db.example", ("db.example", 5432), id="the scheme's port"),
        pytest.param("postgresql://db.example:6543", ("db.example", 6543), id="another port"),
        pytest.param("db.example:5432", ("db.example", 5432), id="a bare host and port"),
        pytest.param("https://db.example", ("db.example", 443), id="an address of HTTP"),
    ],
)
def test_databases_find_host_and_port(host: str, expected: tuple[str, int]) -> None:
    account = registered(kind="basic", host=host, expose_as="postgres")
    entry = exposing.check_complete(account)
    connection = for_foreign_hook(account, entry, token_of(account), NOW)
    assert (connection["host"], connection["port"]) == expected


@pytest.mark.parametrize(
    "host", ["file:///etc/passwd", "gopher://x", "javascript://x", "ftp://files.example"]
)
def test_hosts_of_other_schemes_are_refused(host: str) -> None:
    with pytest.raises(AccountMisconfigured) as refused:
        registered(host=host)
    assert refused.value.field == "host"


def test_every_service_known_by_name_has_an_entry_for_its_people() -> None:
    from airflow_thirdparty.server.accounts.catalogue import PRESETS

    for name, preset in PRESETS.items():
        entry = exposures.find(preset.expose_as)
        assert entry is not None, name
        assert exposing.suits(entry, preset.kind) or preset.expose_as == options.DEFAULT_EXPOSE_AS, name
