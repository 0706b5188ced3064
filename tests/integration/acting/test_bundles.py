"""A delegation belongs to the DAG of one bundle, with the code it has there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.support import scheduler
from tests.support.airflow import FAB_KINDS, Airflow

NOBODY = "acting_user_unknown"
DAG_FILE = """
from datetime import datetime, timezone

from airflow.sdk import DAG, task

from helpers.steps import step

with DAG("nightly", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=True):

    @task
    def first():
        step()

    first()
"""
HELPER = "def step():\n    return 'harmless'\n"


class Bundles:
    """Two folders of DAG files that both may hold the DAG ``nightly``.

    :param server: the Airflow that they are parsed for
    :param folder: where they are
    """

    def __init__(self, server: Airflow, folder: Path) -> None:
        self.server = server
        self.folders = {"ours": folder / "ours", "theirs": folder / "theirs"}

    def write(self, bundle: str, file: str = "nightly.py", helper: str = HELPER) -> None:
        """Write the DAG and the helper it imports, letter by letter the same unless said otherwise."""
        folder = self.folders[bundle]
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "helpers").mkdir(parents=True)
        (folder / "helpers" / "steps.py").write_text(helper)
        (folder / file).write_text(DAG_FILE)

    def parse(self, bundle: str) -> None:
        """Let the DAG processor parse a bundle."""
        import sys

        for name in [name for name in sys.modules if name.split(".")[0] == "helpers"]:
            del sys.modules[name]  # each file is parsed in a process of its own
        folder = str(self.folders[bundle])
        sys.path.insert(0, folder)
        try:
            scheduler.load_dags(self.folders[bundle], bundle)
        finally:
            sys.path.remove(folder)

    def run(self) -> str:
        """Let the scheduler start a run, and say whom it acts for."""
        scheduler.forget_runs("nightly")
        scheduler.schedule()
        return self.server.acts_for("nightly", scheduler.latest_run("nightly", "scheduled"), later=1)

    def agree(self, expect: int = 200, **wish) -> dict:
        """Let Alice delegate."""
        body = {"conn_id": "demo", "scheduled": True, **wish}
        return self.server.page("alice", "POST", "/dags/nightly/delegations", expect=expect, json=body)

    def state(self) -> str:
        """How Alice's delegation stands."""
        (seen,) = self.server.page("alice", "GET", "/dags/nightly/delegations")["delegations"]
        return str(seen["state"])


