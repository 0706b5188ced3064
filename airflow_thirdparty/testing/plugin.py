"""The pytest plugin that comes with the package, under the entry point ``pytest11``.

pytest loads it wherever the package is installed, so it imports nothing else until a test uses its fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow_thirdparty.testing.accounts import ThirdPartyAccounts


@pytest.fixture
def third_party_accounts(monkeypatch: pytest.MonkeyPatch) -> ThirdPartyAccounts:
    """Accounts in place of an API server's: who acts, who is signed in where, what is refused."""
    from airflow_thirdparty.testing import accounts

    return accounts.serve(monkeypatch)
