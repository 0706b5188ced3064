"""What a check of an account found, step by step."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from airflow_thirdparty.exceptions import AccountMisconfigured, ThirdPartyAccountError
from airflow_thirdparty.server.reasons import Values, reason

Outcome = Literal["fine", "change", "unknown"]
"""What is known of a step: it works, something has to be changed, or only a sign-in shows."""


@dataclass(frozen=True)
class Finding:
    """What a step found.

    :param step: which, as the page calls it
    :param text: what was seen
    :param remedy: what to change; empty where nothing is
    :param code: the same as a code that pages have words for; empty where there is none
    :param values: what stands in those words
    """

    step: str
    outcome: Outcome
    text: str
    remedy: str = ""
    code: str = ""
    values: Values = field(default_factory=dict)

    def problem(self) -> AccountMisconfigured:
        """The same as what is wrong with the account.

        :return: the error
        """
        return AccountMisconfigured(self.text, self.remedy, reason=self.code, values=self.values)


def found(step: str, outcome: Outcome, code: str, /, **values: str) -> Finding:
    """Say what a step found.

    :param step: which, as the page calls it
    :param outcome: what is known of it
    :param code: what was seen
    :param values: what stands in the words for it
    :return: the finding
    """
    seen = reason(code, **values)
    return Finding(step, outcome, seen.text, seen.remedy, seen.code, seen.values)


def refused(step: str, outcome: Outcome, error: ThirdPartyAccountError) -> Finding:
    """Say that a step failed.

    :param step: which, as the page calls it
    :param outcome: what is known of it
    :param error: why
    :return: the finding
    """
    return Finding(step, outcome, error.message, error.remedy, error.reason, error.values)


@dataclass(frozen=True)
class Report:
    """What a check found.

    :param at: when it was made; a moment ago when it is not repeated so soon
    """

    at: datetime
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """Of all steps: wrong if one is, else working if the service has accepted the client."""
        if any(finding.outcome == "change" for finding in self.findings):
            return "change"
        proven = any(finding.step == "client" and finding.outcome == "fine" for finding in self.findings)
        return "fine" if proven else "unknown"


def read(text: str, at: datetime) -> Report:
    """Read a report as it was kept.

    :param text: JSON
    :param at: when it was made
    :return: the report
    """
    return Report(at, tuple(Finding(**each) for each in json.loads(text)))
