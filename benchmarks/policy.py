"""What the DAG policy costs: 1,000 DAGs parsed with it and without it, in turns.

Files of ten DAGs are parsed as the DAG processor parses them, by its own functions: a process is forked,
loads the file, serializes the DAGs and hands them back.  That is done three times: without our policy, with
it, and with a policy that does nothing.  The order changes from file to file, so that a machine that drifts
drifts for all, and the third series shows how much of a ratio is noise.  What is compared is the
processor time that parent and child spent; nothing here waits.  (With one DAG in each file the fork weighs
more, and the policy less.)  Half of the DAGs are public, and warned of when they use accounts.

    python -m benchmarks.policy [--dags N] [--per-file N]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import py_compile
import resource
import selectors
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support import airflow_home

airflow_home.settle()
os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "INFO"

from airflow import settings  # noqa: E402  # Airflow's home is settled first
from airflow.dag_processing.bundles.manager import DagBundlesManager  # noqa: E402
from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager  # noqa: E402
from airflow.policies import hookimpl  # noqa: E402

from airflow_thirdparty.policies import dag_policy  # noqa: E402
from airflow_thirdparty.published_list import derive_keys, write_list  # noqa: E402
from benchmarks import results  # noqa: E402

ACCOUNTS = [f"account_{number}" for number in range(100)]

HEADER = """\
from __future__ import annotations

from datetime import datetime

from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
"""

START = """

with DAG(
    dag_id="bench_{number}",
    schedule=None,
    start_date=datetime(2024, 1, 1),
    tags=["{tag}", "bench"],
    default_args={{"retries": 1}},
) as dag_{number}:

    @task
    def transform(rows: list[int]) -> int:
        total = 0
        for row in rows:
            total += row
        return total

    done = BashOperator(task_id="done", bash_command="echo done")
"""

WITHOUT = '''
    @task
    def extract(count: int = 3) -> list[int]:
        """Make some rows."""
        return [number * {number} for number in range(count)]

    post = BashOperator(task_id="post", bash_command="echo post {{{{ ds }}}}")
    each = BashOperator.partial(task_id="each").expand(bash_command=["echo a", "echo b"])
    transform(extract()) >> post >> each >> done
'''

WITH_THREE = '''
    @task
    def extract(count: int = 3) -> list[int]:
        """Read some rows."""
        hook = ThirdPartyAccountHook("account_{first}")
        answer = hook.run("GET", "/rows", params={{"count": count}})
        return [row["number"] for row in answer.json()]

    post = HttpOperator(task_id="post", http_conn_id="account_{second}", endpoint="/", method="POST")
    each = HttpOperator.partial(task_id="each", http_conn_id="account_{third}").expand(endpoint=["/a", "/b"])
    transform(extract()) >> post >> each >> done
'''


class NoPolicy:
    """Does nothing: what Airflow's own call of a policy costs, and the noise."""

    @staticmethod
    @hookimpl(trylast=True)
    def dag_policy(dag: Any) -> None:
        """Do nothing."""


@contextlib.contextmanager
def registered(policy: object | None) -> Iterator[None]:
    """Let Airflow call this policy and no other of ours."""
    manager = settings.get_policy_plugin_manager()
    if policy is not None:
        manager.register(policy)
    try:
        yield
    finally:
        if policy is not None:
            manager.unregister(policy)


def spent() -> float:
    """Processor seconds of this process and of the children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Parser:
    """The DAG processor's manager, with its loop taken out."""

    def __init__(self) -> None:
        self._manager = DagFileProcessorManager(max_runs=1)
        self._manager.selector = selectors.DefaultSelector()
        self._manager._dag_bundles = list(DagBundlesManager().get_all_dag_bundles())

    def seconds(self, file: Path, policy: object | None, tags: int) -> float:
        """Parse one file and answer what that took, from the fork to the result.

        :param file: the file
        :param policy: the policy that Airflow calls; ``None`` for none
        :param tags: how many tags its DAGs have to have then, all together
        """
        info = DagFileInfo(rel_path=Path(file.name), bundle_name="dags-folder", bundle_path=file.parent)
        with registered(policy):
            started = spent()
            process = self._manager._create_process(info)
            while not process.is_ready:
                self._manager._service_processor_sockets(timeout=0.05)
            took = spent() - started
        result = process.parsing_result
        # Airflow 3.2 has nothing but the log's file to close
        getattr(process, "close", process.logger_filehandle.close)()
        assert result is not None
        assert not result.import_errors, result.import_errors
        carried = [tag for dag in result.serialized_dags for tag in dag.data["dag"].get("tags", ())]
        assert len(carried) == tags, carried
        return took


