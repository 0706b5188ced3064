"""Puts a refusal into a task's log: the words, and the address that mends it as a line of its own, a link."""

from __future__ import annotations

from typing import Any

from airflow_thirdparty.exceptions import ThirdPartyAccountError


def announce(log: Any, error: ThirdPartyAccountError, waiting: str = "") -> None:
    """Say what is missing, and where it is mended; once, unless the task waits for it.

    :param log: the task's
    :param error: the refusal
    :param waiting: what the task does about it; by default it is told what people do
    """
    if error.announced and not waiting:
        return
    error.announced = True
    say = log.warning if waiting else log.error
    say("%s", " ".join(part for part in (error.message, waiting or error.remedy) if part))
    if error.link:
        say("%s", error.link)
