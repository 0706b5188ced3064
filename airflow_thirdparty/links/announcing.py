"""Puts the address that mends a refusal into a task's log: a line of its own, shown as a link."""

from __future__ import annotations

from typing import Any

from airflow_thirdparty.exceptions import ThirdPartyAccountError


def announce(log: Any, error: ThirdPartyAccountError, waiting: str = "") -> None:
    """Say what is missing, and where it is mended.

    :param log: the task's
    :param error: the refusal
    :param waiting: what the task does about it
    """
    log.warning("%s", " ".join(part for part in (error.message, waiting) if part))
    if error.link:
        log.warning("%s", error.link)
