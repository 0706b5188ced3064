"""Airflow's tables, for queries that read columns.

A query on one of Airflow's mapped classes has all of them configured first, which takes a tenth of a second
and 5 MB in each process.  A query on their tables does not, so a server that waits does without.
"""

from __future__ import annotations

from airflow.models.backfill import Backfill
from airflow.models.connection import Connection
from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagcode import DagCode
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.variable import Variable

BACKFILL = Backfill.__table__
CONNECTION = Connection.__table__
DAG = DagModel.__table__
DAG_BUNDLE = DagBundleModel.__table__
DAG_CODE = DagCode.__table__
DAG_RUN = DagRun.__table__
DAG_VERSION = DagVersion.__table__
HITL_DETAIL = HITLDetail.__table__
TASK_INSTANCE = TaskInstance.__table__
TASK_INSTANCE_HISTORY = TaskInstanceHistory.__table__
VARIABLE = Variable.__table__

REGISTRATION = ("conn_id", "conn_type", "host", "login", "schema", "port", "extra", "is_extra_encrypted")
"""Columns of a connection that register an account; never the one of a secret."""
