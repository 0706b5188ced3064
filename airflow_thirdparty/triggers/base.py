"""What our triggers have in common, and what they and their tasks say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow.sdk.exceptions import AirflowException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_thirdparty.exceptions import ThirdPartyAccountError, from_dict

SETTLES = 15.0
"""Seconds before a trigger fires. Airflow can fail a task whose trigger fires before its scheduler has seen
the end of the process that deferred it; on a busy machine that took more than 5 seconds."""


class ActingTrigger(BaseTrigger):
    """A trigger that is made again from its arguments, as often as a triggerer starts.

    Airflow ends the whole triggerer when making a trigger raises anything but ``TypeError``, so arguments are
    only kept there.

    :param arguments: by name; those of the class
    :raises TypeError: when one is missing, as after another version of this package deferred the task: then
        the trigger fails alone
    """

    names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **arguments: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        if missing := [name for name in self.names if name not in arguments]:
            raise TypeError(f"{type(self).__name__} lacks {', '.join(missing)}")
        for name in self.names:
            setattr(self, name, arguments[name])

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What it is made from again.

        :return: path of the class, and its arguments
        """
        cls = type(self)
        return f"{cls.__module__}.{cls.__name__}", {name: getattr(self, name) for name in self.names}


class QuietEvent(TriggerEvent):
    """An event whose content stays out of the log.

    Airflow writes every event into the task's log as it is spelled here.  A service may have answered what
    nobody wants there, or the credential itself, which in base64 no secrets masker recognises.

    :param payload: for the task
    """

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__(payload)  # type: ignore[no-untyped-call]  # Airflow's

    def __repr__(self) -> str:
        return f"TriggerEvent<{self.payload['status']}>"

    __str__ = __repr__


def succeeded(**payload: Any) -> TriggerEvent:
    """What was waited for is there.

    :param **payload: for the task
    :return: the event
    """
    return QuietEvent({"status": "success", **payload})


def failed(error: Exception, said: str = "") -> TriggerEvent:
    """An error on its way from a trigger to its task.

    :param error: what happened
    :param said: what it says, where that is not for everybody
    :return: the event
    """
    if isinstance(error, ThirdPartyAccountError):
        payload = {"status": "refused", "refusal": error.as_dict()}
    else:
        payload = {"status": "failed", "message": f"{type(error).__name__}: {said or error}"}
    return QuietEvent(payload)


def check(event: Mapping[str, Any]) -> None:
    """Raise what a trigger ran into.

    :param event: what the task was resumed with
    :raises ThirdPartyAccountError: when the person's login could not be used, in words
    :raises AirflowException: when anything else went wrong
    """
    if event["status"] == "refused":
        raise from_dict(event["refusal"])
    if event["status"] != "success":
        raise AirflowException(str(event["message"]))
