"""What ``make bench`` shows: one row for each figure, and what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure.

    :param label: what it is
    :param path: where it stands in the results
    :param at_most: what it should not exceed
    :param at_least: what it should reach
    """

    label: str
    path: tuple[str, ...]
    at_most: float | None = None
    at_least: float | None = None

    def figure(self, figures: dict[str, Any]) -> Any:
        """The figure; ``None`` where it was not measured."""
        found: Any = figures
        for name in self.path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def target(self) -> str:
        """What it should be, in words."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return f"at least {self.at_least:g}" if self.at_least is not None else ""

    def holds(self, figure: float) -> bool:
        """Whether it is what it should be."""
        too_much = self.at_most is not None and figure > self.at_most
        too_little = self.at_least is not None and figure < self.at_least
        return not too_much and not too_little


def fetches(key: str) -> Iterator[Row]:
    """The rows of one run of the fetch benchmark.

    :param key: its name in the results
    """
    sqlite = "sqlite" in key
    for name in ("account, our hook", "account, foreign hook"):
        yield Row(f"{name}: p50", (key, name, "p50"), at_most=1.0 if sqlite else 0.7)
        if not sqlite:
            yield Row(f"{name}: p99", (key, name, "p99"), at_most=0.7)
    if not sqlite:
        yield Row("account, our hook: throughput", (key, "account, our hook", "throughput"), at_least=2)
        yield Row("account, our hook: server's CPU", (key, "account, our hook", "cpu"), at_most=0.6)
        yield Row("not ours: p50", (key, "not ours", "p50"), at_most=1.03)
    yield Row("refused: p50", (key, "refused", "p50"), at_most=2)
    yield Row("control: p50", (key, "vanilla again", "p50"))


OTHERS = (
    Row("parsing 1,000 DAGs without accounts", ("policy", "ratio_without_connections"), at_most=1.05),
    Row("parsing 1,000 DAGs with accounts", ("policy", "ratio_with_connections"), at_most=1.05),
    Row("tokens lost in 200 kills", ("kills", "lost"), at_most=0),
)