pytestmark = pytest.mark.parametrize("server", FAB_KINDS, indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def account(server: Airflow) -> None:
    """An account that Alice has signed in to."""
    server.register("demo")
    server.page("alice", "POST", "/accounts/demo/sign-in", json={"key": "alice's own"})


@pytest.fixture
def bundles(server: Airflow, tmp_path: Path) -> Iterator[Bundles]:
    """The DAG in our bundle, parsed."""
    made = Bundles(server, tmp_path)
    made.write("ours")
    made.parse("ours")
    yield made
    forget_the_dag()


def forget_the_dag() -> None:
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    from airflow_thirdparty.server.store.delegations import DagImports, Delegation

    scheduler.forget_runs("nightly")
    with create_session(scoped=False) as session:
        for model in (Delegation, DagImports, DagModel):
            session.execute(delete(model).where(model.dag_id == "nightly"))


@pytest.mark.parametrize("pinned", [False, True], ids=["as it comes", "pinned"])
def test_a_dag_of_the_same_id_in_another_bundle(bundles: Bundles, pinned: bool):
    bundles.agree(pinned=pinned)
    assert bundles.run() == "alice"
    bundles.write("theirs", helper="def step():\n    return 'a thief'\n")
    bundles.parse("theirs")
    assert bundles.run() == NOBODY
    assert bundles.state() == "dag_moved"


def test_it_lends_nothing_until_the_other_bundle_stops_and_the_person_agrees_again(bundles: Bundles):
    bundles.agree()
    bundles.write("theirs")
    for _ in range(2):
        bundles.parse("theirs")
        assert bundles.run() == NOBODY
        bundles.parse("ours")
        assert bundles.run() == NOBODY
    assert bundles.state() == "dag_moved"
    bundles.agree()
    assert bundles.run() == "alice"
    bundles.parse("theirs")
    bundles.parse("ours")
    assert bundles.run() == NOBODY


def test_a_claim_between_two_runs_is_remembered(bundles: Bundles):
    """Its version is overwritten in place, since it never had a run: nothing of Airflow's tells of it."""
    bundles.agree()
    bundles.write("theirs")
    bundles.parse("theirs")
    bundles.parse("ours")
    assert bundles.run() == NOBODY


def test_a_run_that_was_made_for_the_other_bundle(bundles: Bundles):
    bundles.write("theirs")
    bundles.parse("theirs")
    scheduler.schedule()
    run_id = scheduler.latest_run("nightly", "scheduled")
    bundles.parse("ours")
    bundles.agree()
    assert bundles.server.acts_for("nightly", run_id, later=1) == NOBODY


def test_housekeeping_remembers_what_no_listener_saw(bundles: Bundles):
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import update

    from airflow_thirdparty.server.broker.acting import dag_records

    scheduler.add_bundle("elsewhere")
    bundles.agree()
    for name, marked in (("elsewhere", 1), ("ours", 0)):
        with create_session(scoped=False) as session:
            session.execute(update(DagModel).where(DagModel.dag_id == "nightly").values(bundle_name=name))
            assert dag_records.mark_contested(session, datetime.now(timezone.utc)) == marked
    assert bundles.run() == NOBODY


def test_another_file_of_the_same_bundle(bundles: Bundles):
    bundles.agree()
    bundles.write("ours", file="elsewhere.py")
    bundles.parse("ours")
    assert bundles.run() == NOBODY
    assert bundles.state() == "dag_moved"


def test_pinned_it_asks_again_when_an_imported_file_has_changed(bundles: Bundles):
    bundles.agree(pinned=True)
    assert bundles.run() == "alice"
    bundles.parse("ours")
    assert bundles.run() == "alice"
    bundles.write("ours", helper="def step():\n    return 'something else'\n")
    bundles.parse("ours")
    assert bundles.run() == NOBODY
    assert bundles.state() == "code_changed"
    bundles.agree(pinned=True)
    assert bundles.run() == "alice"


def test_it_is_said_what_a_pin_cannot_follow(bundles: Bundles):
    bundles.write("ours", helper="import importlib\n\n\ndef step():\n    importlib.import_module('x')\n")
    bundles.parse("ours")
    bundles.agree(pinned=True)
    seen = bundles.server.page("bob", "GET", "/dags/nightly/delegations")
    assert (seen["bundle"], seen["file"], seen["imports_known"]) == ("ours", "nightly.py", True)
    assert seen["unknown_imports"] == ["helpers/steps.py:5 import_module"]


def test_a_delegation_from_before_bundles_were_recorded(bundles: Bundles):
    from airflow.utils.session import create_session
    from sqlalchemy import update

    from airflow_thirdparty.server.store.delegations import Delegation

    bundles.agree()
    with create_session(scoped=False) as session:
        session.execute(update(Delegation).values(bundle_name="", relative_fileloc=""))
    assert bundles.run() == NOBODY
    assert bundles.state() == "bundle_unknown"


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        pytest.param("ours:nightly", None, id="of this bundle"),
        pytest.param("theirs:nightly", "may not use", id="of another"),
        pytest.param("OURS:nightly", "may not use", id="another case"),
        pytest.param("nightly", "several", id="of any bundle, and there are several"),
    ],
)
def test_allowed_dags_name_the_bundle(bundles: Bundles, allowed: str, expected: str | None):
    bundles.write("theirs")
    scheduler.add_bundle("theirs")
    run_id = bundles.server.trigger("alice", "nightly")
    ti_id = bundles.server.running("nightly", run_id)
    refusal = bundles.server.acting(ti_id, later=1, allowed_dags=(allowed,)).refusal
    if expected is None:
        assert refusal is None
    else:
        assert refusal.code == "account_not_allowed"
        assert expected in refusal.message
        assert refusal.remedy
