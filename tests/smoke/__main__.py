"""Takes the wheel alone through its life in a bare environment: ``python -m tests.smoke WHEEL``.

Installed with constraints and nothing of this checkout, without Node; then what an admin does on the first
day, uninstalled, and installed again.  It ends with status 1 and the output of the first step that failed.
The environment variable ``PROJECT_URL`` is the one with which the wheel was built.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

SECRET = "client-secret-of-the-smoke-test"
TOKEN = "access-token-of-the-smoke-test"

MANAGER = "airflow_thirdparty.server.store.manager.ThirdPartyAccountsDBManager"
"""Whose tables ``airflow db-manager`` is about."""

ACCOUNT = (
    "connections",
    "add",
    "acme",
    "--conn-type",
    "third_party_account",
    "--conn-login",
    "client-of-the-smoke-test",
    "--conn-password",
    SECRET,
    "--conn-extra",
    '{"service": "github"}',
)

PAGES = """
from airflow_thirdparty import plugin
(app,) = plugin.ThirdPartyAccountsPlugin().fastapi_apps
paths = {route.path for route in app["app"].routes}
assert {"/health", "/static"} <= paths, paths
from airflow_thirdparty.server.web.for_people import create_routes
assert "/callback/{conn_id}" in {route.path for route in create_routes().routes}
from airflow_thirdparty.plugin_views import STATIC_FOLDER
assert any(STATIC_FOLDER.glob("*.js")), "no built pages in the wheel"
"""

README = """
import re
from importlib.metadata import metadata
text = metadata("airflow-thirdparty").get_payload()
targets = re.findall(r"\\]\\(([^)]+)\\)", text)
assert [target for target in targets if not target.startswith(("https://", "#"))] == [], targets
pictures = re.findall(r"!\\[[^\\]]*\\]\\(([^)]+)\\)", text)
print("pictures:", *pictures)
"""

SECRETS = """
from airflow.utils.session import create_session
from sqlalchemy import text
with create_session() as session:
    print("secrets:", session.scalar(text("SELECT count(*) FROM third_party_client_secret")))
"""


SIGN_IN = f"""
from datetime import datetime, timezone
from airflow.utils.session import create_session
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import sign_ins
now = datetime.now(timezone.utc)
credentials = sign_ins.Credentials("{TOKEN}", None, now, None, ())
identity = dict(issuer="", subject="1", subject_name="alice")
columns = dict(kind="oauth2", binding="{{}}", endpoints="{{}}", signed_in_at=now, **identity)
with create_session() as session:
    sign_ins.put(session, Person("some.Manager", "1", "", "alice"), "acme", credentials, columns)
"""

KEPT = f"""
from airflow.utils.session import create_session
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.models import SignIn
from sqlalchemy import select
with create_session() as session:
    (row,) = session.scalars(select(SignIn))
    assert sign_ins.open_access(row) == "{TOKEN}"
