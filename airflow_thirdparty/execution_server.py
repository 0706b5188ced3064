"""The ASGI application of an API server that serves tasks alone, for deployments that split their servers.

``airflow api-server --apps execution`` loads no plugin, so nobody answers there for an account.  Such a
server is started with this application instead::

    uvicorn airflow_thirdparty.execution_server:app --host 0.0.0.0 --port 8080

It is Airflow's Execution API with what this package puts in front of it.  It has no auth manager, no pages
and no REST API: people go to servers started with ``airflow api-server --apps core``.

Source: https://airflow.apache.org/docs/apache-airflow/stable/cli-and-env-variables-ref.html#api-server
"""

from __future__ import annotations

import os

# before any import of Airflow, as airflow.api_fastapi.main does: it decides which secrets backends are asked
os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"

from airflow.api_fastapi.app import cached_app

from airflow_thirdparty.server.split import serve_accounts

app = serve_accounts(cached_app(apps="execution"))
"""What uvicorn and gunicorn are told to run."""
