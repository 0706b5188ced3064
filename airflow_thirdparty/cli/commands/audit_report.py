"""The audit's findings, as data and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_HEADINGS = (
    ("at_risk", "Public, uses accounts, and nobody acknowledged that"),
    ("acknowledged", "Public, uses accounts, and that was acknowledged"),
    ("quiet", "Uses accounts, or may use them"),
)


@dataclass(frozen=True)
class AuditedDag:
    """One DAG that uses accounts, or may use them.

    :param file: its file, relative to the folder or bundle
    :param risk: ``at_risk``, ``acknowledged`` or ``quiet``
    :param accounts: ids of tasks by account
    :param unknown: references whose account can only be known when the DAG runs
    :param public: why it is public, where that was looked at
    :param acknowledged_by: tags and params that acknowledge
    :param counts: whether it makes the audit fail
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
        """Whether the audit fails because of it."""
        return self.risk == "at_risk" if self.counts is None else self.counts

    def as_dict(self) -> dict[str, Any]:
        """The DAG as it is written in JSON."""
        return {
            "dag_id": self.dag_id,
            "file": self.file,
            "risk": self.risk,
            "finding": self.is_finding,
            "accounts": {conn_id: list(tasks) for conn_id, tasks in self.accounts.items()},
            "unknown": list(self.unknown),
            "public": self.public,
            "acknowledged_by": list(self.acknowledged_by),
        }


@dataclass(frozen=True)
class Report:
    """All findings.

    :param source: ``database`` or ``folder``
    :param accounts: ids of the accounts that were looked for
    :param dags: DAGs that use accounts, or may use them
    :param import_errors: files that could not be loaded, with the last line of the reason
    """

    source: str
    accounts: tuple[str, ...]
    dags: tuple[AuditedDag, ...]
    import_errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """Number of DAGs that make the audit fail."""
        return sum(dag.is_finding for dag in self.dags)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "source": self.source,
            "accounts": list(self.accounts),
            "found": self.found,
            "dags": [dag.as_dict() for dag in self.dags],
            "import_errors": dict(self.import_errors),
        }


def as_text(report: Report) -> str:
    """The report for a person.

    :param report: the findings
    """
    lines = []
    for risk, heading in _HEADINGS:
        dags = [dag for dag in report.dags if dag.risk == risk]
        if dags:
            lines += [f"{heading}:", *(line for dag in dags for line in _lines(dag)), ""]
    if report.import_errors:
        lines += ["Could not be loaded, so not looked at:"]
        lines += [f"  {file}: {reason}" for file, reason in report.import_errors.items()]
        lines += [""]
    count = report.found
    lines.append(f"{count} finding{'' if count == 1 else 's'}.")
    return "\n".join(lines)


def _lines(dag: AuditedDag) -> list[str]:
    lines = [f"  {dag.dag_id} ({dag.file})"]
    if dag.public:
        lines.append(f"    {dag.public}")
    for conn_id, tasks in dag.accounts.items():
        lines.append(f"    account {conn_id}: {', '.join(tasks) or 'task not told by its code'}")
    lines += [f"    only known when it runs: {place}" for place in dag.unknown]
    if dag.acknowledged_by:
        lines.append(f"    acknowledged by {', '.join(dag.acknowledged_by)}")
    return lines
