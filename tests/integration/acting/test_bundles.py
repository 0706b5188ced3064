"""A delegation belongs to the DAG of one bundle, with the code it has there."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.acting import listener
from tests.support import scheduler
from tests.support.airflow import FAB_KINDS, Airflow
from tests.support.airflow_server import configured

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

    def parse(self, bundle: str, version: str | None = None) -> None:
        """Let the DAG processor parse a bundle, in the version that it has if it has any."""
        import sys

        for name in [name for name in sys.modules if name.split(".")[0] == "helpers"]:
            del sys.modules[name]  # each file is parsed in a process of its own
        folder = str(self.folders[bundle])
        sys.path.insert(0, folder)
        try:
            scheduler.load_dags(self.folders[bundle], bundle, version)
        finally:
            sys.path.remove(folder)

    def queue(self) -> uuid.UUID:
        """Let the scheduler start a run and queue its task; answers the task instance."""
        scheduler.forget_runs("nightly")
        scheduler.schedule()
        return self.server.start("nightly", scheduler.latest_run("nightly", "scheduled"))

    def run(self) -> str:
        """Let the scheduler start a run, and say whom it acts for."""
        return self.acts_for(self.queue())

    def acts_for(self, ti_id: uuid.UUID) -> str:
        """Whom a task instance acts for now."""
        acting = self.server.acting(ti_id, later=1)
        return acting.person.name if acting.person else acting.refusal.code

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

    from airflow_thirdparty.server.store.delegations import DagSighting, Delegation

    scheduler.forget_runs("nightly")
    with create_session(scoped=False) as session:
        for model in (Delegation, DagSighting, DagModel):
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
    refused = bundles.agree(expect=422)["error"]
    assert (refused["code"], refused["field"]) == ("cannot_delegate", "dag_id")
    assert "a moment ago" in refused["message"]
    scheduler.pass_time("nightly", minutes=1)
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
    scheduler.pass_time("nightly")
    bundles.agree()
    assert bundles.server.acts_for("nightly", run_id, later=1) == NOBODY


@dataclass(frozen=True)
class FlipFlop:
    """How two bundles take turns before somebody agrees.

    :param turns: the bundles in the order in which they are parsed
    :param queued_after: after how many of the turns the task is queued
    :param throttled: whether Airflow writes no version for a parse that follows closely on another
    :param minutes: how long after the last turn the person agrees
    """

    turns: tuple[str, ...]
    queued_after: int
    throttled: bool = False
    minutes: float = 10


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(FlipFlop(("theirs", "ours"), 1), NOBODY, id="queued for theirs"),
        pytest.param(
            FlipFlop(("theirs", "ours"), 1, throttled=True), NOBODY, id="queued for theirs, no version"
        ),
        pytest.param(FlipFlop(("theirs", "ours"), 2), NOBODY, id="queued right after the last turn"),
        pytest.param(FlipFlop(("theirs", "ours"), 2, throttled=True), NOBODY, id="right after, no version"),
        pytest.param(FlipFlop(("theirs", "ours") * 2, 3), NOBODY, id="queued for theirs, the second time"),
        pytest.param(FlipFlop(("theirs", "ours") * 2, 2), NOBODY, id="queued for ours between two turns"),
        pytest.param(FlipFlop(("ours", "ours"), 1), "alice", id="nobody else took a turn"),
    ],
)
def test_who_agrees_while_two_bundles_take_turns(bundles: Bundles, story: FlipFlop, expected: str):
    """Workers are sent where the DAG was when their task was queued, which no record tells."""
    bundles.agree()  # so that the DAG's parses are looked at
    scheduler.pass_time("nightly")
    bundles.write("theirs")
    ti_id = None
    with configured("core", min_serialized_dag_update_interval="3600" if story.throttled else "0"):
        for number, name in enumerate(story.turns, 1):
            bundles.parse(name)
            if number == story.queued_after:
                ti_id = bundles.queue()
    scheduler.pass_time("nightly", story.minutes)
    bundles.server.tasks.queued_earlier(ti_id, minutes=story.minutes)
    scheduler.renew_versions("nightly")
    bundles.agree()
    assert bundles.acts_for(ti_id) == expected
    assert bundles.run() == "alice"


def test_a_flip_before_anybody_uses_an_account_is_remembered(bundles: Bundles):
    """Neither a tag nor a delegation is there that would make the DAG's parses matter."""
    bundles.write("theirs")
    bundles.parse("theirs")
    ti_id = bundles.queue()
    bundles.parse("ours")
    scheduler.pass_time("nightly", 2)
    bundles.server.tasks.queued_earlier(ti_id, minutes=2)
    scheduler.renew_versions("nightly")
    bundles.agree()
    assert bundles.acts_for(ti_id) == NOBODY
    assert bundles.run() == "alice"


