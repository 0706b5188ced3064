"""A preset explained: as data for programs, and in words for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from airflow_thirdparty.server.accounts.preset import Preset
from airflow_thirdparty.server.service_rules import ServiceRules

_DAY = 86_400
"""Seconds; lifetimes of a day and more are told in days."""


def described(preset: Preset) -> dict[str, Any]:
    """A preset as data: what the command line and the API tell of it.

    :param preset: of a service
    :return: plain values by name; ``None`` for what the service does not have
    """
    return {
        "id": preset.id,
        "name": preset.name,
        "kind": preset.kind,
        "aliases": list(preset.aliases),
        "icon": preset.icon or preset.id,
        "issuer": preset.issuer,
        "authorize_url": preset.authorize_url,
        "exchange_url": preset.exchange_url,
        "refresh_url": preset.refresh_url,
        "userinfo_url": preset.userinfo_url,
        "revoke_url": preset.revoke_url,
        "host": preset.host,
        "tenant": {name: asdict(field) for name, field in preset.tenant.items()} or None,
        "scopes": list(preset.scopes),
        "scope_sets": {
            name: {"label": each.label, "scopes": list(each.scopes)}
            for name, each in preset.scope_sets.items()
        },
        "scope_words": dict(preset.scope_words),
        "client_auth_method": preset.client_auth_method if preset.kind == "oauth2" else None,
        "code_bound_by": preset.binds_code or None,
        "key_labels": list(preset.key_labels),
        "expose_as": preset.expose_as,
        "register_url": preset.register_url,
        "docs_url": preset.docs_url,
        "redirect_uris": preset.redirect_uris or None,
        "hints": list(preset.hints),
        "deviations": list(deviations(preset)),
        "verified": verified(preset),
        "unverified": list(preset.unverified),
        "source": preset.sources[0].page if preset.sources else None,
        "sources": [asdict(source) for source in preset.sources],
        "brought_by": "package" if preset.shipped else "deployment",
    }


def verified(preset: Preset) -> str:
    """Whose word a preset goes by.

    :param preset: of a service
    :return: ``documentation``, ``packages``, or ``documentation, partly`` where something was found nowhere
    """
    documented = any(source.kind == "documentation" for source in preset.sources)
    words = "documentation" if documented else "packages"
    return f"{words}, partly" if preset.unverified else words


def _as_list(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={each}" for key, each in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _lifetime(seconds: int) -> str:
    return f"{seconds // _DAY} days" if seconds >= _DAY else f"{seconds} seconds"


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "pkce": lambda value: {
        "none": "refuses PKCE, so it is not sent",
        "ignored": "does not say that it checks PKCE, which is sent all the same",
    }[value],
    "nonce": lambda _: "ID tokens hold no nonce",
    "scope_param": lambda value: f"scopes are asked for as {value}",
    "scope_separator": lambda _: "scopes are separated by commas",
    "client_id_param": lambda value: f"the client id is called {value}",
    "code_param": lambda value: f"the code is called {value}",
    "token_body": lambda _: "the token endpoint takes JSON",
    "token_params": lambda value: f"an exchange says {_as_list(value)} too",
    "refresh_params": lambda value: f"a refresh says {_as_list(value)} too",
    "refresh_sends_scope": lambda _: "a refresh names the scopes again",
    "headers": lambda value: f"all endpoints want the headers {_as_list(value)}",
    "answer": lambda value: f"tokens stand elsewhere in the answer: {_as_list(value)}",
    "token_types": lambda value: f"token types: {_as_list(value)}",
    "granted_scopes": lambda value: f"granted scopes stand at {value}",
    "ok": lambda value: f"a success says {value}",
    "error_code": lambda value: f"errors stand at {value}",
    "lapse_codes": lambda value: f"a dead sign-in is told by {_as_list(value)}",
    "client_codes": lambda value: f"a client that is not accepted is told by {_as_list(value)}",
    "expires": lambda _: "access tokens do not end",
    "issuer_pattern": lambda value: f"ID tokens name the issuer {value}",
    "identity": lambda value: {
        "userinfo": "who signed in is asked at userinfo",
        "token_answer": "who signed in stands beside the tokens",
    }[value],
    "subject": lambda value: f"a person's id stands at {value}",
    "subject_name": lambda value: f"a person's name stands at {value}",
    "userinfo_method": lambda value: f"userinfo is asked by {value}",
    "userinfo_form": lambda value: f"userinfo is asked by a form with {', '.join(value)}",
    "userinfo_json": lambda value: f"userinfo is asked by JSON: `{_as_list(value)}`",
    "userinfo_scheme": lambda value: (
        f"userinfo takes the token as {value}"
        if value != "none"
        else "userinfo takes the token without a scheme"
    ),
    "userinfo_header": lambda value: f"userinfo takes the token in the header {value}",
    "userinfo_ok": lambda value: f"userinfo tells a success by {value}",
    "host_from": lambda value: f"the API's host stands at {value}",
    "host_pattern": lambda value: f"the API's host has to fit `{value}`",
    "revoke_style": lambda value: {
        "json": "tokens are revoked by JSON",
        "bearer": "tokens are revoked by showing the access token",
        "delete_bearer": "tokens are revoked by DELETE with the access token",
        "delete_json": "tokens are revoked by DELETE with JSON",
    }[value],
    "revoke_param": lambda value: f"what is revoked is called {value}",
    "revoke_tokens": lambda value: f"only {value} tokens are revoked",
    "revoke_auth": lambda value: f"revocation wants {value}",
    "client_auth_method": lambda value: f"the client authenticates by {value}",
    "authorize_params": lambda value: f"the authorization says `{_as_list(value)}` too",
    "scopes_checked": lambda value: {
        "no": "granted scopes are not told reliably, so they are not compared",
        "callback": "granted scopes stand in the callback",
    }[value],
    "scope_implies": lambda _: "wider scopes include others, which the answer leaves out",
    "scope_ignores_case": lambda _: "scopes are told in other letters",
    "scope_prefixes": lambda value: f"scopes may come back with {_as_list(value)} before them",
    "scopes_unechoed": lambda value: f"never told as granted: {_as_list(value)}",
    "assumed_lifetime": lambda value: f"access tokens are taken to live {_lifetime(value)}",
    "refresh_lifetime": lambda value: f"a refresh token ends that is not used within {_lifetime(value)}",
    "rotation": lambda value: {
        "none": "a refresh token stays the same",
        "single_use": "a refresh token is used once",
    }[value],
    "refresh_grace": lambda value: f"a used refresh token is good again for {_lifetime(value)}",
    "no_refresh": lambda _: "there are no refresh tokens: people sign in again when a token ends",
    "api_scheme": lambda value: (
        "the API takes the credential without a scheme"
        if value == "none"
        else f"the API takes the credential as {value}"
    ),
    "api_header": lambda value: f"the API takes the credential in the header {value}",
    "api_headers": lambda value: f"the API wants the headers {', '.join(value)}",
    "key_check_url": lambda _: "a key is tried when it is entered",
    "origins": lambda value: f"endpoints lie at {_as_list(value)} too",
}
"""What a field says that is not the default, in words."""

_DEFAULTS = Preset(id="", name="")

DEVIATIONS = (
    *(field.name for field in fields(ServiceRules)),
    *(name for name in _WORDS if name not in {field.name for field in fields(ServiceRules)}),
)
"""The fields by which services deviate."""


def deviations(preset: Preset) -> tuple[str, ...]:
    """What a service does otherwise than the RFCs say, and what it leaves open.

    :param preset: of the service
    :return: the rest of sentences that begin with the service
    """
    return tuple(
        _WORDS[name](getattr(preset, name))
        for name in DEVIATIONS
        if getattr(preset, name) != getattr(_DEFAULTS, name)
    )
