"""Reads the compose files, and says what each service is as a process on this machine.

Nothing of a service is written a second time here: command, environment, order and health check are the
files'. What a container has to itself is translated: host names, ports, the folder of secrets, mounted files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "docker"
FILES = ("compose.yaml", "compose.trial.yaml")

_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service.

    :param command: what its container runs; empty where the image says it
    :param ports: those it listens on
    :param published: those that are reached from outside
    :param health: the command of its health check, for a shell
    :param after: services to be well, or to have ended, before
    :param is_job: whether it ends by itself
    :param files: mounted files, by where they are in the container
    :param is_ours: whether it runs in the image that is built here
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ports: tuple[int, ...]
    published: tuple[int, ...]
    health: str
    after: tuple[str, ...]
    is_job: bool
    files: Mapping[str, Path]
    is_ours: bool


def read(variables: Mapping[str, str]) -> list[Service]:
    """Read the services of all files, in the order in which they start.

    :param variables: what the environment would say to ``docker compose``
    :raises ValueError: when a variable that has no default is missing
    :return: each after those that it waits for
    """
    merged: dict[str, dict[str, Any]] = {}
    for name in FILES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        _merge(merged, _interpolated(yaml.safe_load(text)["services"], variables))
    jobs = {
        name
        for body in merged.values()
        for name, each in body.get("depends_on", {}).items()
        if each["condition"] == "service_completed_successfully"
    }
    return list(_in_order({name: _service(name, body, name in jobs) for name, body in merged.items()}))


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, list) and isinstance(into.get(key), list):
            into[key] = [*into[key], *value]
        else:
            into[key] = value


def _interpolated(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _interpolated(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each, variables) for each in value]
    return interpolate(value, variables) if isinstance(value, str) else value


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Put variables into a text, as ``docker compose`` does.

    :param text: with ``${NAME}``, ``${NAME:-default}``, ``${NAME:?words}``, ``$$``
    :param variables: their values
    :raises ValueError: when one that has no default is missing
    :return: the text
    """

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        if said := variables.get(found["name"]):
            return said
        if found["kind"] != "-":
            raise ValueError(f"{found['name']} is not set: {found['rest']}")
        return str(found["rest"])

    return _VARIABLE.sub(value, text)


def _service(name: str, body: Mapping[str, Any], is_job: bool) -> Service:
    command = body.get("command", ())
    test = body.get("healthcheck", {}).get("test", ["CMD-SHELL", ""])
    mounted = (volume.split(":")[:2] for volume in body.get("volumes", ()))
    return Service(
        name=name,
        command=tuple(map(str, command)),
        environment=dict(body.get("environment", {})),
        ports=tuple(map(int, body.get("expose", ()))),
        published=tuple(int(port.rpartition(":")[2]) for port in body.get("ports", ())),
        health=" ".join(test[1:]),
        after=tuple(body.get("depends_on", ())),
        is_job=is_job,
        files={target: FOLDER / source for source, target in mounted if source.endswith(".conf")},
        is_ours="build" in body,
    )


def _in_order(services: dict[str, Service]) -> Iterator[Service]:
    done: set[str] = set()

    def visit(service: Service) -> Iterator[Service]:
        if service.name not in done:
            done.add(service.name)
            for name in service.after:
                yield from visit(services[name])
            yield service

    for service in services.values():
        yield from visit(service)


@dataclass(frozen=True)
class Translation:
    """What containers have to themselves, as it is on this machine.

    :param root: stands for the containers' file systems
    :param ports: port on this machine, by service and its own port
    :param published: port on this machine, by the one that is reached from outside
    """

    root: Path
    ports: Mapping[tuple[str, int], int]
    published: Mapping[int, int]

    def of(self, text: str, service: str) -> str:
        """Translate a text of a service.

        :param text: a command's part, a variable's value, the content of a file
        :param service: whose
        :return: with this machine's addresses and paths
        """
        for (name, port), here in self.ports.items():
            text = re.sub(rf"\b{name}:{port}\b", f"127.0.0.1:{here}", text)
        for (name, port), here in self.ports.items():
            if name == service:
                text = re.sub(rf"(?<![\d.]){port}\b", str(here), text)
        for port, here in self.published.items():
            text = re.sub(rf"\blocalhost:{port}\b", f"localhost:{here}", text)
        text = re.sub(r"(?<![\w/])/(run/secrets|etc/nginx|tmp)/", rf"{self.root}/\1/", text)
        return text.replace("0.0.0.0", "127.0.0.1")
