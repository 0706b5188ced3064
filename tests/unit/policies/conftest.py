"""DAG files written by a test, loaded like the DAG processor loads them."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_numbers = itertools.count(1)

HEADER = """\
from __future__ import annotations

import functools

from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator, ShortCircuitOperator
from airflow.sdk import DAG, BaseHook, BaseOperator, Connection, Variable, setup, task, task_group, teardown

"""


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Answers a function that writes a file into a folder of DAGs and answers its ``dag``."""
    sys.path.insert(0, str(tmp_path))
    names: list[str] = []

    def load(body: str, *, header: str = HEADER, name: str | None = None) -> Any:
        name = name or f"dag_file_{next(_numbers)}"
        path = tmp_path / f"{name}.py"
        path.write_text(header + textwrap.dedent(body))
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        spec.loader.exec_module(module)
        return getattr(module, "dag", None)

    yield load
    sys.path.remove(str(tmp_path))
    for name in names:
        sys.modules.pop(name, None)
