"""Whether somebody reviewed a public DAG and said so, by a tag or a param of the DAG."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Acknowledgement:
    """What was reviewed.

    :param everything: the DAG as a whole, also references that can only be known when it runs
    :param accounts: single accounts; another one that joins them is not covered
    :param by: the tags and params that say so
    """

    everything: bool = False
    accounts: frozenset[str] = frozenset()
    by: tuple[str, ...] = ()

    def covers(self, accounts: Iterable[str], *, unknown: bool) -> bool:
        """Whether a DAG that uses these accounts may be quiet.

        :param accounts: ids of the accounts the DAG uses
        :param unknown: whether there are references whose account cannot be known
        :return: true if everything it uses was reviewed
        """
        return self.everything or (not unknown and self.accounts.issuperset(accounts))


def acknowledgement(
    tags: Iterable[str], params: object, *, tag: str, param: str, accounts: Collection[str]
) -> Acknowledgement:
    """Read the acknowledgement of a DAG.

    :param tags: the DAG's tags; ``<tag>`` covers everything, ``<tag>:<conn_id>`` one account
    :param params: the DAG's params; true covers everything, an id or a list of ids those accounts
    :param tag: the tag by configuration; empty when tags do not acknowledge
    :param param: the param's name by configuration; empty when params do not acknowledge
    :param accounts: ids of the accounts the DAG uses
    :return: what was reviewed, by tags and params together
    """
    by_tag = _by_tag(set(tags), tag, accounts) if tag else Acknowledgement()
    by_param = _by_param(params, param) if param else Acknowledgement()
    return Acknowledgement(
        everything=by_tag.everything or by_param.everything,
        accounts=by_tag.accounts | by_param.accounts,
        by=by_tag.by + by_param.by,
    )


def _by_tag(tags: set[str], tag: str, accounts: Collection[str]) -> Acknowledgement:
    single = {conn_id for conn_id in accounts if f"{tag}:{conn_id}" in tags}
    written = [f"{tag}:{conn_id}" for conn_id in sorted(single)]
    if tag in tags:
        written.insert(0, tag)
    return Acknowledgement(tag in tags, frozenset(single), tuple(f"tag '{name}'" for name in written))


def _by_param(params: object, param: str) -> Acknowledgement:
    if not isinstance(params, Mapping) or param not in params:
        return Acknowledgement()
    # Airflow's own mapping validates a value when it is read, and may refuse to hand out a default
    value = params.get_param(param).value if hasattr(params, "get_param") else params[param]
    by = (f"param '{param}'",)
    if value is True:
        return Acknowledgement(everything=True, by=by)
    ids = [value] if isinstance(value, str) else value
    if (
        isinstance(ids, (list, tuple))
        and ids
        and all(isinstance(conn_id, str) and conn_id for conn_id in ids)
    ):
        return Acknowledgement(accounts=frozenset(ids), by=by)
    return Acknowledgement()
