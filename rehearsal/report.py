"""The table that the rehearsal ends with."""

from __future__ import annotations

from rehearsal.measuring import Measures
from rehearsal.play import Outcome

MUCH_MB_A_MINUTE = 1.0
"""By how much a process may grow after the warm-up: it would hold 1.4 GB more after a day."""


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
            slope = series.slope(warm_up)
            much = "  (much)" if slope > MUCH_MB_A_MINUTE else ""
            print(f"  MB {name:<26} {series.span(warm_up)}, {slope:+.2f} a minute{much}")
    for name, series in measures.rows.items():
        print(f"  {name:<29} {series.span(warm_up)}, {series.slope(warm_up):+.2f} a minute")
    for line in (*outcome.wrong, *outcome.lost, *outcome.failed):
        print(f"  ! {line}")
    return 0 if outcome.is_well else 1
