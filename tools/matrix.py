"""Runs the tests with other versions, part by part, and remembers which parts are done: ``make matrix``.

A part is done when its tests have passed with the very files that are there now; changed files begin anew.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
REMEMBERED = ROOT / "build" / "matrix.json"

LAYERS = ("unit", "integration")
"""What runs where the whole suite would say nothing more."""

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
"""What the package promises."""

TRY = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
"""Says which Python runs this, and that it can make environments."""


@dataclass(frozen=True)
class Part:
    """One combination of versions.

    :param name: what ``ONLY`` says
    :param targets: of make
    :param variables: of make
    :param pythons: versions of Python of which the first that is here is taken; none for make's own choice
    """

    name: str
    targets: tuple[str, ...]
    variables: Mapping[str, str]
    pythons: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """How a part ended.

    :param tree: names the files it was run with
    :param passed: whether it passed; ``None`` where it cannot be run here
    :param seconds: how long it took
    :param python: the version of Python, where the part is about that
    """

    tree: str
    passed: bool | None
    seconds: float
    python: str = ""


def parts() -> list[Part]:
    """All there are: every Airflow whole; the lowest and newest dependencies; the oldest and newest Python.

    :return: them, in the order in which they run
    """
    versions = sorted(
        path.stem.removeprefix("airflow-") for path in (ROOT / "constraints").glob("airflow-*.txt")
    )
    oldest, newest = versions[0], versions[-1]
    found = [
        Part(f"airflow-{version}", ("test",), {"AIRFLOW_VERSION": version, "VENV": f".venv-{version}"})
        for version in versions
    ]
    for name, version, options in (("lowest", oldest, ""), ("newest", newest, "--upgrade")):
        variables = {"AIRFLOW_VERSION": version, "CONSTRAINTS": f"build/matrix-{name}.txt"}
        found.append(Part(name, LAYERS, {**variables, "VENV": f".venv-{name}", "INSTALL_OPTIONS": options}))
    for name, pythons in (("python-oldest", PYTHONS), ("python-newest", PYTHONS[::-1])):
        found.append(Part(name, LAYERS, {"VENV": f".venv-{name}"}, pythons))
    return found


def interpreter(version: str) -> str | None:
    """Find a Python that runs: what stands on the path may be pyenv's stand-in for one that is not selected.

    :param version: such as ``3.13``
    :return: where it is; ``None`` where it is not here
    """
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
    for candidate in (f"python{version}", "python3", *map(str, installed)):
        try:
            done = subprocess.run([candidate, "-c", TRY], check=True, capture_output=True, text=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError):
            continue
        found, _, path = done.stdout.strip().partition(" ")
        if found == version:
            return path
    return None


def lowest(constraints: str, dependencies: Iterable[str]) -> str:
    """Constraints under which the package's own dependencies are the lowest that it allows.

    :param constraints: versions that work together
    :param dependencies: the package's, such as ``name>=1.2``
    :return: the same with these names at their lower bound
    """
    bounds = {}
    for dependency in dependencies:
        name, bound, version = dependency.partition(">=")
        if bound and name != "apache-airflow":
            bounds[name] = version
    kept = [line for line in constraints.splitlines() if re.split(r"[=<>;\s]", line)[0] not in bounds]
    return "\n".join([*kept, *(f"{name}=={version}" for name, version in bounds.items())]) + "\n"


def tree() -> str:
    """Name the files that are there now, as Git names a tree; with a mark where some are not committed.

    :return: the name
    """
    name = _git("rev-parse", "HEAD^{tree}")
    return f"{name}+" if _git("status", "--porcelain", "--untracked-files=no") else name


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


def _write_constraints() -> None:
    versions = sorted((ROOT / "constraints").glob("airflow-*.txt"))
    dependencies = re.findall(r'^    "([^"]+)",$', _section("dependencies = ["), re.MULTILINE)
    # tools stay as they are for the lowest: what is tried is the package with what it needs
    written = {"lowest": lowest(versions[0].read_text(), dependencies), "newest": ""}
    REMEMBERED.parent.mkdir(exist_ok=True)
    for name, text in written.items():
        path = ROOT / "build" / f"matrix-{name}.txt"
        if not path.exists() or path.read_text() != text:  # or make would install anew every time
            path.write_text(text)


def _section(head: str) -> str:
    _, _, rest = (ROOT / "pyproject.toml").read_text().partition(f"\n{head}\n")
    return rest.partition("\n]")[0] + "\n"


def _run(part: Part, now: str) -> Outcome:
    variables = [f"{name}={value}" for name, value in part.variables.items()]
    version = ""
    if part.pythons:
        here = ((version, interpreter(version)) for version in part.pythons)
        version, python = next(((version, path) for version, path in here if path), ("", None))
        if python is None:
            return Outcome(now, None, 0.0)
        variables.append(f"PYTHON={python}")
    begun = time.monotonic()
    passed = True
    for target in part.targets:
        command = ["make", "--no-print-directory", target, *variables]
        passed = subprocess.run(command, cwd=ROOT, check=False).returncode == 0 and passed  # noqa: S603
    return Outcome(now, passed, round(time.monotonic() - begun, 1), version)


def main() -> int:
    """Run what is asked for by ``ONLY`` and not done; list how all parts stand.

    :return: exit status: 1 when one failed
    """
    only = set(os.environ.get("ONLY", "").replace(",", " ").split())
    known = parts()
    if unknown := only - {part.name for part in known}:
        names = ", ".join(part.name for part in known)
        sys.stderr.write(f"There is no part {', '.join(sorted(unknown))}. There are: {names}\n")
        return 1
    _write_constraints()
    done = _remembered()
    now = tree()
    for part in known:
        before = done.get(part.name)
        is_done = before is not None and before.tree == now and before.passed and not now.endswith("+")
        if (not only or part.name in only) and not is_done:
            done[part.name] = _run(part, now)
            REMEMBERED.write_text(
                json.dumps({name: asdict(outcome) for name, outcome in done.items()}, indent=1)
            )
    for part in known:
        sys.stdout.write(f"{part.name:16} {_in_words(done.get(part.name), now)}\n")
    asked = [done[part.name] for part in known if part.name in done and (not only or part.name in only)]
    return int(any(outcome.passed is False for outcome in asked))


def _remembered() -> dict[str, Outcome]:
    try:
        held = json.loads(REMEMBERED.read_text())
    except (OSError, ValueError):
        return {}
    return {name: Outcome(**outcome) for name, outcome in held.items()}


def _in_words(outcome: Outcome | None, now: str) -> str:
    if outcome is None:
        return "not run yet"
    if outcome.passed is None:
        return "not here: no such Python"
    text = f"{'passed' if outcome.passed else 'FAILED'} in {outcome.seconds:.0f} s"
    if outcome.python:
        text += f" with Python {outcome.python}"
    return text if outcome.tree == now else f"{text}, with other files than now"


if __name__ == "__main__":
    sys.exit(main())
