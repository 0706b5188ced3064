"""Has operators of other providers act as the person while they are deferred.

Airflow calls this policy in a task's process before its operator runs.  What is deferred from then on is
looked at: a trigger whose arguments name an account is given a grant for each, and run by ours.  A trigger
that names none stays as it is.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Mapping
from typing import Any

from airflow.policies import hookimpl

from airflow_thirdparty.wire import PROJECTION_KEY, REQUEST_PREFIX, TokenRequest, split_entry

log = logging.getLogger(__name__)

_MARK = "__acts_as_the_person__"


@hookimpl(tryfirst=True)
def get_airflow_context_vars(context: Mapping[str, Any]) -> None:
    """Look at every deferral of this process; Airflow gets nothing from us here.

    :param context: of the task instance
    """
    from airflow.sdk.exceptions import TaskDeferred

    defers = TaskDeferred.__init__
    if hasattr(defers, _MARK):
        return

    @functools.wraps(defers)
    def look_at(self: Any, *args: Any, **kwargs: Any) -> None:
        defers(self, *args, **kwargs)
        self.trigger = acting(self.trigger)

    setattr(look_at, _MARK, True)
    setattr(TaskDeferred, "__init__", look_at)  # noqa: B010  # mypy: a method is not assigned


def acting(trigger: Any) -> Any:
    """The trigger that acts as the person, for one that names accounts.

    :param trigger: as its operator made it
    :raises ThirdPartyAccountError: when the person's login cannot be used, or nothing can be handed to the
        triggerer, in words
    :return: the same where no account is named
    """
    from airflow_thirdparty.triggers.base import ActingTrigger

    if trigger is None or isinstance(trigger, ActingTrigger):
        return trigger
    from airflow_thirdparty.triggers.foreign import ForeignTrigger, replaced

    classpath, arguments = trigger.serialize()
    named: dict[str, None] = {}
    replaced(arguments, lambda conn_id: named.setdefault(conn_id) or conn_id)
    grants = {conn_id: grant for conn_id in named if (grant := _grant(conn_id))}
    if not grants:
        return trigger
    made = ForeignTrigger(classpath=classpath, arguments=arguments, grants=grants)
    made.supports_triggerer_queue = getattr(trigger, "supports_triggerer_queue", True)
    return made


def _grant(conn_id: str) -> str | None:
    """A grant for an account; ``None`` for any other connection."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from airflow_thirdparty.exceptions import from_dict
    from airflow_thirdparty.links.announcing import announce

    if not conn_id or conn_id.startswith(REQUEST_PREFIX):
        return None
    account, entry = split_entry(conn_id)
    try:
        asked_id = TokenRequest(account, grant=True, entry=entry).encode()
        TokenRequest.decode(asked_id)
        answer = json.loads(Connection.get(asked_id).extra)[PROJECTION_KEY]
    except (ValueError, TypeError, KeyError, AirflowNotFoundException):
        return None  # what is no account, or is answered by a server that knows no grants
    if "refusal" in answer:
        refusal = from_dict(answer["refusal"])
        announce(log, refusal)
        raise refusal
    return str(answer["grant"])
