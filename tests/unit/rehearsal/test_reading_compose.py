"""The rehearsal starts what docker/compose.yaml says, with this machine's addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal import compose
from rehearsal.compose import Translation

SAID = {"PUBLIC_HOST": "localhost", "PUBLIC_ORIGIN": "https://localhost:443"}
SERVICES = {service.name: service for service in compose.read(SAID)}
HERE = Translation(
    Path("/rehearsal"),
    {("api-server-1", 8080): 41001, ("redis", 6379): 41002, ("proxy", 443): 41003},
    {443: 41003},
)


def test_everything_starts_after_what_it_waits_for() -> None:
    names = list(SERVICES)
    for service in SERVICES.values():
        assert all(names.index(other) < names.index(service.name) for other in service.after)


def test_jobs_end_and_nothing_else_does() -> None:
    assert {service.name for service in SERVICES.values() if service.is_job} == {"migrate", "setup"}


def test_the_trial_adds_to_a_service() -> None:
    assert SERVICES["proxy"].ports == (443, 8444)
    assert set(SERVICES["proxy"].files) == {
        "/etc/nginx/nginx.conf",
        "/etc/nginx/extra/identity-provider.conf",
    }


@pytest.mark.parametrize(
    ("text", "variables", "becomes"),
    [
        pytest.param("${A}b", {"A": "a"}, "ab", id="a variable"),
        pytest.param("${A:-x y}", {}, "x y", id="a default"),
        pytest.param("${A:-x}", {"A": ""}, "x", id="a default for an empty one"),
        pytest.param("$$A $${A}", {"A": "a"}, "$A ${A}", id="a dollar sign"),
    ],
)
def test_variables(text: str, variables: dict[str, str], becomes: str) -> None:
    assert compose.interpolate(text, variables) == becomes


@pytest.mark.parametrize("text", ["${A:?say it}", "${A}"])
def test_a_variable_that_has_to_be_said(text: str) -> None:
    with pytest.raises(ValueError, match="A is not set"):
        compose.interpolate(text, {})


@pytest.mark.parametrize(
    ("text", "service", "becomes"),
    [
        pytest.param(
            "server api-server-1:8080 max", "proxy", "server 127.0.0.1:41001 max", id="another service"
        ),
        pytest.param("8080", "api-server-1", "41001", id="its own port"),
        pytest.param("8080", "proxy", "8080", id="not another's"),
        pytest.param("http://localhost:8080/x", "api-server-1", "http://localhost:41001/x", id="itself"),
        pytest.param(
            "https://localhost:443/airflow", "worker-1", "https://localhost:41003/airflow", id="outside"
        ),
        pytest.param(
            "listen 0.0.0.0:443 ssl;", "proxy", "listen 127.0.0.1:41003 ssl;", id="the loopback only"
        ),
        pytest.param("cat /run/secrets/a", "redis", "cat /rehearsal/run/secrets/a", id="a secret"),
        pytest.param("pid /tmp/nginx.pid;", "proxy", "pid /rehearsal/tmp/nginx.pid;", id="a temporary file"),
    ],
)
def test_what_a_container_has_to_itself(text: str, service: str, becomes: str) -> None:
    assert HERE.of(text, service) == becomes


def test_nothing_listens_to_the_network() -> None:
    for service in SERVICES.values():
        assert "0.0.0.0" not in HERE.of(" ".join(service.command), service.name)
        for path in service.files.values():
            assert "0.0.0.0" not in HERE.of(path.read_text(), service.name)
