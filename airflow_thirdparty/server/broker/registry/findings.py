"""What a check of an account found, step by step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["fine", "change", "unknown"]
"""What is known of a step: it works, something has to be changed, or only a sign-in shows."""


@dataclass(frozen=True)
class Finding:
    """What a step found.

    :param step: which, as the page calls it
    :param text: what was seen
    :param remedy: what to change; empty where nothing is
    """

    step: str
    outcome: Outcome
    text: str
    remedy: str = ""


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
