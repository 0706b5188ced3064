"""docker/compose.yaml: what has to hold for the production shape, read from the file."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.responses import JSONResponse

from airflow_thirdparty import wire

DOCKER = Path(__file__).parents[3] / "docker"
FILES = [yaml.safe_load((DOCKER / name).read_text()) for name in ("compose.yaml", "compose.trial.yaml")]
SERVICES: dict[str, dict[str, Any]] = FILES[0]["services"]
AIRFLOW = {name: service for name, service in SERVICES.items() if "build" in service}
API_SERVERS = ["api-server-1", "api-server-2"]
SECRET = re.compile(r"PASSWORD|SECRET|FERNET|_CONN\b|BROKER|RESULT_BACKEND")


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_runs_as_its_own_user_without_capabilities(name: str) -> None:
    assert (SERVICES[name]["user"], SERVICES[name]["cap_drop"]) == ("50000:0", ["ALL"])


@pytest.mark.parametrize("service", [service for file in FILES for service in file["services"].values()])
def test_secrets_come_from_files(service: dict[str, Any]) -> None:
    for name, value in service.get("environment", {}).items():
        if SECRET.search(name):
            assert name.endswith(("_CMD", "_FILE")), name
            assert "/run/secrets/" in value


def test_every_secret_is_made_and_none_is_the_same_twice(tmp_path: Path) -> None:
    named = {name for file in FILES for name in file["secrets"]}

    def prepare(folder: str) -> dict[str, str]:
        environment = {**os.environ, "PUBLIC_HOST": "airflow.example.com"}
        subprocess.run([DOCKER / "prepare.sh", tmp_path / folder], env=environment, check=True)
        return {path.name: path.read_text() for path in (tmp_path / folder).iterdir()}

    def written() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "one").iterdir()}

    once, before = prepare("one"), written()
    again, after, other = prepare("one"), written(), prepare("two")
    assert once == again, "what is there stays"
    assert before == after, "files are read-only: whoever is not root could not write them again"
    assert named <= once.keys()
    assert [name for name in named if once[name] == other[name]] == []
    assert (tmp_path / "one").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", [*API_SERVERS, "proxy"])
@pytest.mark.parametrize(
    ("answer", "healthy"),
    [
        pytest.param(JSONResponse({"status": "healthy", "checks": {}}).body, True, id="healthy"),
        pytest.param(JSONResponse({"status": "unhealthy", "checks": {}}).body, False, id="unhealthy"),
        pytest.param(b"<!doctype html><title>Airflow</title>", False, id="the page of unknown paths"),
    ],
)
def test_health_checks_look_at_what_is_answered(name: str, answer: bytes, healthy: bool) -> None:
    command = SERVICES[name]["healthcheck"]["test"][1]
    assert set(re.findall(r"https?://localhost:\d+(/[a-z]+/)", command)) == {"/airflow/"}, (
        "the prefix of base_url"
    )
    assert f"{wire.WEB_PREFIX}/health | " in command
    looked = subprocess.run(["sh", "-c", command.rpartition("| ")[2]], input=answer, check=False)
    assert (looked.returncode == 0) is healthy


@pytest.mark.parametrize("name", sorted(AIRFLOW.keys() - {"migrate", "setup"}))
def test_only_those_that_call_an_api_server_are_told_of_its_authority(name: str) -> None:
    assert ("AIRFLOW__API__SSL_CERT" in SERVICES[name]["environment"]) is (name not in API_SERVERS)


@pytest.mark.parametrize("name", SERVICES)
def test_what_has_to_be_said_has_no_default(name: str) -> None:
    for variable in re.findall(r"\$\{(PUBLIC_(?:HOST|ORIGIN)[^}]*)\}", str(SERVICES[name])):
        assert ":?" in variable


@pytest.mark.parametrize("name", API_SERVERS)
def test_tables_and_people_are_made_before(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}
    assert SERVICES["setup"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_the_proxy_takes_the_longest_question() -> None:
    [size] = re.findall(r"large_client_header_buffers \d+ (\d+)k;", (DOCKER / "nginx.conf").read_text())
    assert int(size) * 1024 > wire.LONGEST_REQUEST + 1000
