"""What ``make bench`` shows: one row for each figure, and what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]
"""What the benchmarks measured with one version of Airflow, by name of the benchmark."""


@dataclass(frozen=True)
class Row:
    """One figure, or several in a row of which the last one counts.

    :param label: what it is
    :param path: where it stands in the results
    :param at_most: what it should not exceed: a number, or where that stands
    :param at_least: what it should reach
    :param unit: what it is told in
    :param digits: after the point: more where two do not show on which side of its limit it is
    """

    label: str
    path: tuple[str, ...]
    at_most: float | tuple[str, ...] | None = None
    at_least: float | None = None
    unit: str = ""
    digits: int = 2

    def cell(self, figures: Figures) -> str:
        """The figure in words.

        :param figures: what was measured
        """
        found = _at(figures, self.path)
        if found is None:
            return "not measured"
        several = found if isinstance(found, list) else [found]
        low, high = _at(figures, (*self.path[:-1], f"{self.path[-1]}_spread")) or (None, None)
        spread = "" if low is None else f" ({low:.2f} to {high:.2f})"
        missed = "" if self.holds(several[-1], figures) else ", **missed**"
        shown = " / ".join(_number(figure, self.digits) for figure in several)
        return f"{shown}{self.unit}{spread}{missed}"

    def target(self, figures: Figures) -> str:
        """What it should be, in words.

        :param figures: what was measured
        """
        if isinstance(self.at_most, tuple):
            limit = _at(figures, self.at_most)
            return "" if limit is None else f"≤ {_number(limit)}, as vanilla"
        if self.at_most is not None:
            return f"≤ {_number(self.at_most)}{self.unit}"
        return f"≥ {_number(self.at_least)}{self.unit}" if self.at_least is not None else ""

    def holds(self, figure: float, figures: Figures) -> bool:
        """Whether it is what it should be.

        :param figure: what it is
        :param figures: what else was measured
        """
        limit = _at(figures, self.at_most) if isinstance(self.at_most, tuple) else self.at_most
        too_much = limit is not None and figure > limit
        too_little = self.at_least is not None and figure < self.at_least
        return not too_much and not too_little


def _at(figures: Figures, path: tuple[str, ...]) -> Any:
    found: Any = figures
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _number(figure: float, digits: int = 2) -> str:
    if not isinstance(figure, float):
        return f"{figure:,}"
    return f"{figure:,.{digits if figure >= 0.1 else 4}f}".rstrip("0").rstrip(".") or "0"


OURS, FOREIGN = "account, our hook", "account, foreign hook"
POSTGRES, SQLITE = "fetch, postgres", "fetch, sqlite"


def _counted(name: str, label: str) -> list[Row]:
    cases = {OURS: "our hook", FOREIGN: "foreign hook", "not ours": "a plain connection"}
    vanilla = ("counts", "vanilla", name)
    rows = [
        Row(f"{label}, {words}", ("counts", case, name), at_most=vanilla) for case, words in cases.items()
    ]
    return [*rows, Row(f"{label}, a refusal", ("counts", "refused", name))]


SECTIONS: dict[str, list[Row]] = {
    "An answer, times vanilla's for a plain connection, on Postgres": [
        Row("our hook: p50", (POSTGRES, OURS, "p50"), at_most=0.7),
        Row("our hook: p99", (POSTGRES, OURS, "p99"), at_most=0.7),
        Row("foreign hook: p50", (POSTGRES, FOREIGN, "p50"), at_most=0.7),
        Row("foreign hook: p99", (POSTGRES, FOREIGN, "p99"), at_most=0.7),
        Row("our hook: throughput", (POSTGRES, OURS, "throughput"), at_least=2),
        Row("foreign hook: throughput", (POSTGRES, FOREIGN, "throughput"), at_least=2),
        Row("our hook: server's CPU", (POSTGRES, OURS, "cpu"), at_most=0.6),
        Row("foreign hook: server's CPU", (POSTGRES, FOREIGN, "cpu"), at_most=0.6),
        Row("a plain connection: p50", (POSTGRES, "not ours", "p50"), at_most=1.03),
        Row("a refusal: p50", (POSTGRES, "refused", "p50"), at_most=2.0),
        Row("control: p50", (POSTGRES, "vanilla again", "p50")),
        Row("control: throughput", (POSTGRES, "vanilla again", "throughput")),
    ],
    "The same on SQLite": [
        Row("our hook: p50", (SQLITE, OURS, "p50"), at_most=1.0),
        Row("foreign hook: p50", (SQLITE, FOREIGN, "p50"), at_most=1.0),
        Row("our hook: throughput", (SQLITE, OURS, "throughput")),
        Row("a plain connection: p50", (SQLITE, "not ours", "p50"), at_most=1.03),
        Row("a refusal: p50", (SQLITE, "refused", "p50"), at_most=2.0),
        Row("control: p50", (SQLITE, "vanilla again", "p50")),
    ],
    "An answer, counted, on Postgres": [
        *_counted("queries", "queries"),
        *_counted("decryptions", "decryptions"),
        *_counted("hops", "thread hops"),
        *_counted("calls", "Python calls"),
        Row("of those this package's own, our hook", ("counts", OURS, "own")),
    ],
    "1,000,000 sign-ins, uses and records: at 1 % / 10 % / 100 %": [
        Row(name, ("growth", "ms", name), at_most=100.0, unit=" ms")
        for name in (
            "one sign-in",
            "my accounts",
            "where mine were used",
            "a task instance's tab",
            "an admin's accounts",
            "how much each was used",
            "a step of pruning",
        )
    ]
    + [
        Row("all orphaned", ("growth", "walk_s", "orphaned"), unit=" s"),
        Row("all departed", ("growth", "walk_s", "departed"), unit=" s"),
        Row("all idle", ("growth", "walk_s", "idle"), unit=" s"),
        Row("memory of these three", ("growth", "memory_mb"), at_most=50.0, unit=" MB"),
        Row("due records that pruning leaves", ("growth", "starved"), at_most=0),
    ],
    "Sealing anew with a new key": [
        Row("rows", ("reseal", "rows")),
        Row("rows a second", ("reseal", "rows_per_second"), at_least=2000),
        Row("a reader meanwhile: p50, times alone", ("reseal", "reader_p50")),
        Row("a reader meanwhile: p99", ("reseal", "reader_p99_ms"), unit=" ms"),
    ],
    "A process of a worker, and one of an API server": [
        Row("import beyond airflow.sdk", ("servers", "worker_import_ms"), at_most=30.0, unit=" ms"),
        Row(
            "start beyond vanilla, processor time",
            ("servers", "more", "start_cpu_s"),
            at_most=0.3,
            unit=" s",
        ),
        Row("memory beyond vanilla, at rest", ("servers", "more", "memory_mb"), at_most=10.0, unit=" MB"),
        Row(
            "the same, once both have answered",
            ("servers", "more", "memory_after_mb"),
            at_most=10.0,
            unit=" MB",
        ),
        Row("first answer", ("servers", "ours", "first_ms"), unit=" ms"),
        Row("the others", ("servers", "ours", "others_ms"), unit=" ms"),
        Row("vanilla's first answer", ("servers", "vanilla", "first_ms"), unit=" ms"),
        Row("idle: transactions a second", ("servers", "idle_transactions"), at_most=0.3),
    ],
    "Parsing 1,000 DAGs, half of them public, times without the policy": [
        Row("without accounts", ("policy", "ratio_without_connections"), at_most=1.05, digits=3),
        Row("with three accounts each", ("policy", "ratio_with_connections"), at_most=1.05, digits=3),
        Row("noise", ("policy", "noise")),
    ],
    "500 tasks at one expired sign-in, the service answering after 0, 2, 15 s": [
        Row("calls to the service, Postgres, 4 processes", ("storm", "postgres", "calls"), at_most=1),
        Row("lost, Postgres", ("storm", "postgres", "lost"), at_most=0),
        Row("calls to the service, SQLite, 1 process", ("storm", "sqlite", "calls"), at_most=1),
        Row("lost, SQLite", ("storm", "sqlite", "lost"), at_most=0),
    ],
    "200 kills in the middle of a refresh": [
        Row("tokens lost", ("kills", "lost"), at_most=0),
    ],
}
"""Everything, in the order in which it is shown."""
