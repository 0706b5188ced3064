"""Shows what the benchmarks measured: one table, ``docs/performance.md`` and ``docs/images/bench.svg``.

python -m benchmarks.report
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.rows import OTHERS, fetches

ROOT = Path(__file__).parents[1]
PAGE, PICTURE = ROOT / "docs" / "performance.md", ROOT / "docs" / "images" / "bench.svg"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
BENCHMARKS = ("counts", "fetch, postgres", "fetch, sqlite", "policy", "refresh_storm", "kills")


def table(figures: dict[str, Any]) -> str:
    """All figures, as Markdown.

    :param figures: what the benchmarks wrote
    """
    parts = [_counts(figures["counts"])] if "counts" in figures else []
    parts.extend(_fetches(key, figures) for key in sorted(figures) if key.startswith("fetch, "))
    parts.append(_others(figures))
    missing = [name for name in BENCHMARKS if not any(key.startswith(name) for key in figures)]
    if missing:
        parts.append(f"Not measured: {'; '.join(missing)}.")
    return "\n\n".join(parts)


def _fetches(key: str, figures: dict[str, Any]) -> str:
    title = f"**{key[:1].upper()}{key[1:]}**, times vanilla:"
    lines = [title, "", "| | figure | spread | should be |", "|---|---|---|---|"]
    for row in fetches(key):
        figure = row.figure(figures)
        if figure is None:
            lines.append(f"| {row.label} | not measured | | {row.target()} |")
            continue
        spread = figures[key][row.path[1]].get(f"{row.path[2]}_spread", [])
        shown = f"{spread[0]:.2f} to {spread[1]:.2f}" if spread else ""
        mark = "" if row.holds(figure) else " (missed)"
        lines.append(f"| {row.label} | {figure:.2f}{mark} | {shown} | {row.target()} |")
    if not figures[key].get("counts", True):
        lines += ["", "The control is off: the machine was not quiet, so these figures do not count."]
    return "\n".join(lines)


def _others(figures: dict[str, Any]) -> str:
    lines = ["**Everything else:**", "", "| | figure | should be |", "|---|---|---|"]
    for row in OTHERS:
        figure = row.figure(figures)
        mark = "" if figure is None or row.holds(figure) else " (missed)"
        shown = "not measured" if figure is None else f"{figure:g}{mark}"
        lines.append(f"| {row.label} | {shown} | {row.target()} |")
    for storm in figures.get("refresh_storm", []):
        label = f"500 callers, {storm['database']}, service answering after {storm['delay_s']} s"
        outcome = f"{storm['service_calls']} call, {storm['lost']} lost"
        lines.append(f"| {label} | {outcome} | 1 call, 0 lost |")
    return "\n".join(lines)


def _counts(counts: dict[str, dict[str, int]]) -> str:
    names = list(next(iter(counts.values())))
    lines = ["**One answer, counted**, on Postgres:", "", f"| | {' | '.join(names)} |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for row, found in counts.items():
        lines.append(f"| {row} | {' | '.join(f'{found[name]:,}' for name in names)} |")
    return "\n".join(lines)


BAR, GAP, LEFT, WIDTH = 18, 10, 250, 420


def picture(figures: dict[str, Any]) -> str:
    """The ratios of the fetch benchmark as bars, beside vanilla's 1.

    :param figures: what the benchmarks wrote
    """
    bars = [
        (f"{key.removeprefix('fetch, ')}: {name}", figures[key][name]["p50"])
        for key in sorted(key for key in figures if key.startswith("fetch, "))
        for name in ("vanilla again", "not ours", "account, our hook", "account, foreign hook", "refused")
        if name in figures[key]
    ]
    longest = max([2.0, *(ratio for _, ratio in bars)])
    height = (BAR + GAP) * len(bars) + 50
    wide, one = LEFT + WIDTH + 60, LEFT + WIDTH / longest
    body = []
    for number, (label, ratio) in enumerate(bars):
        top = 30 + number * (BAR + GAP)
        body.append(f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end">{label}</text>')
        body.append(f'<rect x="{LEFT}" y="{top}" width="{ratio / longest * WIDTH:.0f}" height="{BAR}"/>')
        body.append(f'<text x="{LEFT + ratio / longest * WIDTH + 6:.0f}" y="{top + 13}">{ratio:.2f}</text>')
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{height}" role="img">',
            "<title>Median time of an answer, times that of vanilla Airflow for a plain connection</title>",
            "<style>text{font:12px sans-serif;fill:#57606a}rect{fill:#2f81f7}line{stroke:#8b949e}</style>",
            f'<text x="{LEFT}" y="16">median time of an answer; vanilla Airflow, plain connection = 1</text>',
            *body,
            f'<line x1="{one:.0f}" y1="24" x2="{one:.0f}" y2="{height - 20}" stroke-dasharray="4 3"/>',
            "</svg>",
            "",
        ]
    )


def main() -> None:
    figures = json.loads(results.PATH.read_text())
    shown = table(figures)
    print(shown)
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{shown}\n\n{END}{rest.partition(END)[2]}")
    PICTURE.write_text(picture(figures))


if __name__ == "__main__":
    main()
