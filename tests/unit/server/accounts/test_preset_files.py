"""Files of presets: what a mistake is answered with, and that those which are shipped have none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_thirdparty import options
from airflow_thirdparty.server.accounts import preset_checks, preset_files
from airflow_thirdparty.server.accounts.catalogue import Catalogue, PresetRefused
from airflow_thirdparty.server.accounts.explaining import _WORDS, DEVIATIONS, described
from airflow_thirdparty.server.accounts.presets import PRESETS

SHIPPED = sorted(options.PRESETS_FOLDER.glob("*.json"))
SOURCE = {"page": "https://docs.example/oauth", "date": "2026-11-29", "kind": "documentation", "facts": "all"}
GOOD: dict[str, Any] = {
    "name": "Acme",
    "authorize_url": "https://acme.example/authorize",
    "exchange_url": "https://acme.example/token",
    "userinfo_url": "https://acme.example/me",
    "sources": [SOURCE],
}
DOMAIN = {"label": "domain", "pattern": r"[a-z0-9]+\.acme\.example", "example": "we.acme.example"}


def field(pattern: str, **more: str) -> dict[str, Any]:
    """A preset whose addresses depend on a tenant field."""
    return {"tenant": {"domain": {**DOMAIN, "pattern": pattern, **more}}, "host": "https://{domain}/api"}


def read(folder: Path, content: Any) -> Any:
    path = folder / "acme.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return Catalogue(options.PRESETS_FOLDER).read(path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_preset_is_valid(path: Path) -> None:
    found = preset_files.content(path, PRESETS._content)
    preset_files.validate(path, found)
    preset_checks.check(path, PRESETS[path.stem])
    assert PRESETS[path.stem].id == path.stem
    assert PRESETS[path.stem].sources


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        pytest.param("{", "", id="no JSON"),
        pytest.param("[]", "", id="a list"),
        pytest.param('{"name": "a", "name": "b"}', "", id="a key twice"),
        pytest.param({**GOOD, "colour": "red"}, "colour", id="an unknown field"),
        pytest.param({**GOOD, "name": 1}, "name", id="a number for a text"),
        pytest.param({**GOOD, "sources": [{**SOURCE, "date": "soon"}]}, "sources.0.date", id="no date"),
        pytest.param({"name": "Acme"}, "sources", id="no source"),
        pytest.param({**GOOD, "extends": "githup"}, "extends", id="extends what there is not"),
        pytest.param(
            {**GOOD, "exchange_url": "http://acme.example/token"}, "exchange_url", id="not encrypted"
        ),
        pytest.param({**GOOD, "exchange_url": "https://a@acme.example/"}, "exchange_url", id="a user name"),
        pytest.param({**GOOD, "headers": {"Authorization": "x"}}, "headers", id="Authorization"),
        pytest.param({**GOOD, "headers": {"authorization": "x"}}, "headers", id="authorization"),
        pytest.param({**GOOD, "headers": {"HOST": "x"}}, "headers", id="Host"),
        pytest.param({**GOOD, "headers": {"cookie": "x"}}, "headers", id="Cookie"),
        pytest.param({**GOOD, "api_headers": {"Cookie": "x"}}, "api_headers", id="Cookie to the API"),
        pytest.param({**GOOD, "headers": {"X-A": "a\nb"}}, "headers.X-A", id="a line end in a header"),
        pytest.param({**GOOD, "token_types": ["bot"]}, "token_types.0", id="a bot's token"),
        pytest.param({**GOOD, "pkce": "plain"}, "pkce", id="PKCE in the open"),
        pytest.param({**GOOD, "pkce": "none"}, "pkce_page", id="no PKCE without a page that says so"),
        pytest.param({**GOOD, "authorize_params": {"State": "x"}}, "authorize_params.State", id="the state"),
        pytest.param({**GOOD, "token_params": {"code": "x"}}, "token_params.code", id="the code"),
        pytest.param({**GOOD, "host": "https://{domain}/"}, "host", id="no such tenant field"),
        pytest.param(
            {**GOOD, "exchange_url": "https://{client_id}/"}, "exchange_url", id="client id as host"
        ),
        pytest.param({**GOOD, **field(r".*\.acme\.example")}, "tenant.domain.pattern", id="any letter"),
        pytest.param({**GOOD, **field(r"[^/]+")}, "tenant.domain.pattern", id="all but a slash"),
        pytest.param({**GOOD, **field(r"[a-z.]+")}, "tenant.domain.pattern", id="dots alone"),
        pytest.param({**GOOD, **field("(")}, "tenant.domain.pattern", id="no pattern"),
        pytest.param({**GOOD, **field("[a-z]+", example="1")}, "tenant.domain", id="an example that is none"),
        pytest.param(
            {**GOOD, "tenant": {"domain": DOMAIN}}, "tenant.domain", id="a field that nothing needs"
        ),
        pytest.param({**GOOD, "tenant": {"zone": DOMAIN}}, "tenant", id="a field that no form has"),
        pytest.param({**GOOD, "host_from": "api"}, "host_pattern", id="any host of an answer"),
        pytest.param(
            {**GOOD, "host_from": "api", "host_pattern": r".*acme\.example|evil\.example"},
            "host_pattern",
            id="a host pattern that lets others pass",
        ),
        pytest.param({**GOOD, "refresh_grace": 60}, "refresh_grace", id="grace without rotation"),
        pytest.param({**GOOD, "key_labels": ["Key"]}, "key_labels", id="a key beside OAuth"),
        pytest.param({**GOOD, "scopes": ["a b"]}, "scopes.0", id="two scopes in one"),
        pytest.param({**GOOD, "scopes": ["é"]}, "scopes", id="a scope with letters that none has"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(tmp_path: Path, wrong: Any, at: str) -> None:
    with pytest.raises(PresetRefused) as caught:
        read(tmp_path, wrong)
    assert caught.value.field == at
    assert "acme.json" in str(caught.value)


def test_a_preset_takes_over_what_it_does_not_say(tmp_path: Path) -> None:
    made = read(tmp_path, {"extends": "google", "name": "Ours", "scopes": ["openid"], "sources": [SOURCE]})
    google = PRESETS["google"]
    assert (made.id, made.name, made.scopes) == ("acme", "Ours", ("openid",))
    assert (made.exchange_url, made.origins, made.authorize_params) == (
        google.exchange_url,
        google.origins,
        google.authorize_params,
    )
    assert [source.page for source in made.sources] == [
        SOURCE["page"],
        *(each.page for each in google.sources),
    ]
    assert not made.shipped


def test_the_schema_has_every_field_of_a_preset_and_no_other() -> None:
    schema = json.loads(preset_files.SCHEMA.read_text())
    assert set(schema["properties"]) - {"$schema", "extends"} == preset_files.FIELDS


def test_every_deviation_has_words() -> None:
    assert set(DEVIATIONS) == set(_WORDS)


@pytest.mark.parametrize("service", list(PRESETS))
def test_a_preset_is_explained(service: str) -> None:
    found = described(PRESETS[service])
    json.dumps(found)
    assert found["id"] == service
    assert found["source"].startswith("https://")
    assert found["verified"] in ("documentation", "packages", "documentation, partly", "packages, partly")
