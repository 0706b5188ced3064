"""Tries the demo unattended: two people sign in and trigger one DAG, a third never signed in."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from airflow_thirdparty import wire
from airflow_thirdparty.demo import browser, messages
from airflow_thirdparty.demo.account import CONN_ID
from airflow_thirdparty.demo.environment import DAG_ID
from airflow_thirdparty.demo.errors import DemoError
from airflow_thirdparty.demo.rest import AirflowClient
from airflow_thirdparty.demo.state import State
from airflow_thirdparty.demo.users import ALICE, BOB, CAROL, User

TASK_ID = "ask_the_service"
RUN_SECONDS = 120
"""For one run: ten times what it takes on an idle machine."""

REFUSAL = "SignInRequired"


@dataclass(frozen=True)
class Outcome:
    """How one person's run ended.

    :param user: who triggered it
    :param saw: whom the service saw, if the task succeeded
    :param refusal: what the task's log says, if it was refused
    """

    user: User
    saw: str | None = None
    refusal: str | None = None

    def row(self) -> tuple[str, str]:
        """As the table shows it."""
        return self.user.name, self.saw or f"nobody: {self.refusal}"


def check(state: State, progress: messages.Progress) -> bool:
    """Try it all, and print how it went.

    :param state: of a running demo
    :param progress: told about every step
    :return: whether everybody acted as themselves, and the third was refused
    """
    with browser.open_browser() as chromium:
        for user in (ALICE, BOB):
            progress.say(f"{user.name} signs in to {CONN_ID} in a browser")
            with browser.page_of(chromium, user, state.base_url, state.logs) as page:
                browser.sign_in(page, CONN_ID, user.name)
    progress.say(f"alice, bob and carol trigger {DAG_ID}")
    clients = [AirflowClient(state.server_url, user) for user in (ALICE, BOB, CAROL)]
    runs = [client.trigger(DAG_ID) for client in clients]
    outcomes = [_outcome(client, run_id) for client, run_id in zip(clients, runs, strict=True)]
    progress.say("done")
    print("\n" + messages.table(("triggered by", "the service saw"), [one.row() for one in outcomes]) + "\n")
    return _as_it_should_be(outcomes, state)


def _as_it_should_be(outcomes: list[Outcome], state: State) -> bool:
    alice, bob, carol = outcomes
    page = state.base_url + wire.WEB_PREFIX
    refused = carol.saw is None and REFUSAL in str(carol.refusal) and page in str(carol.refusal)
    for holds, text in (
        (alice.saw == ALICE.name, "alice's run did not act as alice"),
        (bob.saw == BOB.name, "bob's run did not act as bob"),
        (refused, f"carol, who never signed in, was not told to sign in at {page}"),
    ):
        if not holds:
            messages.failed(text)
            return False
    print("Each acted as themselves, and who had not signed in was told where to.")
    return True


def _outcome(client: AirflowClient, run_id: str) -> Outcome:
    run = f"/api/v2/dags/{DAG_ID}/dagRuns/{run_id}"
    task = f"{run}/taskInstances/{TASK_ID}"
    deadline = time.monotonic() + RUN_SECONDS
    while (status := client.call("GET", run)["state"]) not in ("success", "failed"):
        if time.monotonic() > deadline:
            raise DemoError(f"{client.user.name}'s run is still {status} after {RUN_SECONDS} s")
        time.sleep(0.5)
    if status == "success":
        answer = client.call("GET", f"{task}/xcomEntries/return_value")["value"]
        return Outcome(client.user, saw=_subject(answer))
    return Outcome(client.user, refusal=_error(client.call("GET", f"{task}/logs/1")["content"]))


def _subject(answer: Any) -> str:
    known = json.loads(answer) if isinstance(answer, str) else answer
    return str(known["sub"])


def _error(lines: list[dict[str, Any]]) -> str:
    """What the log says about why the task failed: the error's name and text."""
    for line in lines:
        for error in line.get("error_detail") or ():
            return f"{error.get('exc_type')}: {error.get('exc_value')}"
    return "the task's log names no error"
