"""The module behind the ``airflow.policy`` entry point: tags DAGs that use accounts, warns of public ones.

Airflow imports it in every process before logging is set up, so what it imports is small and needs nothing
but Python and Airflow's configuration; all of it is imported here, once, and not in every process that parses
a file.  It runs last, so that it sees what an admin's own policies made of the DAG, and it does nothing where
a worker parses a file.  Nothing but a violation in mode ``error`` ever leaves it.
"""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow.configuration import get_airflow_home
from airflow.policies import hookimpl

from airflow_thirdparty import dag_tags, settings
from airflow_thirdparty.policies import messages
from airflow_thirdparty.policies.account_ids import (
    AccountIdCache,
    is_supervised,
    read_variable,
)
from airflow_thirdparty.policies.analysis.references import references
from airflow_thirdparty.policies.assessment import Assessment, judge
from airflow_thirdparty.policies.own_files import CacheUnusableError
from airflow_thirdparty.policies.reported import Reported
from airflow_thirdparty.policies.rules import Configured, Mode, Rules

log = logging.getLogger(__name__)

_MEMORY_LIFETIME = 5.0
"""Seconds for which options and ids are kept in the process: the DAGs of one file ask once."""


@dataclass
class _Memory:
    """What one process asks for once, not once per DAG: a file may make hundreds of them."""

    rules: Rules
    account_ids: frozenset[str]
    until: float
    reports: Path | None = None
    reported: Reported | None = None

    def has_told(self, file: str) -> bool:
        """Whether the log was told of a DAG of this file in this parse.

        :param file: the DAGs' file
        :return: whether
        """
        return self.reported is not None and self.reported.file == file and self.reported.told

    def is_news(self, file: str, dag_id: str, text: str) -> bool:
        """Whether there is something to say that the log was not told before.

        A command's user is told every time; only a DAG processor, which parses again and again, remembers.

        :param file: the DAG's file
        :param dag_id: id of the DAG
        :param text: what there is to say; empty for nothing
        :return: whether to say it
        """
        if self.reports is None:
            return bool(text)
        if self.reported is None or self.reported.file != file:
            self.reported = Reported(self.reports, file)
        return self.reported.is_news(dag_id, text)


_memory: _Memory | None = None

for _option in (
    "account_ids_file",
    "public_dag_policy",
    "public_dag_tags",
    "public_roles",
    "acknowledgement_tag",
    "acknowledgement_param",
):
    # Here once, and not in every process that parses a file.  Whatever goes wrong, Airflow starts, and it is
    # said at a DAG; and the settings are not there yet where they are what has Airflow imported.
    with contextlib.suppress(Exception):
        getattr(settings, _option)()


def forget() -> None:
    """Read the list again at the next DAG, and of the configuration what the environment has changed."""
    global _memory
    _memory = None


def _remembered() -> _Memory:
    global _memory
    if _memory is None or time.monotonic() >= _memory.until:
        before = _memory.reported if _memory else None
        ids, reports = _account_ids()
        _memory = _Memory(Configured(), ids, time.monotonic() + _MEMORY_LIFETIME, reports, before)
    return _memory


@hookimpl(trylast=True)
def dag_policy(dag: Any) -> None:
    """Judge one DAG.

    :param dag: the DAG as its file made it
    :raises AirflowClusterPolicyViolation: in mode ``error``, when the DAG is public, uses accounts, and
        nobody acknowledged that
    """
    refusal = None
    try:
        if not _is_worker():
            refusal = _judge(dag)
    except Exception:
        log.exception("The policy for third-party accounts failed; DAG %s stays as it is", dag.dag_id)
    if refusal is not None:
        from airflow.exceptions import AirflowClusterPolicyViolation

        raise AirflowClusterPolicyViolation(refusal)


def _is_worker() -> bool:
    from airflow.sdk import get_parsing_context

    return get_parsing_context().dag_id is not None


def _judge(dag: Any) -> str | None:
    memory = _remembered()
    rules = memory.rules
    dag.tags.difference_update(dag_tags.STATES)
    found = references(dag, memory.account_ids)
    file = str(dag.fileloc or dag.dag_id)
    if not found:
        memory.is_news(file, dag.dag_id, "")
        return None
    assessment = judge(dag, found, rules)
    dag.tags.update(assessment.tags(rules.mode))
    if rules.mode is Mode.OFF:
        return None
    if assessment.at_risk and rules.mode is Mode.WARN and memory.has_told(file):
        return None  # of another DAG; of this one at a later parse
    danger = messages.at_risk(assessment, rules) if assessment.at_risk else ""
    if danger and rules.mode is Mode.ERROR:
        return danger
    said = [_doubt(assessment), danger]
    if memory.is_news(file, dag.dag_id, "".join(said)):
        _report(assessment, said, file)
    return None


def _account_ids() -> tuple[frozenset[str], Path | None]:
    """The ids of all accounts, and the folder of what was reported, where that is remembered."""
    published = AccountIdCache(
        read_variable, settings.fernet_key, settings.account_ids_file, get_airflow_home()
    )
    try:
        ids = published.ids() or frozenset()
    except CacheUnusableError as problem:
        log.warning(
            "The list of third-party accounts is not read, because it can be kept nowhere (%s). "
            "Set [third_party_accounts] account_ids_file to a file that only Airflow can write.",
            problem,
        )
        return frozenset(), None
    kept_at = published.kept_at if is_supervised() else None
    return ids, kept_at and kept_at.with_suffix(".reported")


def _doubt(assessment: Assessment) -> str:
    foreign_unknown = any(not reference.ours for reference in assessment.unknown)
    if assessment.public_access and foreign_unknown and not assessment.acknowledgement.everything:
        return messages.unknown(assessment)
    return ""


def _report(assessment: Assessment, said: Iterable[str], file: str) -> None:
    """Log, and warn of a DAG at risk; in a DAG processor that would be the same line a second time."""
    for text in filter(None, said):
        log.warning("%s", text)
    if assessment.at_risk and not is_supervised():
        short = messages.PublicDagWarning(messages.in_short(assessment))
        with contextlib.suppress(messages.PublicDagWarning):  # where warnings are made errors
            warnings.warn_explicit(short, messages.PublicDagWarning, filename=file, lineno=1)
