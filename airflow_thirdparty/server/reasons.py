"""What exactly is wrong with an account, or was seen of it: a code with values, and what that is in English.

The page says the same in its reader's language, by the code.  Logs, the command line and whoever else reads
the API get English.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from airflow_thirdparty.exceptions import AccountMisconfigured

Values = dict[str, str]
"""What stands in a sentence, by the name of its place."""

PLACE = re.compile(r"\{(\w+)\}")
"""Where a value stands in a sentence."""


@dataclass(frozen=True)
class Reason:
    """One thing that is the case.

    :param code: of its sentences
    :param text: what it is, in English
    :param remedy: what to do about it, in English; empty where nothing is
    """

    code: str
    values: Values
    text: str
    remedy: str


def reason(code: str, /, **values: str) -> Reason:
    """Say what is the case.

    :param code: of its sentences
    :param values: what stands in them
    :raises KeyError: when there is no such code, or a value lacks
    :return: both sentences with their values in place
    """
    known = sentences()[code]
    return Reason(code, values, _filled(known["text"], values), _filled(known.get("remedy", ""), values))


def misconfigured(
    code: str, field: str | None = None, /, *, link: str | None = None, **values: str
) -> AccountMisconfigured:
    """The complaint about an account.

    :param code: what is wrong with it
    :param field: the one at fault, which its sentences may name
    :param link: address of the page that mends it
    :param values: what else stands in the sentences
    :return: the error, to be raised
    """
    said = reason(code, **values, **({"field": field} if field else {}))
    return AccountMisconfigured(
        said.text, said.remedy, link=link, field=field, reason=said.code, values=said.values
    )


def _filled(text: str, values: Values) -> str:
    return PLACE.sub(lambda place: values[place[1]], text)


@cache
def sentences() -> dict[str, dict[str, str]]:
    """All there is to say.

    :return: ``text`` and ``remedy`` in English, by code
    """
    found: dict[str, dict[str, str]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return found
