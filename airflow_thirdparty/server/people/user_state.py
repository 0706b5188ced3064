"""Whether somebody met earlier is still the same single person today."""

from __future__ import annotations

import enum

SHARED_NAMES = frozenset({"", "anonymous", "unknown"})
"""Names, in lower case, under which auth managers hide several people, or nobody."""


class UserState(enum.Enum):
    """What the auth manager says today about a person met earlier."""

    PRESENT = "present"
    GONE = "gone"
    DEACTIVATED = "deactivated"
    RECREATED = "re-created"
    SHARED = "shared"


def is_shared(name: str) -> bool:
    """Whether a user of this name is no single person.

    :param name: a name or an id, in any case
    :return: whether several people, or nobody, may hide behind it
    """
    return name.strip().casefold() in SHARED_NAMES
