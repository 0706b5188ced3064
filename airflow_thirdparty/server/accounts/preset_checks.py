"""What no schema says of a preset: which fields belong together, and what its patterns must not let pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from airflow_thirdparty.protocol import PROTOCOL_PARAMETERS, SCOPE_PATTERN
from airflow_thirdparty.server.accounts.preset import PLACEHOLDER, TEMPLATES, Preset
from airflow_thirdparty.server.accounts.preset_files import PresetRefused

_TRICKS = (
    *("evil.example/", "a/b", "a@evil.example", "a#b", "a?b", "a\\b", "a b", "a\n", "", ".", "..", "a..b"),
    *("{a}", "%2f", "a%2fb", "evil.example:1@b", "[::1]", "-", "a;b", "a&b", "a=b"),
)
"""What no tenant field may hold, whatever its service: each would lead an address elsewhere."""

_LETTERS = "/@#?\\ %{}\n;&="
"""Letters that no host has, nor a part of a path."""

_FOREIGN = ("evil.example", "localhost", "127.0.0.1", "evil.example.")
"""Hosts of nobody's service."""

_TOKEN_PARAMETERS = PROTOCOL_PARAMETERS | {
    *("code", "code_verifier", "grant_type", "refresh_token", "client_assertion", "client_assertion_type"),
    "assertion",
}
"""What no preset adds to a request for tokens."""


def check(path: Path, preset: Preset) -> None:
    """Refuse a preset that could lead a credential astray, or that cannot work.

    :param path: of its file, for the complaint
    :param preset: as it was read
    :raises PresetRefused: naming the field
    """
    for field, problem in _problems(preset):
        raise PresetRefused(path, field, problem)


def _problems(preset: Preset) -> Iterator[tuple[str, str]]:
    yield from _addresses(preset)
    yield from _tenant_fields(preset)
    yield from _host_of_answers(preset)
    yield from _parameters(preset)
    yield from _scopes(preset)
    if preset.pkce == "none" and not preset.pkce_page:
        yield "pkce_page", "is missing: only a page that says so shows that a service refuses PKCE"
    if preset.userinfo_form and preset.userinfo_json:
        yield "userinfo_json", "cannot be sent together with userinfo_form"
    if preset.refresh_grace and preset.rotation != "single_use":
        yield "refresh_grace", "means nothing where refresh tokens are not used once"
    if preset.kind == "oauth2" and (preset.key_labels or preset.key_check_url):
        yield "key_labels", "means nothing where people sign in at the service"


def _addresses(preset: Preset) -> Iterator[tuple[str, str]]:
    for name in TEMPLATES:
        for found in PLACEHOLDER.findall(getattr(preset, name) or ""):
            if found not in preset.tenant and (name, found) != ("revoke_url", "client_id"):
                yield name, f"has the placeholder '{{{found}}}', which is no tenant field"
    for origin in preset.origins:
        for found in PLACEHOLDER.findall(origin):
            if found not in preset.tenant:
                yield "origins", f"has the placeholder '{{{found}}}', which is no tenant field"


def _tenant_fields(preset: Preset) -> Iterator[tuple[str, str]]:
    used = {name for each in TEMPLATES for name in PLACEHOLDER.findall(getattr(preset, each) or "")}
    for name, field in preset.tenant.items():
        place = f"tenant.{name}"
        if name not in used:
            yield place, "is in no address"
        try:
            re.compile(field.pattern)
        except re.error as error:
            yield f"{place}.pattern", f"is no regular expression: {error}"
            continue
        for trick in (*_TRICKS, *_inside(field.example)):
            if field.fits(trick):
                yield f"{place}.pattern", f"lets {trick!r} pass"
        for value in filter(None, (field.example, field.default)):
            if not field.fits(value):
                yield place, f"has an example or default that its own pattern refuses: {value!r}"


def _inside(example: str) -> Iterator[str]:
    """Letters that end a host or begin another part of an address, in every place of a value."""
    for letter in _LETTERS:
        yield from (f"{letter}{example}", f"a{letter}{example}", f"{example}{letter}", f"{example}{letter}a")


def _host_of_answers(preset: Preset) -> Iterator[tuple[str, str]]:
    if not preset.host_from:
        return
    if not preset.host_pattern:
        yield "host_pattern", "is missing: a token must not follow a host that an answer merely claims"
        return
    try:
        pattern = re.compile(preset.host_pattern)
    except re.error as error:
        yield "host_pattern", f"is no regular expression: {error}"
        return
    for trick in (*_TRICKS, *_FOREIGN):
        if pattern.fullmatch(trick):
            yield "host_pattern", f"lets {trick!r} pass"


def _parameters(preset: Preset) -> Iterator[tuple[str, str]]:
    for name in sorted(preset.authorize_params):
        if name.lower() in PROTOCOL_PARAMETERS:
            yield f"authorize_params.{name}", "protects the sign-in and cannot be set"
    for field in ("token_params", "refresh_params"):
        for name in sorted(getattr(preset, field)):
            if name.lower() in _TOKEN_PARAMETERS:
                yield f"{field}.{name}", "is the protocol's own and cannot be set"


def _scopes(preset: Preset) -> Iterator[tuple[str, str]]:
    sets = {f"scope_sets.{name}": each.scopes for name, each in preset.scope_sets.items()}
    for field, scopes in {"scopes": preset.scopes, **sets}.items():
        for scope in scopes:
            if not SCOPE_PATTERN.fullmatch(scope):
                yield field, f"has a scope with characters that no scope has: {scope!r}"
