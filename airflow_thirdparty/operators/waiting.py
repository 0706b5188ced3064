"""Waits for the acting person to sign in, as a required action of theirs where Airflow has those."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk.timezone import utcnow as now

from airflow_thirdparty.exceptions import ScopesMissing, SignInLapsed, SignInRequired, ThirdPartyAccountError
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.links.announcing import announce
from airflow_thirdparty.wire import RESUME_METHOD

BY_THE_PERSON = (SignInRequired, SignInLapsed, ScopesMissing)
"""What only the person can mend."""

LONGEST = timedelta(days=7)
"""How long is waited when nothing else is said: as long as a sensor waits by default."""

POLL = 30.0
"""Seconds between two looks where a worker waits; nobody signs in much faster."""

OPTION = "I have signed in"
"""Airflow wants one button at least; without having signed in, it leads to the same question again."""


def longest(wait: bool | float | timedelta) -> timedelta | None:
    """How long to wait at most.

    :param wait: as the operator was told
    :return: ``None``: not at all
    """
    if wait is True:
        return LONGEST
    return wait if isinstance(wait, timedelta) else timedelta(seconds=wait) if wait else None


def wait_for(hook: ThirdPartyAccountHook, log: Any, context: Mapping[str, Any], ends: datetime) -> None:
    """Return once the person is signed in, or park the task until then.

    :param hook: of the account
    :param log: the task's
    :param context: of the task instance
    :param ends: when the wait is over
    :raises ThirdPartyAccountError: when waiting does not help, or it took too long
    """
    announced = ""
    while True:
        try:
            hook.demand_sign_in()
            return
        except BY_THE_PERSON as error:
            if error.acting_user is None or now() >= ends:
                raise
            if str(error) != announced:
                announced = str(error)
                announce(log, error, "Waiting until that is mended.")
            _park(hook, error, context, ends)
        time.sleep(POLL)


def _park(
    hook: ThirdPartyAccountHook,
    error: ThirdPartyAccountError,
    context: Mapping[str, Any],
    ends: datetime,
) -> None:
    """Make it a required action, which holds no worker; return where Airflow cannot (before 3.3)."""
    try:
        from airflow.sdk.exceptions import TaskAwaitingInput
    except ImportError:
        return
    from airflow.sdk.execution_time.hitl import upsert_hitl_detail

    assert error.acting_user is not None  # noqa: S101  # looked at by the caller
    user_id, name = error.acting_user
    upsert_hitl_detail(
        ti_id=context["ti"].id,
        options=[OPTION],
        subject=error.message,
        body=f"[Sign in]({error.link}). The task goes on by itself within a minute." if error.link else None,
        params={},  # Airflow takes no null here
        assigned_users=[{"id": user_id, "name": name}],
    )
    arguments = {
        "third_party_accounts": {hook.third_party_account_conn_id: list(hook.scopes)},
        "ends_at": ends.isoformat(),
    }
    raise TaskAwaitingInput(method_name=RESUME_METHOD, kwargs=arguments, timeout=ends - now())
