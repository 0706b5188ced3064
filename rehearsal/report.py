"""The table that the rehearsal ends with."""

from __future__ import annotations

from rehearsal.measuring import Measures, Series
from rehearsal.play import Outcome

MUCH_MB_A_MINUTE = 1.0
"""By how much each process may grow after the warm-up: it would hold 1.4 GB more after a day."""


def show(outcome: Outcome, measures: Measures, warm_up: float) -> int:
    """Print it.

    :param outcome: what came of the runs
    :param measures: what was seen of memory and database
    :param warm_up: seconds that figures over time leave out
    :return: 0 when nothing happened that must not
    """
    kinds = ", ".join(f"{count} {kind}" for kind, count in outcome.runs.items())
    print(f"\n  runs                          {outcome.runs.total()} ({kinds}) in {outcome.seconds:.0f} s")
    print(f"  wrong users                   {len(outcome.wrong)}")
    print(f"  lost sign-ins                 {len(outcome.lost)}")
    print(f"  runs that failed              {len(outcome.failed)}")
    print(f"  tasks on a second try         {outcome.second_tries}")
    print(f"  accidents                     {'; '.join(outcome.accidents)}")
    for path, count in outcome.calls.most_common(6):
        print(f"  calls to the service          {count} {path}")
    for name, series in measures.memory.items():
        if len(series.seen) > 1:
            processes = measures.processes[name]
            grows = series.lasted(warm_up) and series.slope(warm_up) > MUCH_MB_A_MINUTE * processes
            much = "  (much)" if grows else ""
            print(f"  {f'MB {name} ({processes})':<29} {_figures(series, warm_up)}{much}")
    for name, series in measures.rows.items():
        print(f"  {name:<29} {_figures(series, warm_up)}")
    for line in (*outcome.wrong, *outcome.lost, *outcome.failed):
        print(f"  ! {line}")
    return 0 if outcome.is_well else 1


def _figures(series: Series, warm_up: float) -> str:
    if not series.lasted(warm_up):
        return series.span(warm_up)
    return f"{series.span(warm_up)}, {series.slope(warm_up):+.2f} a minute"
