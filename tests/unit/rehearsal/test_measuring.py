"""Figures over time: what is left out as warm-up, and by how much something grows."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from rehearsal import measuring
from rehearsal.measuring import Series


@pytest.mark.parametrize(
    ("seen", "slope", "span"),
    [
        pytest.param([(100, 5), (160, 5), (220, 5), (280, 5)], 0.0, "5 to 5", id="flat"),
        pytest.param([(100, 5), (160, 7), (220, 9), (280, 11)], 2.0, "7 to 11", id="two a minute"),
        pytest.param([(100, 0), (160, 300), (220, 300), (280, 300)], 0.0, "300 to 300", id="grown at first"),
        pytest.param([(100, 0), (160, 300)], 0.0, "300 to 300", id="too little was seen"),
        pytest.param([], 0.0, "-", id="nothing was seen"),
    ],
)
def test_a_series(seen: list[tuple[float, float]], slope: float, span: str) -> None:
    """A minute after the first look counts as warm-up."""
    series = Series(seen)
    assert (series.slope(60), series.span(60)) == (pytest.approx(slope), span)


@pytest.mark.parametrize(
    ("minutes", "lasted"),
    [
        pytest.param([0, 1, 3], False, id="two minutes after the warm-up"),
        pytest.param([0, 1, 3, 6], True, id="five"),
        pytest.param([0], False, id="all of it is warm-up"),
        pytest.param([], False, id="nothing was seen"),
    ],
)
def test_growth_is_told_of_what_was_seen_for_long(minutes: list[float], lasted: bool) -> None:
    assert Series([(60 * at, 5.0) for at in minutes]).lasted(60) is lasted


def test_a_services_children_count_once_they_last(monkeypatch: pytest.MonkeyPatch) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert psutil.Process(child.pid) not in measuring.lasting(psutil.Process())
        monkeypatch.setattr(measuring, "LASTING_SECONDS", -60.0)
        assert psutil.Process(child.pid) in measuring.lasting(psutil.Process())
    finally:
        child.communicate(b"\n")
