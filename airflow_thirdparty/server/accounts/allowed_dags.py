"""Which DAGs may use an account: ids compared to the letter, each of one bundle."""

from __future__ import annotations

import enum
from collections.abc import Collection


class Allowance(enum.Enum):
    """What an account's list of DAGs says about one DAG."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not allowed"
    AMBIGUOUS = "ambiguous"


def judge(
    allowed: Collection[str] | None, dag_id: str, bundles: Collection[str | None], only_bundle: str | None
) -> Allowance:
    """Say whether a DAG may use an account.

    :param allowed: entries ``bundle:dag_id``, or ``dag_id`` for a DAG of the only bundle; ``None``: every DAG
    :param dag_id: id of the DAG
    :param bundles: the bundle as each record of Airflow tells it; all have to agree
    :param only_bundle: the only bundle that is configured; ``None`` when there are several
    :return: ambiguous when only an entry without a bundle fits, and there are several bundles
    """
    if allowed is None:
        return Allowance.ALLOWED
    names = set(bundles)
    name = names.pop() if len(names) == 1 else None
    if name is not None and f"{name}:{dag_id}" in allowed:
        return Allowance.ALLOWED
    if dag_id not in allowed:
        return Allowance.NOT_ALLOWED
    if only_bundle is None:
        return Allowance.AMBIGUOUS
    return Allowance.ALLOWED if name == only_bundle else Allowance.NOT_ALLOWED


def without_bundle(allowed: Collection[str] | None) -> list[str]:
    """The entries that name no bundle.

    :param allowed: the entries; ``None``: every DAG
    :return: them, in order; ids of DAGs hold no colon
    """
    return [entry for entry in allowed or () if ":" not in entry]