"""


@dataclass(frozen=True)
class Step:
    """Something to run.

    :param words: what is run in the environment
    :param status: how it has to end; ``None`` where that is the network's affair
    :param says: what it has to print
    :param hushes: what it must not print
    """

    words: Sequence[str]
    status: int | None = 0
    says: Sequence[str] = field(default=())
    hushes: Sequence[str] = field(default=())


def airflow(*words: str, status: int | None = 0, says: Sequence[str] = ()) -> Step:
    return Step(("airflow", *words), status, says)


def ours(*words: str, status: int | None = 0, says: Sequence[str] = ()) -> Step:
    return airflow("third-party-accounts", *words, status=status, says=says)


def python(program: str, says: Sequence[str] = ()) -> Step:
    return Step(("python", "-c", program), says=says)


def named(show: Sequence[str], address: str) -> list[Step]:
    """The package says where it is at home, and so do its README's links and pictures.

    :param show: what lists an installed package
    :param address: the home; empty where the wheel was built without one
    """
    home = [f"Homepage, {address}"] if address else []
    picture = [f"pictures: {address}/raw/HEAD/docs/images/"] if address else []
    return [Step(show, says=home), python(README, says=picture)]


def steps(install: Step, uninstall: Step, home: Sequence[Step]) -> list[Step]:
    """A wheel's life."""
    return [
        install,
        *home,
        ours("list", status=2, says=["run 'airflow db migrate'"]),
        airflow("db", "migrate"),
        airflow(*ACCOUNT, says=["Successfully added"]),
        ours("list", "-o", "json", says=['"account": "acme"', '"service": "github"']),
        ours("check", "acme", status=None, says=["/third-party-accounts/callback/acme"]),
        ours("check", "--all", "-o", "plain", status=None, says=["acme"]),
        ours("presets", "-o", "json", says=["github"]),
        python(PAGES),
        python(SECRETS, says=["secrets: 1"]),
        python(SIGN_IN),
        airflow("db", "clean", "--clean-before-timestamp", "2100-01-01", "--skip-archive", "--yes"),
        uninstall,
        airflow("connections", "get", "acme", says=["acme"]),
        airflow("db", "check"),
        install,
        ours("check", "acme", status=None, says=["It is stored, sealed"]),
        ours("sign-ins", "-o", "json", says=['"user": "alice"']),
        python(KEPT),
        airflow("db-manager", "downgrade", MANAGER, "--to-version", "0.1.0", "--yes"),
        python(KEPT),
        ours("sign-out", "--all", says=["alice"]),
        airflow("db-manager", "downgrade", MANAGER, "--to-revision", "base", "--yes"),
        ours("list", status=2, says=["run 'airflow db migrate'"]),
        airflow("db-manager", "migrate", MANAGER),
        python(SIGN_IN),
        airflow("db", "reset", "--yes"),
        Step(("airflow", "third-party-accounts", "sign-ins", "-o", "json"), hushes=["alice"]),
    ]


def run(step: Step, environment: Mapping[str, str]) -> str | None:
    """Run a step; answers what went wrong."""
    program = shutil.which(step.words[0], path=environment["PATH"])
    if program is None:
        return f"{step.words[0]} is not there"
    done = subprocess.run(
        [program, *step.words[1:]],
        env=environment,
        cwd=environment["AIRFLOW_HOME"],
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    wrong = [f"did not say {words!r}" for words in step.says if words not in printed]
    if step.status is not None and done.returncode != step.status:
        wrong.append(f"ended with {done.returncode}, not {step.status}")
    if "Traceback" in printed:
        wrong.append("printed a traceback")
    wrong += [f"printed {words!r}" for words in (*step.hushes, SECRET, TOKEN) if words in printed]
    return f"{'; '.join(wrong)}\n{printed}" if wrong else None


def main() -> int:
    """Do it all in a folder that is thrown away."""
    arguments = argparse.ArgumentParser(prog="python -m tests.smoke")
    arguments.add_argument("wheel", type=Path)
    arguments.add_argument("--constraint", type=Path, required=True, help="versions that work together")
    arguments.add_argument("--uv", type=Path, required=True, help="the installer")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="third-party-smoke-") as folder:
        venv, home = Path(folder, "venv"), Path(folder, "airflow")
        home.mkdir()
        uv = str(given.uv.absolute())
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
        # where packages come from is this machine's own; no program beside Python's is there
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))
        }
        environment = {
            **kept,
            "PATH": str(venv / "bin"),
            "VIRTUAL_ENV": str(venv),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS": MANAGER,
            "AIRFLOW__API__BASE_URL": "http://localhost:8080",
        }
        install = Step(
            (
                uv,
                "pip",
                "install",
                "--constraint",
                str(given.constraint.absolute()),
                str(given.wheel.absolute()),
            )
        )
        uninstall = Step((uv, "pip", "uninstall", "airflow-thirdparty"))
        pip = (sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"))
        address = os.environ.get("PROJECT_URL", "").rstrip("/")
        home = named((*pip, "show", "--verbose", "airflow-thirdparty"), address)
        for step in steps(install, uninstall, home):
            begun = time.monotonic()
            wrong = run(step, environment)
            shown = " ".join(json.dumps(word) if "\n" in word else word for word in step.words)[:100]
            print(f"{'FAILED' if wrong else 'ok':6} {time.monotonic() - begun:5.1f} s  {shown}", flush=True)
            if wrong:
                print(wrong, file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
