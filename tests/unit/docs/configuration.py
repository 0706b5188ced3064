"""Writes `docs/configuration.md` from the declaration: `python -m tests.unit.docs.configuration`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_thirdparty import options
from airflow_thirdparty.account_form import CONNECTION_FIELDS, EXTRA_FIELDS, ExtraField

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"

HEAD = f"""\
# Configuration

## Options

All in the section `[{options.SECTION}]` of `airflow.cfg`, or as environment variables such as
`AIRFLOW__{options.SECTION.upper()}__{options.KEEP_USES_DAYS.name.upper()}`.

| option | type | default | example | |
|---|---|---|---|---|
"""

CONNECTION = """
Besides, `[api] base_url` has to be the address under which people reach this Airflow: every redirect URI is
made from it.

## Fields of an account

An account is a connection of type *Third-Party Account*. How to make one: [accounts.md](accounts.md).

Airflow's own fields:

| field | in | |
|---|---|---|
"""

EXTRA = """
Fields in the connection's `extra`; an account that has any other one is refused:

| field | in | one of | default | |
|---|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    return (
        HEAD
        + "".join(_row(*_option(option)) for option in options.OPTIONS)
        + CONNECTION
        + "".join(_row(field.label, f"`{field.name}`", field.description) for field in CONNECTION_FIELDS)
        + EXTRA
        + "".join(_row(*_field(field)) for field in EXTRA_FIELDS)
    )


def _option(option: options.Option[Any]) -> tuple[str, ...]:
    return (
        f"`{option.name}`",
        option.type,
        _code(option.default_text),
        _code(option.example),
        option.description,
    )


def _field(field: ExtraField) -> tuple[str, ...]:
    choices = ", ".join(f"`{choice}`" for choice in field.choices)
    if field.choices == options.SERVICES:
        choices = "an id of [services.md](services.md)"
    return field.label, f"`{field.name}`", choices, _code(field.default), field.description


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _row(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
