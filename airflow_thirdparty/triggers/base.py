"""What our triggers have in common, and what they and their tasks say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow.sdk.exceptions import AirflowException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_thirdparty.exceptions import ThirdPartyAccountError, from_dict


class ActingTrigger(BaseTrigger):
    """A trigger that is made again from its arguments, as often as a triggerer starts.

    Airflow ends the whole triggerer when making a trigger raises, so arguments are only kept there.

    :param arguments: by name; those of the class
    """

    names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **arguments: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        for name in self.names:
            setattr(self, name, arguments[name])

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What it is made from again.

        :return: path of the class, and its arguments
        """
        cls = type(self)
        return f"{cls.__module__}.{cls.__name__}", {name: getattr(self, name) for name in self.names}


def succeeded(**payload: Any) -> TriggerEvent:
    """What was waited for is there.

    :param **payload: for the task
    :return: the event
    """
    return TriggerEvent({"status": "success", **payload})  # type: ignore[no-untyped-call]  # Airflow's


def failed(error: Exception) -> TriggerEvent:
    """An error on its way from a trigger to its task.

    :param error: what happened
    :return: the event
    """
    if isinstance(error, ThirdPartyAccountError):
        payload = {"status": "refused", "refusal": error.as_dict()}
    else:
        payload = {"status": "failed", "message": f"{type(error).__name__}: {error}"}
    return TriggerEvent(payload)  # type: ignore[no-untyped-call]  # Airflow's


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
