"""Airflow's REST API as one of the demo's people uses it."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from airflow_thirdparty.demo.errors import DemoError
from airflow_thirdparty.demo.users import User

SECONDS = 30
"""For one answer: Airflow's first one takes ten on a busy machine."""


_direct = build_opener(ProxyHandler({}))


class AirflowClient:
    """A client with the user's own token.

    :param url: address of the API server
    :param user: whose
    """

    def __init__(self, url: str, user: User) -> None:
        self.user = user
        self._url = url
        self._jwt: str | None = None

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the API.

        :param method: HTTP method
        :param path: path and query
        :param body: what to send as JSON
        :return: the JSON it answered
        :raises DemoError: when it refuses
        """
        if self._jwt is None:
            who = {"username": self.user.name, "password": self.user.password}
            self._jwt = self._request("POST", "/auth/token", who)["access_token"]
        return self._request(method, path, body)

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._jwt is not None:
            headers["Authorization"] = f"Bearer {self._jwt}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data, headers, method=method)  # noqa: S310
        try:
            with _direct.open(request, timeout=SECONDS) as answer:
                return json.load(answer)
        except HTTPError as error:
            text = error.read(500).decode(errors="replace")
            raise DemoError(f"{self.user.name}: {method} {path} answered {error.code}: {text}") from None
        except (URLError, OSError) as error:
            raise DemoError(f"{method} {path} got no answer: {error}") from None

    def trigger(self, dag_id: str) -> str:
        """Trigger a run.

        :param dag_id: the DAG
        :return: the run's id
        """
        run = self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})
        return str(run["dag_run_id"])

    def knows_dag(self, dag_id: str) -> bool:
        """Whether the DAG has been parsed.

        :param dag_id: the DAG
        :return: true once it can be triggered
        """
        found = self.call("GET", f"/api/v2/dags?dag_id_pattern={dag_id}")["dags"]
        return any(dag["dag_id"] == dag_id for dag in found)

    def scheduler_is_healthy(self) -> bool:
        """Whether the scheduler says that it runs."""
        health = self.call("GET", "/api/v2/monitor/health")
        return bool(health["scheduler"]["status"] == "healthy")
