"""Whether one scope is covered by others, though services rename, widen and leave out: pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Checked = Literal["answer", "callback", "no"]

UNECHOED = frozenset(
    {
        *("openid", "profile", "email", "address", "phone"),  # OpenID Connect Core 5.4
        *("offline_access", "refresh_token", "offline", "offline.access"),  # asks for a refresh token
    }
)
"""Scopes about who somebody is, or that ask for a refresh token; services leave them out of what they say is
granted, or rename them."""


@dataclass(frozen=True)
class ScopeRules:
    """How a service spells scopes in its answers.

    :param checked: whether what its token ``answer`` or its ``callback`` says is granted can be compared with
        what was asked for, or ``no``
    :param implies: what a scope includes, by scope; what it includes may include more
    :param ignores_case: whether ``user.read`` and ``User.Read`` are one scope
    :param prefixes: what may stand before a scope and means nothing
    :param unechoed: further scopes that are never said to be granted
    """

    checked: Checked = "answer"
    implies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignores_case: bool = False
    prefixes: tuple[str, ...] = ()
    unechoed: tuple[str, ...] = ()

    def missing(self, wanted: Iterable[str], *held: Iterable[str]) -> tuple[str, ...]:
        """The scopes that nothing covers.

        :param wanted: what is asked for
        :param held: what there is
        :return: those of ``wanted`` that are missing, in its order and spelling
        """
        if self.checked == "no":
            return ()
        covered = self._with_implied(scope for one in held for scope in one)
        covered |= {self._plain(scope) for scope in (*UNECHOED, *self.unechoed)}
        words = (word for scope in wanted for word in scope.replace(",", " ").split())
        return tuple(word for word in words if word not in covered and self._plain(word) not in covered)

    def _plain(self, scope: str) -> str:
        for prefix in self.prefixes:
            scope = scope.removeprefix(prefix)
        return scope.casefold() if self.ignores_case else scope

    def _with_implied(self, scopes: Iterable[str]) -> set[str]:
        implies = {self._plain(scope): included for scope, included in self.implies.items()}
        found: set[str] = set()
        left = [self._plain(word) for scope in scopes for word in scope.replace(",", " ").split()]
        while left:
            scope = left.pop()
            if scope not in found:
                found.add(scope)
                left += [self._plain(included) for included in implies.get(scope, ())]
        return found
