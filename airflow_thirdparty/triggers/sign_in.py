"""Waits in the triggerer until a person has signed in; no token comes here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from airflow.triggers.base import TriggerEvent

from airflow_thirdparty.exceptions import WORTH_WAITING, ThirdPartyAccountError
from airflow_thirdparty.triggers.base import SETTLES, ActingTrigger, failed, succeeded
from airflow_thirdparty.triggers.exchange import Exchange


class ThirdPartySignInTrigger(ActingTrigger):
    """Fires when the person is signed in to every account.

    Its arguments: ``grants``, sealed ones that wait, by the account's id; ``interval``, in seconds;
    ``min_lifetime`` of the tokens, as the task itself will ask for it: else it would defer again at once.
    """

    names = ("grants", "interval", "min_lifetime")
    grants: dict[str, str]
    interval: float
    min_lifetime: int

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, again and again.

        :yields: that everything is there, or what waiting does not mend
        """
        await asyncio.sleep(SETTLES)
        try:
            for conn_id, grant in self.grants.items():
                await self._wait_for(Exchange(conn_id, grant))
        except ThirdPartyAccountError as error:
            yield failed(error)
        else:
            yield succeeded()

    async def _wait_for(self, exchange: Exchange) -> None:
        while True:
            with suppress(*WORTH_WAITING):
                await exchange.ask(min_lifetime=self.min_lifetime)
                return
            await asyncio.sleep(self.interval)
