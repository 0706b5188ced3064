"""What ``requests`` does by itself: a login of the machine's ``.netrc`` file takes the place of any other."""

from __future__ import annotations

from requests.utils import get_netrc_auth

from airflow_thirdparty.exceptions import LeavesAccount


def demand_no_login_of_the_machine(url: str, conn_id: str) -> None:
    """Refuse an address for which this machine has a login of its own.

    :param url: where a request would go
    :param conn_id: id of the account
    :raises LeavesAccount: when the request would go there as the machine, and not as the person
    """
    if get_netrc_auth(url) is not None:
        raise LeavesAccount(
            f"This machine's .netrc file has a login for the service of the third-party account '{conn_id}', "
            "and requests would send that one, not the person's.",
            "Take the service out of that file, or let the variable NETRC name another one.",
        )
