"""The audit's findings, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RISKS = ("at_risk", "acknowledged", "quiet")
"""What a DAG may be, the worst first: public without review, public and reviewed, not public."""

NOT_LOADED = "not_loaded"
"""What stands in place of a risk where a file could not be loaded, so was not looked at."""


@dataclass(frozen=True)
class AuditedDag:
    """One DAG that uses accounts, or may use them.

    :param dag_id: id of the DAG
    :param file: its file, relative to the folder or bundle
    :param risk: one of :data:`RISKS`
    :param accounts: ids of tasks by account
    :param unknown: references whose account can only be known when the DAG runs
    :param public: why it is public, where that was looked at
    :param acknowledged_by: tags and params that acknowledge
    :param counts: whether it makes the audit fail; by default those at risk do
    """

    dag_id: str
    file: str
    risk: str
    accounts: Mapping[str, Sequence[str]]
    unknown: tuple[str, ...] = ()
    public: str | None = None
    acknowledged_by: tuple[str, ...] = ()
    counts: bool | None = None

    @property
    def is_finding(self) -> bool:
        """Whether the audit fails because of it.

        :return: true when it does
        """
        return self.risk == "at_risk" if self.counts is None else self.counts

    def row(self) -> dict[str, Any]:
        """The DAG as one row of the listing.

        :return: values by column
        """
        return _row(
            risk=self.risk,
            finding=self.is_finding,
            dag_id=self.dag_id,
            file=self.file,
            accounts={conn_id: list(tasks) for conn_id, tasks in self.accounts.items()},
            unknown=list(self.unknown),
            public=self.public,
            acknowledged_by=list(self.acknowledged_by),
        )


@dataclass(frozen=True)
class Report:
    """All findings.

    :param dags: DAGs that use accounts, or may use them
    :param import_errors: files that could not be loaded, with the last line of the reason
    """

    dags: tuple[AuditedDag, ...]
    import_errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many DAGs make the audit fail.

        :return: the number
        """
        return sum(dag.is_finding for dag in self.dags)

    def rows(self) -> list[dict[str, Any]]:
        """The findings as rows, the worst first, then the files that could not be loaded.

        :return: values by column; every row has the same columns
        """
        dags = [dag.row() for risk in RISKS for dag in self.dags if dag.risk == risk]
        files = [
            _row(risk=NOT_LOADED, file=file, problem=reason) for file, reason in self.import_errors.items()
        ]
        return [*dags, *files]


def _row(
    *,
    risk: str,
    file: str,
    dag_id: str | None = None,
    finding: bool = False,
    accounts: dict[str, list[str]] | None = None,
    unknown: Sequence[str] = (),
    public: str | None = None,
    acknowledged_by: Sequence[str] = (),
    problem: str | None = None,
) -> dict[str, Any]:
    return {
        "risk": risk,
        "finding": finding,
        "dag_id": dag_id,
        "file": file,
        "accounts": accounts or {},
        "unknown": list(unknown),
        "public": public,
        "acknowledged_by": list(acknowledged_by),
        "problem": problem,
    }
