"""A pinned delegation and the real DAG processor: what it sees, and what if this package is not there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from airflow.models.dag import DagModel
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import delete, update

from airflow_thirdparty.server.broker.acting.dag_records import records
from airflow_thirdparty.server.broker.acting.queries import gather
from airflow_thirdparty.server.broker.acting.resolver import acting_user
from airflow_thirdparty.server.people.directory import directory
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.delegations import DagSighting, Delegation
from tests.integration.policies.conftest import PROJECT, DagProcessor
from tests.integration.policies.test_real_dag_processor import save_accounts
from tests.support import scheduler
from tests.support.airflow_server import configured
from tests.support.user_directory import SIMPLE

DAG_FILE = """\
from datetime import datetime, timezone

from airflow.sdk import DAG, task
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook

from helpers.steps import step

with DAG("nightly", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=True):

    @task
    def first():
        step(ThirdPartyAccountHook("github").get_token())

    first()
"""
HIDE_THE_PACKAGE = """\
from importlib import metadata

distributions = metadata.distributions
metadata.distributions = lambda **options: (
    each for each in distributions(**options) if each.metadata["Name"] != "airflow-thirdparty"
)
"""
"""Airflow finds what is installed by this function, entry points included."""


class Nightly:
    """The DAG of :data:`DAG_FILE`, parsed by the real DAG processor.

    :param processor: it
    """

    def __init__(self, processor: DagProcessor) -> None:
        self.processor = processor

    def write(self, helper: str) -> None:
        """Write the file that the DAG imports."""
        folder = self.processor.dags / "helpers"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "steps.py").write_text(helper)

    def parse(self) -> None:
        """Let the DAG processor parse everything once."""
        self.processor.parse()
        assert self.processor.import_errors() == {}

    def pinned(self) -> None:
        """Let somebody have delegated just now, pinned to the code that there is."""
        now = datetime.now(timezone.utc)
        with create_session(scoped=False) as session:
            dag = records(session, {"nightly"})["nightly"]
            assert dag.seen
            session.execute(delete(Delegation))
            row = Delegation(
                dag_id="nightly",
                bundle_name=dag.bundle,
                relative_fileloc=dag.file,
                conn_id="github",
                on_schedule=True,
                on_asset_events=False,
                pinned=True,
                pinned_code=dag.fingerprint.code,
                pinned_version=dag.fingerprint.version,
                pinned_imports=dag.fingerprint.imports,
                entitled=True,
                asked_at=now,
                made_at=now,
                **Delegation.person_values(Person(directory().auth_manager, "alice", "", "alice")),
            )
            session.add(row)

    def queue(self) -> uuid.UUID:
        """Let a scheduled run's task be queued now, and run."""
        scheduler.forget_runs("nightly")
        scheduler.schedule()
        values = {"state": "running", "queued_dttm": datetime.now(timezone.utc), "try_number": 1}
        with create_session(scoped=False) as session:
            ti = session.query(TaskInstance).filter_by(dag_id="nightly").one()
            session.execute(update(TaskInstance).where(TaskInstance.id == ti.id).values(**values))
            return ti.id

    def acts_for(self, ti_id: uuid.UUID) -> str:
        """Whom the task acts for, or why for nobody."""
        with create_session(scoped=False) as session:
            facts = gather(session, ti_id, "github", datetime.now(timezone.utc))
            assert facts is not None
            acting = acting_user(facts)
        return acting.person.name if acting.person else str(acting.refusal)

    def run(self) -> str:
        """Queue a task, and say whom it acts for."""
        return self.acts_for(self.queue())


@pytest.fixture
def nightly(processor: DagProcessor) -> Iterator[Nightly]:
    """The DAG, parsed once and delegated to by Alice."""
    found = Nightly(processor)
    save_accounts("github")
    found.write("def step(token):\n    return 'harmless'\n")
    processor.write({"nightly": DAG_FILE})
    found.parse()
    with create_session(scoped=False) as session:
        session.execute(update(DagModel).values(is_paused=False))
    with configured("core", auth_manager=SIMPLE, simple_auth_manager_users="alice:op"):
        found.pinned()
        yield found


def test_it_covers_what_the_file_imports_and_lends_nothing_without_the_package(
    nightly: Nightly, tmp_path: Path
) -> None:
    with create_session(scoped=False) as session:
        seen = session.get_one(DagSighting, "nightly")
        assert (seen.bundle_name, seen.relative_fileloc, seen.files) == ("dags-folder", "nightly.py", 1)
    queued = nightly.queue()
    assert nightly.acts_for(queued) == "alice"
    nightly.write("def step(token):\n    print(token)\n")
    nightly.parse()
    assert "has changed" in nightly.acts_for(queued)
    assert "has changed" in nightly.run()

    nightly.pinned()  # to the code as it is now
    assert nightly.run() == "alice"
    (tmp_path / "sitecustomize.py").write_text(HIDE_THE_PACKAGE)
    nightly.processor.options["PYTHONPATH"] = f"{tmp_path}:{PROJECT}"
    nightly.parse()
    assert "It is not known where DAG 'nightly' was last parsed from" in nightly.run()
    nightly.processor.options.clear()
    queued = nightly.queue()
    nightly.parse()
    assert "may still have been another" in nightly.acts_for(queued)
    assert nightly.run() == "alice"
