"""Shows what the benchmarks measured: one table, ``docs/performance.md`` and ``docs/images/bench.svg``.

python -m benchmarks.report
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import results
from benchmarks.rows import FOREIGN, OURS, POSTGRES, SECTIONS, SQLITE, Figures, Row

ROOT = Path(__file__).parents[1]
PAGE, PICTURE = ROOT / "docs" / "performance.md", ROOT / "docs" / "images" / "bench.svg"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"

Versions = Mapping[str, Figures]
"""What was measured, by version of Airflow."""


def table(versions: Versions) -> str:
    """All figures, as Markdown, and what is to be said of them.

    :param versions: what the benchmarks wrote
    """
    named = sorted(versions, reverse=True)
    lines = [f"| | {' | '.join(f'Airflow {name}' for name in named)} | should be |"]
    lines.append("|---" * (len(named) + 2) + "|")
    for title, rows in SECTIONS.items():
        lines.append(f"| **{title}** |" + " |" * (len(named) + 1))
        lines += [_line(row, [versions[name] for name in named]) for row in rows]
    remarks = [remark for name in named for remark in _remarks(name, versions[name])]
    return "\n".join([*lines, *(f"\n{remark}" for remark in remarks)])


def _line(row: Row, all_figures: list[Figures]) -> str:
    targets = dict.fromkeys(filter(None, (row.target(figures) for figures in all_figures)))
    cells = [row.cell(figures) for figures in all_figures]
    return f"| {row.label} | {' | '.join(cells)} | {'; '.join(targets)} |"


def _remarks(version: str, figures: Figures) -> Iterator[str]:
    """What does not count, and what was not measured."""
    for key in (POSTGRES, SQLITE):
        if key in figures and not figures[key].get("counts", True):
            yield (
                f"Airflow {version}, {key}: the control is off; these figures do not count, and what is "
                "counted decides."
            )
    missing = sorted({row.path[0] for rows in SECTIONS.values() for row in rows} - set(figures))
    if missing:
        yield f"Airflow {version}: not measured: {'; '.join(missing)}."


BAR, GAP, LEFT, WIDTH = 18, 10, 250, 420
SHOWN = {
    "vanilla again": "vanilla, once more",
    "not ours": "a plain connection beside us",
    OURS: "a person's token, our hook",
    FOREIGN: "a person's token, foreign hook",
    "refused": "a refusal",
}
"""What the picture shows, in the order of its bars."""


def picture(versions: Versions) -> str:
    """The times of answers as bars, beside vanilla's 1.

    :param versions: what the benchmarks wrote
    """
    bars: list[tuple[str, float | None]] = []
    for version in sorted(versions, reverse=True):
        for key in (POSTGRES, SQLITE):
            found = versions[version].get(key, {})
            if found:
                bars.append((f"{key.removeprefix('fetch, ')}, Airflow {version}", None))
                bars += [(words, found[name]["p50"]) for name, words in SHOWN.items() if name in found]
    longest = max([2.0, *(ratio for _, ratio in bars if ratio is not None)])
    height = (BAR + GAP) * len(bars) + 50
    wide, one = LEFT + WIDTH + 60, LEFT + WIDTH / longest
    body = []
    for number, (label, ratio) in enumerate(bars):
        top = 30 + number * (BAR + GAP)
        strong = ' font-weight="bold"' if ratio is None else ""
        body.append(f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end"{strong}>{label}</text>')
        if ratio is not None:
            length = ratio / longest * WIDTH
            body.append(f'<rect x="{LEFT}" y="{top}" width="{length:.0f}" height="{BAR}"/>')
            body.append(f'<text x="{LEFT + length + 6:.0f}" y="{top + 13}">{ratio:.2f}</text>')
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
    versions = json.loads(results.PATH.read_text())
    shown = table(versions)
    print(shown)
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{shown}\n\n{END}{rest.partition(END)[2]}")
    PICTURE.write_text(picture(versions))


if __name__ == "__main__":
    main()
