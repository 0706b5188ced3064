"""``airflow third-party-accounts notify``: tells what people should know before it hurts, nothing twice."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow_thirdparty.cli.commands.output import print_rows, remark
from airflow_thirdparty.cli.commands.running import command, fail

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_thirdparty.server.broker.views.notices import Notice

Send = Callable[[Sequence["Notice"]], None]


@command
def notify(args: argparse.Namespace) -> None:
    """List, or send through a notifier, what was not told before.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.database import in_transaction, utcnow
    from airflow_thirdparty.server.broker.views import notices

    if args.within < 1:
        fail("--within takes a number of days, at least 1.")
    now, within = utcnow(), timedelta(days=args.within)
    if args.dry_run:
        _print(in_transaction(notices.find, now, within), args.output)
        remark("Nothing counts as told. Leave --dry-run out to tell it.")
        return
    send: Send = _notifier(args) if args.notifier else lambda found: _print(found, args.output)
    told = in_transaction(_tell, now, within, send)
    remark(f"{told} notice{'' if told == 1 else 's'}.")


def _tell(session: Session, now: datetime, within: timedelta, send: Send) -> int:
    """Tell what is new; what cannot be sent does not count as told."""
    from airflow_thirdparty.server.broker.views import notices
    from airflow_thirdparty.server.store.notices import claim

    found = {notice.key: notice for notice in notices.find(session, now, within)}
    claimed = claim(session, found.keys(), now)
    new = [notice for key, notice in found.items() if key in claimed]
    send(new)
    return len(new)


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "kind": notice.kind,
        "account": notice.conn_id,
        "user": notice.user,
        "dag_id": notice.dag_id,
        "at": notice.at.isoformat(timespec="seconds") if notice.at else None,
        "text": notice.text,
    }


def _print(found: Sequence[Notice], output: str) -> None:
    print_rows([_row(notice) for notice in found], output)


def _notifier(args: argparse.Namespace) -> Send:
    """What sends through Airflow's notifier, whose texts may say ``{{ text }}`` and ``{{ notices }}``."""
    from airflow.sdk import BaseNotifier

    module, _, name = args.notifier.rpartition(".")
    try:
        cls, given = getattr(import_module(module), name), json.loads(args.notifier_args)
    except (ImportError, AttributeError, ValueError) as error:
        fail(f"The notifier cannot be made: {error}.")
    if not (isinstance(cls, type) and issubclass(cls, BaseNotifier) and isinstance(given, Mapping)):
        fail("--notifier takes the import path of a notifier, --notifier-args a JSON object.")

    def send(found: Sequence[Notice]) -> None:
        if found:
            notifier = cls(**given)
            context: Any = {
                "text": "\n".join(notice.text for notice in found),
                "notices": [_row(notice) for notice in found],
            }
            # not called itself, because then it would keep to itself that it failed
            notifier.render_template_fields(context)
            notifier.notify(context)

    return send
