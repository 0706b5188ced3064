"""Functions that ask for one account, by its id and in one place, as most do: no parser is needed for them.

Parsing a function costs as much as everything else that is looked at in a DAG.  What is told here is what the
syntax tree tells, too; whatever is written in another way is left to it.
"""

from __future__ import annotations

import re
import types
from typing import NamedTuple

from airflow_thirdparty.policies.analysis.functions import closure, names_in, text_around

_CALL = re.compile(
    r"""(?<![\w.])(?<!case )(?P<called>\w+)\(\s*(?P<quote>["'])(?P<id>[^"'\\\n]*)(?P=quote)\s*\)"""
)


class PlainUse(NamedTuple):
    """The one call of a function that asks for an account.

    :param called: what is called there
    :param account: the text that is passed to it, and nothing else
    :param line: line of the file
    """

    called: str
    account: str
    line: int


def plain_use(function: types.FunctionType, telling: frozenset[str]) -> PlainUse | None:
    """Find the one call by which a function asks for an account.

    :param function: a plain function
    :param telling: those of its names that may ask for a connection
    :return: nothing when it uses anything else of its module, or names what it calls a second time
    """
    if len(telling) != 1 or closure(function):
        return None
    (name,) = telling
    if [used for used in names_in(function.__code__) if used in function.__globals__] != [name]:
        return None
    text = text_around(function)
    begin = text.find(name)
    if begin < 0 or text.find(name, begin + 1) >= 0:
        return None
    found = _CALL.match(text, begin)
    if not found or found["called"] != name or not _holds(function.__code__, found["id"]):
        return None
    return PlainUse(name, found["id"], function.__code__.co_firstlineno + text.count("\n", 0, begin))


def _holds(code: types.CodeType, text: str) -> bool:
    """Whether the text is in the code as it was loaded: the file may be another by now."""
    return any(
        _holds(constant, text) if isinstance(constant, types.CodeType) else constant == text
        for constant in code.co_consts
    )
