"""Waits until the person for whom the run acts has signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSensorTimeout
from airflow.sdk.timezone import utcnow as now

from airflow_thirdparty.exceptions import (
    WORTH_WAITING,
    CannotDefer,
    ThirdPartyAccountError,
)
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.links.announcing import announce
from airflow_thirdparty.links.sign_in import SignInLink
from airflow_thirdparty.sensors import needs
from airflow_thirdparty.settings import defers_by_default
from airflow_thirdparty.wire import moment

__all__ = ["ThirdPartySignInSensor"]


class ThirdPartySignInSensor(BaseSensorOperator):
    """Waits until the person who triggered the run has signed in to the accounts, with the scopes needed.

    .. code-block:: python

        ThirdPartySignInSensor(task_id="signed_in", accounts=["github"], timeout=3600)

    :param accounts: ids of the accounts; by default all that the DAG uses, as its page shows them
    :param scopes: scopes that are needed, of every account or by the account's id, besides those that the
        DAG's tasks declare
    :param min_lifetime: seconds for which the tokens must at least still be good
    :param mode: ``reschedule``, since people take their time, or ``poke``, which holds a worker meanwhile
    :param deferrable: wait in the triggerer, which looks more often and holds no worker; where nothing can be
        handed to it, ``mode`` counts
    :param kwargs: what every sensor takes, such as ``timeout`` and ``poke_interval``
    """

    template_fields: Sequence[str] = ("accounts",)
    operator_extra_links = (SignInLink(),)
    ui_color = "#d9ece4"

    def __init__(
        self,
        *,
        accounts: Sequence[str] | str | None = None,
        scopes: Mapping[str, Sequence[str]] | Sequence[str] = (),
        min_lifetime: int = 0,
        mode: str = "reschedule",
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(mode=mode, **kwargs)
        self.accounts = accounts
        self.scopes = scopes
        self.min_lifetime = min_lifetime
        self.deferrable = defers_by_default() if deferrable is None else deferrable
        self.sign_in_address: str | None = None
        self._announced: list[str] = []

    @property
    def third_party_accounts(self) -> tuple[str, ...]:
        """The accounts, for the button *Sign in*."""
        return (self.accounts,) if isinstance(self.accounts, str) else tuple(self.accounts or ())

    def execute(self, context: Any) -> Any:
        """Wait.

        :param context: of the task instance
        :raises ThirdPartyAccountError: when waiting does not help, in words
        :return: nothing
        """
        if self.deferrable and self._has_to_wait(context):
            self._defer(context, now() + timedelta(seconds=self.timeout))
        return super().execute(context)

    def execute_complete(self, context: Any, event: Mapping[str, Any], ends_at: str | None = None) -> Any:
        """Go on once the triggerer saw everybody signed in; somebody may have signed out again meanwhile.

        :param context: of the task instance
        :param event: what the trigger says
        :param ends_at: when the wait is over, as an ISO time: ``timeout`` after the first deferral
        :raises ThirdPartyAccountError: when waiting did not help, in words
        :raises AirflowSensorTimeout: when it took too long
        :return: nothing
        """
        from airflow_thirdparty.triggers.base import check

        check(event)
        ends = moment(ends_at) if ends_at else now() + timedelta(seconds=self.timeout)
        if self._has_to_wait(context):
            if now() >= ends:
                raise AirflowSensorTimeout(
                    "The person for whom this run acts is not signed in everywhere, and "
                    f"{timedelta(seconds=self.timeout)} are over."
                )
            self._defer(context, ends)
        return super().execute(context)

    def _has_to_wait(self, context: Mapping[str, Any]) -> bool:
        """Look; what waiting does not help with is left to Airflow's sensor, where ``soft_fail`` counts."""
        try:
            return not self.poke(context)
        except ThirdPartyAccountError:
            return False

    def _defer(self, context: Mapping[str, Any], ends: datetime) -> None:
        """Hand the wait to the triggerer, or return where that cannot be."""
        from airflow_thirdparty.triggers.sign_in import ThirdPartySignInTrigger

        try:
            grants = {
                account: self._hook(account, context).get_grant(waits=True)
                for account in self.third_party_accounts
            }
        except CannotDefer as error:
            self.log.info("%s Waiting in mode %s.", error, self.mode)
            return
        self.defer(
            trigger=ThirdPartySignInTrigger(
                grants=grants, interval=self.poke_interval, min_lifetime=self.min_lifetime
            ),
            method_name="execute_complete",
            kwargs={"ends_at": ends.isoformat()},
            timeout=ends - now(),
        )

    def poke(self, context: Mapping[str, Any]) -> bool:
        """Look whether everything is there.

        :param context: of the task instance
        :raises ThirdPartyAccountError: when waiting does not help, such as when the run acts for nobody
        :return: whether it is
        """
        if self.accounts is None:
            self.accounts = needs.accounts_of_dag()
        accounts = self.third_party_accounts
        missing = [error for account in accounts if (error := self._missing(account, context))]
        if missing:
            self.sign_in_address = missing[0].link
        if [str(error) for error in missing] != self._announced:
            self._announced = [str(error) for error in missing]
            for error in missing:
                announce(self.log, error, "Waiting until that is mended.")
        return not missing

    def _missing(self, account: str, context: Mapping[str, Any]) -> ThirdPartyAccountError | None:
        try:
            self._hook(account, context).demand_sign_in(lasting=timedelta(seconds=self.timeout))
        except WORTH_WAITING as error:
            return error
        return None

    def _hook(self, account: str, context: Mapping[str, Any]) -> ThirdPartyAccountHook:
        given = self.scopes.get(account, ()) if isinstance(self.scopes, Mapping) else self.scopes
        declared = needs.declared_scopes(context.get("dag"), account)
        scopes = tuple(dict.fromkeys((*given, *declared)))
        return ThirdPartyAccountHook(account, scopes=scopes, min_lifetime=self.min_lifetime)
