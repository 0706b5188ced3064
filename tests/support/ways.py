"""Both ways in which a task's question for an account is answered: whatever holds must hold in each.

Tests that use the fixture ``way`` run twice, in a server of this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass
class Way:
    """The way in which questions are answered meanwhile.

    :param name: ``short``: whatever can be is answered by the short path, also the first question for a bare
        id; ``long``: nothing is
    :param short: how many questions the short path answered
    :param refused: for how many it told the long way why nothing is answered
    :param asked: how many it was asked
    """

    name: str
    short: int = 0
    refused: int = 0
    asked: int = 0

    def go(self, patch: pytest.MonkeyPatch, name: str) -> None:
        """Answer in one way from now on.

        :param patch: undoes it
        :param name: ``short`` or ``long``
        """
        from airflow_thirdparty.server.broker.tokens.granting import Refused
        from airflow_thirdparty.server.execution.airflow_route import PATH
        from airflow_thirdparty.server.execution.middleware import AccountHints
        from airflow_thirdparty.server.execution.short_path import ShortPath

        answer = _ANSWER or _remember(ShortPath.answer)

        async def counted(path: ShortPath, scope: Any, question: Any) -> Any:
            if name == "long":
                return None
            self.asked += 1
            found = await answer(path, scope, question)
            self.refused += isinstance(found, Refused)
            self.short += found is not None and not isinstance(found, Refused)
            return found

        def hinted(_hints: AccountHints, scope: Any) -> str | None:
            _, path, asked_id = scope["path"].rpartition(PATH)
            return asked_id if path and scope["method"] == "GET" else None

        self.name = name
        patch.setattr(ShortPath, "answer", counted)
        patch.setattr(AccountHints, "asked", hinted)


_ANSWER: Any = None


def _remember(answer: Any) -> Any:
    global _ANSWER  # the one that is patched away
    _ANSWER = answer
    return answer


@pytest.fixture(params=["short", "long"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    """Answer in each way."""
    made = Way(request.param)
    made.go(monkeypatch, request.param)
    yield made
    if made.name == "long":
        assert (made.short, made.refused) == (0, 0)
