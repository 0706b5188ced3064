"""Answers to human-in-the-loop tasks: whoever chooses among the options changes nothing, free input does."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.support.airflow import Airflow

PARAMS = {"amount": {"value": 1, "description": None, "schema": {"type": "integer"}}}
NOBODY = "data_by_other_user"


class Question:
    """A task of a run of Alice's that waits for an answer, and the one after it."""

    def __init__(self, server: Airflow, *assigned: str) -> None:
        self.server = server
        self.run_id = server.trigger("alice")
        self.ti_id = server.start("by_hand", self.run_id)
        users = server.users.by_name()
        body = {
            "ti_id": str(self.ti_id),
            "options": ["Approve", "Reject"],
            "subject": "May it?",
            "params": PARAMS,
            "assigned_users": [{"id": str(users[name].get_id()), "name": name} for name in assigned],
        }
        server.execution(self.ti_id, "POST", f"/hitlDetails/{self.ti_id}", expect=201, json=body)
        wait_for_answer(self.ti_id)

    def answer(self, user: str, expect: int = 200, **body: Any) -> Any:
        path = f"/dags/by_hand/dagRuns/{self.run_id}/taskInstances/first/-1/hitlDetails"
        body = {"chosen_options": ["Approve"], "params_input": {}, **body}
        return self.server.rest(user, "PATCH", path, expect=expect, json=body)

    def acts_for(self) -> str:
        return self.server.acts_for("by_hand", self.run_id, "second")

    def tab(self) -> dict[str, Any]:
        path = f"/task-instances/by_hand/{self.run_id}/first/-1/account"
        return dict(self.server.page("viewer", "GET", path))


def wait_for_answer(ti_id: uuid.UUID) -> None:
    """Park a task as this Airflow does: without a trigger where it can."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState

    with create_session(scoped=False) as session:
        state = getattr(TaskInstanceState, "AWAITING_INPUT", TaskInstanceState.DEFERRED)
        session.get_one(TaskInstance, ti_id).state = state


@pytest.mark.parametrize("user", ["alice", "bob"])
@pytest.mark.parametrize("given", [{}, {"amount": 1}], ids=["nothing filled in", "the default filled in"])
def test_a_choice_is_no_rerun_whoever_chooses(server: Airflow, user: str, given: dict[str, int]):
    question = Question(server)
    question.answer(user, params_input=given)
    assert question.acts_for() == "alice"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"amount": 1000}, id="another value than the default"),
        pytest.param({"amount": 1, "to": "bob"}, id="a field that is not declared"),
    ],
)
@pytest.mark.parametrize(("user", "expected"), [("alice", "alice"), ("bob", NOBODY)])
def test_free_input_of_somebody_else_acts_for_nobody(
    server: Airflow, given: dict[str, Any], user: str, expected: str
):
    question = Question(server)
    question.answer(user, params_input=given)
    assert question.acts_for() == expected


def test_who_is_named_by_the_task_was_asked_for_their_words(server: Airflow):
    question = Question(server, "bob")
    question.answer("carol", expect=403, params_input={"amount": 5})
    question.answer("bob", params_input={"amount": 1000})
    assert question.acts_for() == "alice"


def test_an_answer_covers_no_rerun_of_the_same_person(server: Airflow):
    question = Question(server)
    question.answer("bob")
    body = {"new_state": "success"}
    server.rest("bob", "PATCH", f"/dags/by_hand/dagRuns/{question.run_id}/taskInstances/first", json=body)
    assert question.acts_for() == "rerun_by_other_user"


def test_the_tab_says_who_answered_what(server: Airflow):
    question = Question(server)
    assert question.tab()["human_answer"] is None
    question.answer("bob", params_input={"amount": 1000})
    answer = question.tab()["human_answer"]
    assert (answer["user_name"], answer["options"]) == ("bob", ["Approve"])
    assert answer["free_input"] == ["amount"]
    assert "1000" not in str(answer)
    reason = question.tab()["acting_user"]["reason"]
    assert "new run" in reason
    assert "bob" not in reason
