"""A sign-in, from the button to the row, on both databases: they have to hold it together."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_thirdparty.server.broker.sign_in import begun
from airflow_thirdparty.server.store.seal import SealContext
from tests.support import databases, loopback
from tests.support.faulty_service_client import Remote
from tests.support.logging_in import log_out
from tests.support.people import Person
from tests.support.signing_in import answered, query, rows, sign_in, started, view, with_query

pytestmark = databases.BOTH


def test_the_plain_way(alice: Person, account: str, provider: Remote) -> None:
    assert sign_in(alice, account).status_code == 200
    assert rows() == {"sign_in": 1, "authorization": 0, "revocation": 0}
    assert view(alice, account)["identity"]["subject"] == "alice-there"
    assert provider.calls("token") == 1


def test_swapped_codes_are_worth_nothing(alice: Person, bob: Person, account: str, provider: Remote) -> None:
    of_alice, of_bob = answered(started(alice.browser, account)), answered(started(bob.browser, account))
    swapped = [
        alice.browser.get(with_query(of_alice, code=query(of_bob)["code"])),
        bob.browser.get(with_query(of_bob, code=query(of_alice)["code"])),
    ]
    assert [answer.status_code for answer in swapped] == [403, 403]
    assert all("did not accept" in answer.text for answer in swapped)
    assert rows() == {"sign_in": 0, "authorization": 0, "revocation": 0}


@pytest.fixture
def slow_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets all requests read a sign-in before the first of them has taken it."""
    opened = begun.open_sealed

    def later(sealed: str, place: SealContext) -> str:
        time.sleep(0.1)
        return opened(sealed, place)

    monkeypatch.setattr(begun, "open_sealed", later)


@pytest.mark.usefixtures("slow_opening")
def test_a_callback_counts_once(alice: Person, account: str, provider: Remote) -> None:
    callback = answered(started(alice.browser, account))
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in alice.browser.cookies.jar)
    with ThreadPoolExecutor(20) as pool:
        statuses = list(
            pool.map(
                lambda _: loopback.get(callback, headers={"Cookie": cookies}, timeout=60).status_code,
                range(20),
            )
        )
    assert sorted(statuses) == [200] + [403] * 19
    assert provider.calls("token") == 1
    assert rows() == {"sign_in": 1, "authorization": 0, "revocation": 0}


def test_somebody_else_there_is_asked_about(alice: Person, account: str, provider: Remote) -> None:
    sign_in(alice, account)
    provider.configure(subject="mallory-there")
    refused = sign_in(alice, account)
    assert refused.status_code == 400
    assert "mallory-there" in refused.text.lower()
    assert view(alice, account)["identity"]["subject"] == "alice-there"
    assert rows() == {"sign_in": 1, "authorization": 0, "revocation": 1}, "what was not kept is given back"
    assert sign_in(alice, account, confirm_other_subject=True).status_code == 200
    assert view(alice, account)["identity"]["subject"] == "mallory-there"


@pytest.mark.usefixtures("slow_opening")
def test_a_kept_answer_counts_once(alice: Person, account: str, provider: Remote) -> None:
    callback = answered(started(alice.browser, account))
    assert log_out(alice.browser).get(callback).status_code == 303
    alice.browser.cookies.set("_token", alice.jwt)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in alice.browser.cookies.jar)
    resumed = f"{callback.partition('?')[0]}/resume"
    with ThreadPoolExecutor(20) as pool:
        statuses = list(
            pool.map(
                lambda _: loopback.get(resumed, headers={"Cookie": cookies}, timeout=60).status_code,
                range(20),
            )
        )
    assert sorted(statuses) == [200] + [403] * 19
    assert provider.calls("token") == 1
    assert rows() == {"sign_in": 1, "authorization": 0, "revocation": 0}
