"""``airflow third-party-accounts presets``: the services known by name."""

from __future__ import annotations

import argparse
from typing import Any

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from airflow_thirdparty.cli.commands.output import print_rows, remark

_FOR_PEOPLE = ("table", "plain")
"""Outputs that have one line for each service, and one for each field of a single one."""


@suppress_logs_and_warning
@providers_configuration_loaded
def presets(args: argparse.Namespace) -> None:
    """List the services known by name, or explain one.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.accounts.presets import PRESETS

    for problem in PRESETS.problems():
        remark(problem)
    if args.preset is None:
        rows = [_row(PRESETS[service], args.output) for service in PRESETS]
    elif args.preset in PRESETS:
        rows = _explained(PRESETS[args.preset], args.output)
    else:
        raise SystemExit(f"There is no preset '{args.preset}'. Without an id this command lists them all.")
    print_rows(rows, args.output)


def _row(preset: Any, output: str) -> dict[str, Any]:
    from airflow_thirdparty.server.accounts.explaining import described

    found = described(preset)
    if output not in _FOR_PEOPLE:
        return found
    return {
        "id": found["id"],
        "name": found["name"],
        "kind": found["kind"],
        "to_fill_in": ", ".join(found["tenant"] or ()),
        "code_bound_by": found["code_bound_by"],
        "verified": found["verified"],
        "source": found["source"],
    }


def _explained(preset: Any, output: str) -> list[dict[str, Any]]:
    from airflow_thirdparty.server.accounts.explaining import described

    found = described(preset)
    if output not in _FOR_PEOPLE:
        return [found]
    return [
        {"field": name, "value": value} for name, value in found.items() if value not in (None, [], {}, "")
    ]
