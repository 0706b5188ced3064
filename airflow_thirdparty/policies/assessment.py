"""What the policy thinks of a DAG: public or not, which accounts it uses, at risk or not."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_thirdparty import dag_tags
from airflow_thirdparty.policies.acknowledgement import Acknowledgement, acknowledgement
from airflow_thirdparty.policies.analysis.references import Reference, references
from airflow_thirdparty.policies.public_access import PublicAccess, public_access
from airflow_thirdparty.policies.rules import Mode, Rules


@dataclass(frozen=True)
class Assessment:
    """What was found in one DAG.

    :param dag_id: id of the DAG
    :param public_access: why it is public
    :param references: where it refers to accounts, and to connections that cannot be known
    :param acknowledgement: what somebody reviewed
    """

    dag_id: str
    public_access: PublicAccess
    references: tuple[Reference, ...]
    acknowledgement: Acknowledgement

    @functools.cached_property
    def accounts(self) -> dict[str, list[str]]:
        """The tasks that use each account, by the account's id."""
        used: dict[str, list[str]] = {}
        for reference in self.references:
            if reference.account is not None:
                tasks = used.setdefault(reference.account, [])
                if reference.task_id not in tasks:
                    tasks.append(reference.task_id)
        return dict(sorted(used.items()))

    @property
    def unknown(self) -> list[Reference]:
        """References whose account can only be known when the task runs."""
        return [reference for reference in self.references if reference.account is None]

    @property
    def uses_accounts(self) -> bool:
        """Whether the DAG uses an account for certain, known by its id or not."""
        return any(reference.account is not None or reference.ours for reference in self.references)

    @property
    def acknowledged(self) -> bool:
        """Whether it is public, uses accounts, and all that was reviewed."""
        own_unknown = any(reference.ours for reference in self.unknown)
        return self._concerns and self.acknowledgement.covers(self.accounts, unknown=own_unknown)

    @property
    def at_risk(self) -> bool:
        """Whether it is public, uses accounts, and that was not reviewed."""
        return self._concerns and not self.acknowledged

    @property
    def _concerns(self) -> bool:
        return bool(self.public_access) and self.uses_accounts

    def tags(self, mode: Mode) -> frozenset[str]:
        """The tags this DAG gets.

        :param mode: with ``off`` only those that name accounts
        :return: tags of this package
        """
        given = {dag_tags.account_tag(conn_id) for conn_id in self.accounts}
        doubtful = bool(self.public_access) and not self.acknowledgement.everything
        if any(reference.ours or doubtful for reference in self.unknown):
            given.add(dag_tags.UNKNOWN_ACCOUNT)
        if mode is not Mode.OFF and self._concerns:
            given.add(dag_tags.ACKNOWLEDGED if self.acknowledged else dag_tags.WARNING)
        return frozenset(given)


def assess(dag: Any, accounts: Collection[str], rules: Rules) -> Assessment:
    """Look at a DAG; nothing of it is run, and nothing is looked up.

    :param dag: the DAG as its file made it
    :param accounts: ids of all accounts
    :param rules: the policy
    :return: what was found
    """
    return judge(dag, references(dag, accounts), rules)


def judge(dag: Any, found: Sequence[Reference], rules: Rules) -> Assessment:
    """Weigh what was found in a DAG.

    :param dag: the DAG
    :param found: its references
    :param rules: the policy; what is not needed is not read
    :return: what was found, and whether the DAG is at risk
    """
    public = public_access(
        dag.tags,
        dag.access_control,
        public_tags=rules.public_tags,
        public_roles=rules.public_roles if dag.access_control else (),
    )
    return Assessment(
        dag_id=str(dag.dag_id),
        public_access=public,
        references=tuple(found),
        acknowledgement=_acknowledgement(dag, found, rules) if public else Acknowledgement(),
    )


def _acknowledgement(dag: Any, found: Sequence[Reference], rules: Rules) -> Acknowledgement:
    return acknowledgement(
        dag.tags,
        dag.params,
        tag=rules.acknowledgement_tag,
        param=rules.acknowledgement_param,
        accounts=sorted({reference.account for reference in found if reference.account is not None}),
    )
