"""What the Airflow under test can do, as marks."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from airflow import __version__ as airflow_version
from airflow.sdk import exceptions
from packaging.version import Version

from airflow_thirdparty.server.broker.tokens.trigger_grants import HIDES_ARGUMENTS

PRINTS_ADDRESSES = Version(airflow_version).release[:2] < (3, 3)
"""``connections add --conn-uri`` prints what it was given, password and all."""

TESTS_ON_WORKERS = pytest.mark.skipif(
    find_spec("airflow.models.connection_test") is None,
    reason="workers test no connections before Airflow 3.3",
)

DEFERS_TO_TRIGGERS = Version(airflow_version).release[:2] >= HIDES_ARGUMENTS

DEFERS = pytest.mark.skipif(
    not DEFERS_TO_TRIGGERS,
    reason="Airflow 3.2 shows the arguments of triggers, so nothing is deferred",
)
DEFERS_NOTHING = pytest.mark.skipif(
    DEFERS_TO_TRIGGERS, reason="Airflow 3.3 and newer hide the arguments of triggers"
)
PARKS = pytest.mark.skipif(
    not hasattr(exceptions, "TaskAwaitingInput"), reason="there are no parked tasks before Airflow 3.3"
)
