"""Finding a value in a JSON answer by a path that is data: ``data.user.id``, ``errors[0].code``, ``a|b``."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]{1,3})\]")


def alternatives(path: str) -> tuple[str, ...]:
    """The single paths of a path: those between ``|``, in order, empty ones left out.

    :param path: one or several paths
    :return: single paths
    """
    return tuple(one.strip() for one in path.split("|") if one.strip())


def value_at(found: Any, path: str) -> Any:
    """What lies at a single path; nothing if the path leads nowhere.

    :param found: a JSON value
    :param path: names separated by dots, ``[0]`` for the first item of a list
    :return: a JSON value
    """
    for name, index in _STEP.findall(path):
        if name and isinstance(found, dict):
            found = found.get(name)
        elif index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        else:
            return None
    return found


def text_at(found: Any, path: str) -> str | None:
    """The first text or number among a path's alternatives, as text; empty texts are passed over.

    :param found: a JSON value
    :param path: one or several paths
    :return: nothing if there is none
    """
    for one in alternatives(path):
        value = value_at(found, one)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return value
    return None
