"""Writes `docs/services.md` from the presets: `python -m tests.unit.docs.services`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from airflow_thirdparty.server.accounts.explaining import deviations, verified
from airflow_thirdparty.server.accounts.preset import Preset
from airflow_thirdparty.server.accounts.presets import PRESETS

PAGE = Path(__file__).parents[3] / "docs" / "services.md"

HEAD = """\
# Services known by name

An account whose field *Service* names one of these needs a client id and a client secret, and what stands
under *fill in*. Everything else is known: addresses, scopes, and where the service deviates from the
RFCs. What a registration names itself wins. `airflow third-party-accounts presets` lists the same, with
`-o json` for programs; `airflow third-party-accounts presets github` explains one.

*Code bound by* says what keeps an authorization code from being used by anybody but whoever began the
sign-in, besides the state: PKCE where the service checks it, or the nonce of an ID token. Where it is
*nothing*, the service offers neither, and a code that leaks from the browser is protected by the client
secret and the redirect URI alone.

*Verified* says whose word the preset goes by: the service's own documentation, or packages that work with
it; *partly* where something was found nowhere. What that is stands below, with the page of every fact and
the day it was looked at.

Correcting a preset in a release signs nobody out: a sign-in is bound to what the
[registration](accounts.md#when-an-account-changes) itself says.

| service | id | kind | fill in | code bound by | verified |
|---|---|---|---|---|---|
"""

KINDS = {"oauth2": "OAuth 2.0", "key": "key", "basic": "user name and password"}


def page() -> str:
    """The page as it should be."""
    presets = [PRESETS[service] for service in PRESETS]
    presets = sorted((each for each in presets if each.shipped), key=lambda each: each.name.casefold())
    rows = "".join(_row(preset) for preset in presets)
    return HEAD + rows + "".join("\n" + "".join(_section(preset)) for preset in presets)


def _row(preset: Preset) -> str:
    fill_in = ", ".join(f"`{name}`" for name in preset.tenant)
    bound = (preset.binds_code or "nothing") if preset.kind == "oauth2" else ""
    cells = (
        f"[{preset.name}](#{_anchor(preset)})",
        f"`{preset.id}`",
        KINDS[preset.kind],
        fill_in,
        bound,
        verified(preset),
    )
    return f"| {' | '.join(cells)} |\n"


def _anchor(preset: Preset) -> str:
    text = preset.name.lower()
    return "".join(letter for letter in text.replace(" ", "-") if letter.isalnum() or letter in "-_")


def _section(preset: Preset) -> Iterator[str]:
    yield f"## {preset.name}\n\n"
    pages = {"register an application": preset.register_url, "documentation": preset.docs_url}
    links = [f"[{text}]({url})" for text, url in pages.items() if url]
    yield f"`{preset.id}`{': ' if links else ''}{', '.join(links)}\n\n"
    for name, field in preset.tenant.items():
        default = f"; empty: `{field.default}`" if field.default else ""
        yield f"- fill in `{name}`: {field.label}, like `{field.example}`{default}\n"
    if preset.scopes:
        yield f"- asks for {_words(preset.scopes)}\n"
    for name, each in preset.scope_sets.items():
        yield f"- scope set `{name}`: {each.label} ({_words(each.scopes)})\n"
    if preset.redirect_uris:
        yield f"- redirect URIs: {preset.redirect_uris}\n"
    yield from (f"- {_escaped(text)}\n" for text in deviations(preset))
    yield from (f"- **{_escaped(text)}**\n" for text in preset.hints)
    yield from (f"- not verified: {_escaped(text)}\n" for text in preset.unverified)
    for source in preset.sources:
        yield f"- [{source.kind}]({source.page}), {source.date}: {_escaped(source.facts)}\n"


def _words(words: tuple[str, ...]) -> str:
    return " ".join(f"`{word}`" for word in words)


def _escaped(text: str) -> str:
    """Text for Markdown; what stands between backticks stays as it is."""
    parts = text.split("`")
    return "`".join(part if number % 2 else _plain(part) for number, part in enumerate(parts))


def _plain(text: str) -> str:
    for letter in "\\_*[]":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("<", "&lt;").replace(">", "&gt;")


if __name__ == "__main__":
    PAGE.write_text(page())
