"""What a person's answer to a human-in-the-loop task brings into a run: a choice, or data of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow.models.hitl import HITLDetail


def free_input(detail: HITLDetail) -> tuple[str, ...]:
    """Name what was answered beyond the choice that the task offers.

    Options that the task does not offer count too: Airflow 3.2 takes them, and the task refuses them later.

    :param detail: an answered question
    :return: fields that the task does not declare, or with a value unlike their default; empty for a choice
    """
    declared = detail.params or {}
    fields = [
        name
        for name, value in (detail.params_input or {}).items()
        if name not in declared or _text(value) != _text(_default(declared[name]))
    ]
    unknown = set(detail.chosen_options or ()) - set(detail.options or ())
    return (*fields, *sorted(unknown))


def asks_for(detail: HITLDetail, user_id: str) -> bool:
    """Whether the task names this user as one who answers: then its author asked for their words.

    :param detail: the question
    :param user_id: the user, as Airflow authenticated them
    :return: whether they are among its ``assigned_users``
    """
    return any(user["id"] == user_id for user in detail.assigned_users)


def _default(param: Any) -> Any:
    """The default of a field: Airflow stores a param with value, description and schema."""
    is_param = isinstance(param, Mapping) and {"value", "schema"} <= param.keys()
    return param["value"] if is_param else param


def _text(value: Any) -> str:
    # 1, 1.0 and true are equal in Python and not in what a task reads
    return json.dumps(value, sort_keys=True, default=repr)