def test_a_dag_that_was_deleted_and_is_another_bundles_now(bundles: Bundles):
    """Airflow forgets all about the first DAG, the one who agreed does not."""
    bundles.agree()
    for name, state in (("theirs", "dag_moved"), ("ours", "dag_moved")):
        scheduler.forget_runs("nightly")
        bundles.server.rest("admin", "DELETE", "/dags/nightly", expect=204)
        bundles.write(name)
        bundles.parse(name)
        assert bundles.state() == state
        assert bundles.run() == NOBODY


@contextmanager
def without_the_package() -> Iterator[None]:
    """Let a DAG processor parse that does not have this package."""
    event.remove(Session, "before_flush", listener._before_flush)
    try:
        yield
    finally:
        event.listen(Session, "before_flush", listener._before_flush)


@pytest.mark.parametrize("pinned", [False, True], ids=["as it comes", "pinned"])
def test_a_dag_processor_without_the_package_ends_it_until_one_has_it(bundles: Bundles, pinned: bool):
    bundles.agree(pinned=pinned)
    assert bundles.run() == "alice"
    with without_the_package():
        bundles.parse("ours")
    assert bundles.run() == NOBODY
    assert bundles.state() == "dag_unseen"
    queued = bundles.queue()
    bundles.parse("ours")
    assert bundles.acts_for(queued) == NOBODY
    assert bundles.run() == "alice"
    assert bundles.state() == "active"


def test_nobody_saw_the_flip_and_nobody_lends(bundles: Bundles):
    bundles.agree()
    bundles.write("theirs")
    with without_the_package():
        bundles.parse("theirs")
        queued = bundles.queue()
        bundles.parse("ours")
    bundles.parse("ours")
    scheduler.renew_versions("nightly")
    assert bundles.acts_for(queued) == NOBODY


def test_what_is_not_known_cannot_be_pinned(bundles: Bundles):
    """Nobody has looked at the DAG, and this server cannot read its file."""
    shutil.rmtree(bundles.folders["ours"])
    refused = bundles.agree(pinned=True, expect=422)["error"]
    assert (refused["code"], refused["field"]) == ("cannot_delegate", "pinned")
    assert "imports" in refused["message"]
    assert bundles.agree()["state"] == "active"


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


class TestVersions:
    """Where bundles have versions, as git's have, a pinned delegation is for one of them."""

    def test_another_version_asks_again(self, bundles: Bundles):
        bundles.parse("ours", "v1")
        assert bundles.agree(pinned=True)["state"] == "active"
        assert bundles.run() == "alice"
        queued = bundles.queue()
        bundles.parse("ours", "v2")
        assert bundles.acts_for(queued) == "alice"  # its worker was sent to v1
        assert bundles.run() == NOBODY
        assert bundles.state() == "code_changed"
        bundles.agree(pinned=True)
        assert bundles.run() == "alice"

    def test_not_pinned_it_is_for_all_of_them(self, bundles: Bundles):
        bundles.parse("ours", "v1")
        bundles.agree()
        assert bundles.run() == "alice"
        bundles.parse("ours", "v2")
        assert bundles.run() == "alice"

    def test_the_version_stands_for_what_the_file_imports(self, bundles: Bundles):
        shutil.rmtree(bundles.folders["ours"] / "helpers")
        bundles.write("ours")
        bundles.parse("ours", "v1")
        shutil.rmtree(bundles.folders["ours"])
        bundles.agree(pinned=True)
        assert bundles.run() == "alice"

    def test_another_bundle_in_the_same_version(self, bundles: Bundles):
        bundles.parse("ours", "v1")
        bundles.agree(pinned=True)
        bundles.write("theirs", helper="def step():\n    return 'a thief'\n")
        bundles.parse("theirs", "v1")
        assert bundles.run() == NOBODY
        assert bundles.state() == "dag_moved"

    @pytest.mark.parametrize("later", [None, ""], ids=["no version", "an empty version"])
    def test_a_bundle_that_has_no_versions_any_more(self, bundles: Bundles, later: str | None):
        bundles.parse("ours", "v1")
        bundles.agree(pinned=True)
        bundles.parse("ours", later)
        assert bundles.run() == NOBODY
        assert bundles.state() == "code_changed"

    def test_a_run_without_the_version_lends_nothing_pinned(self, bundles: Bundles):
        """As with ``disable_bundle_versioning``: workers run whatever the bundle holds by then."""
        file = bundles.folders["ours"] / "nightly.py"
        file.write_text(DAG_FILE.replace("catchup=True", "catchup=True, disable_bundle_versioning=True"))
        bundles.parse("ours", "v1")
        bundles.agree(pinned=True)
        assert bundles.run() == NOBODY
        bundles.agree()
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
