"""The button *Sign in* on a task instance."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperatorLink

from airflow_thirdparty import settings
from airflow_thirdparty.wire import sign_in_page

__all__ = ["SignInLink"]


class SignInLink(BaseOperatorLink):
    """Leads to the page on which people sign in to the account of a task.

    An operator that has it says in ``sign_in_address`` where the server sent its person, and in
    ``third_party_accounts`` which accounts it uses.
    """

    name = "Sign in"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Where to sign in.

        :param operator: the operator, after its task has run
        :param ti_key: the task instance; the address is the same for all of them
        :return: what the server answered, or else the page at the operator's first account
        """
        accounts = getattr(operator, "third_party_accounts", ())
        known = getattr(operator, "sign_in_address", None)
        return str(known or sign_in_page(settings.base_url(), accounts[0] if accounts else None))
