"""Every morning: accounts that fail, sign-ins that end, people who have to sign in again. For admins."""

from __future__ import annotations

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag

NOTIFY = "airflow third-party-accounts notify --within 7 -o plain"
"""To send it: `--notifier` with a notifier's import path, and `--notifier-args` with JSON between `{% raw %}`
and `{% endraw %}`, since this is a template too."""

WITH_DATABASE = "env -u AIRFLOW__DATABASE__SQL_ALCHEMY_CONN -u AIRFLOW__CORE__SQL_ALCHEMY_CONN"
"""Airflow keeps its database from tasks. This command is for machines whose airflow.cfg names it."""


@dag(schedule="0 7 * * *", catchup=False, tags=["example", "admin"])
def account_notices():
    """Runs the command in a process of its own; the task's log has what is new."""
    BashOperator(task_id="notify", bash_command=f"{WITH_DATABASE} {NOTIFY}")


account_notices()
