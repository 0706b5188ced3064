"""What the scheduler and the DAG processor do to runs and DAGs, without either of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path


def schedule() -> None:
    """Let the scheduler create the runs that are due."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.utils.session import create_session
    from airflow.utils.sqlalchemy import prohibit_commit

    runner = SchedulerJobRunner(job=Job())
    with create_session(scoped=False) as session, prohibit_commit(session) as guard:
        runner._create_dagruns_for_dags(guard, session)


def latest_run(dag_id: str, run_type: str | None = None) -> str:
    """The DAG's newest run."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    statement = select(DagRun.run_id).where(DagRun.dag_id == dag_id).order_by(DagRun.id.desc()).limit(1)
    if run_type:
        statement = statement.where(DagRun.run_type == run_type)
    with create_session(scoped=False) as session:
        return str(session.scalars(statement).one())


def end(dag_id: str, run_id: str, state: str) -> None:
    """Let the scheduler find that a run is over."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session(scoped=False) as session:
        run = update(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        session.execute(run.values(state=state).execution_options(synchronize_session=False))


def end_backfills() -> None:
    """Let the scheduler find that all backfills are over, so that the next may begin."""
    from airflow.models.backfill import Backfill
    from airflow.utils.session import create_session
    from sqlalchemy import func, update

    with create_session(scoped=False) as session:
        session.execute(update(Backfill).values(completed_at=func.now()))


def forget_runs(dag_id: str) -> None:
    """Delete a DAG's runs, so that what reaches into all of them does not take ever longer."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session(scoped=False) as session:
        session.execute(delete(DagRun).where(DagRun.dag_id == dag_id))


def tag(dag_id: str, name: str) -> None:
    """Tag a DAG as the policy does."""
    from airflow.models.dag import DagTag
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        session.merge(DagTag(dag_id=dag_id, name=name))


def add_bundle(name: str) -> None:
    """Let the DAG processor find a bundle in its configuration."""
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        if session.get(DagBundleModel, name) is None:
            session.add(DagBundleModel(name=name))


def renew_versions(dag_id: str) -> None:
    """Let the scheduler move unfinished tasks to the latest version of their DAG, as it does all the time.

    :param dag_id: the DAG
    """
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    runner = SchedulerJobRunner(job=Job())
    with create_session(scoped=False) as session:
        for run in session.scalars(select(DagRun).where(DagRun.dag_id == dag_id)):
            assert runner._verify_integrity_if_dag_changed(run, session)


def pass_time(dag_id: str, minutes: float = 10) -> None:
    """Let it be that a DAG has come from its bundle and file for some time.

    :param dag_id: the DAG
    :param minutes: how long
    """
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.store.delegations import DagSighting

    with create_session(scoped=False) as session:
        seen = session.get(DagSighting, dag_id)
        if seen is not None:
            seen.watched_since -= timedelta(minutes=minutes)
            seen.moved_at = seen.moved_at and seen.moved_at - timedelta(minutes=minutes)


def load_dags(folder: Path, bundle: str = "dags-folder", version: str | None = None) -> None:
    """Bring the DAGs of a folder into the database, as the DAG processor does, and unpause them."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import update

    add_bundle(bundle)
    bag = DagBag(folder, bundle_path=folder, bundle_name=bundle)
    assert not bag.import_errors, bag.import_errors
    sync_bag_to_db(bag, bundle, version)
    with create_session(scoped=False) as session:
        session.execute(update(DagModel).values(is_paused=False))