def write(file: Path, template: str, numbers: range) -> None:
    """Write a file of DAGs; those with even numbers are public.

    :param file: the file
    :param template: the part that differs between the two kinds
    :param numbers: numbers of the DAGs
    """
    parts = [HEADER]
    for number in numbers:
        ids = {name: (number * 3 + n) % len(ACCOUNTS) for n, name in enumerate(("first", "second", "third"))}
        tag = "private" if number % 2 else "public"
        parts.append((START + template).format(number=number, tag=tag, **ids))
    file.write_text("".join(parts))
    py_compile.compile(str(file))  # as anywhere after the first parse


def measure(folder: Path, template: str, count: int, per_file: int, accounts: int) -> dict[str, float]:
    """Parse files each way; answers the ratios to what it takes without any policy.

    :param folder: where to write the files
    :param template: the part that differs between the two kinds
    :param count: how many DAGs
    :param per_file: how many of them stand in one file
    :param accounts: how many accounts each of them uses
    """
    folder.mkdir()
    parser = Parser()
    policies = {"off": None, "on": dag_policy, "nothing": NoPolicy}
    took: dict[str, list[float]] = {name: [] for name in policies}
    for turn, first in enumerate(range(0, count, per_file)):
        numbers = range(first, min(first + per_file, count))
        file = folder / f"dags_{first}.py"
        write(file, template, numbers)
        given = 2 * len(numbers)
        warned = sum(number % 2 == 0 for number in numbers)
        added = accounts * len(numbers) + warned if accounts else 0
        for name in [*policies, *policies][turn % 3 : turn % 3 + 3]:
            tags = given + added if name == "on" else given
            took[name].append(parser.seconds(file, policies[name], tags))
    for name, times in took.items():
        print(f"  {name:>8}: median {statistics.median(times) * 1000:6.2f} ms a file", file=sys.stderr)
    return {name: _ratio(times, took["off"]) for name, times in took.items()}


def _ratio(some: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(some, others, strict=True))


def main() -> None:
    """Measure, print and keep the figures."""
    arguments = argparse.ArgumentParser(description="What the DAG policy costs.")
    arguments.add_argument("--dags", type=int, default=1000, help="how many DAGs of each kind")
    arguments.add_argument("--per-file", type=int, default=10, help="how many of them stand in one file")
    given = arguments.parse_args()
    os.environ["AIRFLOW_VAR_THIRD_PARTY_ACCOUNT_IDS"] = write_list(
        ACCOUNTS, 1.0, derive_keys(airflow_home.FERNET_KEY)[0]
    )
    settings.get_policy_plugin_manager().unregister(dag_policy)
    with tempfile.TemporaryDirectory(prefix="third-party-bench-") as name:
        without = measure(Path(name) / "without", WITHOUT, given.dags, given.per_file, 0)
        with_three = measure(Path(name) / "with", WITH_THREE, given.dags, given.per_file, 3)
    for kind, found in (("without connections", without), ("with three each", with_three)):
        print(
            f"{given.dags} DAGs {kind}: policy on / off {found['on']:.3f} x, noise {found['nothing']:.3f} x"
        )
    results.merge(
        "policy",
        {
            "dags": given.dags,
            "ratio_without_connections": round(without["on"], 4),
            "ratio_with_connections": round(with_three["on"], 4),
            "noise": round(max(abs(found["nothing"] - 1) for found in (without, with_three)), 4),
        },
    )


if __name__ == "__main__":
    main()
