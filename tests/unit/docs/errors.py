"""Writes `docs/errors.md` from the classes of errors: `python -m tests.unit.docs.errors`."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

import airflow_thirdparty.server
from airflow_thirdparty import exceptions
from airflow_thirdparty.exceptions import PermanentError, ThirdPartyAccountError

PAGE = Path(__file__).parents[3] / "docs" / "errors.md"

HEAD = """\
# Errors

Each error has a code for programs, a message that says what happened and to whose sign-in, a remedy that says
what to do, and where a page mends it, a link. Where one meets them: in a task's log, on the task instance's
*Account* tab, in Airflow's audit log (`third_party_account.refused`), in the answers of the
[HTTP API](http_api.md).
"""

TASKS = """
## What tasks meet

*Ends the task* means that it fails at once, whatever retries it has left: trying again would not help.

| code | class | ends the task | |
|---|---|---|---|
"""

PEOPLE = """
## What people and programs meet

Beside those above, in the answers of the API:

| code | HTTP status | |
|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    mine = vars(exceptions).values()
    public = [cls for cls in mine if _is_error(cls) and cls.__module__ == exceptions.__name__]
    tasks = sorted((cls for cls in public if "code" in vars(cls)), key=lambda cls: cls.code)
    others = sorted(set(_of_server()), key=lambda cls: cls.code)
    return (
        HEAD
        + TASKS
        + "".join(_met_by_task(cls) for cls in tasks if cls is not ThirdPartyAccountError)
        + PEOPLE
        + "".join(f"| `{cls.code}` | {_status(cls)} | {_said(cls)} |\n" for cls in others)
        + "| `invalid_request` | 422 | A field of the request is wrong; `field` names it. |\n"
        + "| `internal_error` | 500 | What nobody foresaw; the API server's log has it. |\n"
    )


def _met_by_task(cls: type[ThirdPartyAccountError]) -> str:
    ends = "yes" if issubclass(cls, PermanentError) else ""
    return f"| `{cls.code}` | `{cls.__name__}` | {ends} | {_said(cls)} |\n"


def _is_error(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, ThirdPartyAccountError)


def _of_server() -> list[type[ThirdPartyAccountError]]:
    """Every class of the server that has a code of its own."""
    package = airflow_thirdparty.server
    found = []
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".migrations" in module.name:
            continue
        found += [
            thing
            for thing in vars(import_module(module.name)).values()
            if _is_error(thing) and thing.__module__ == module.name and "code" in vars(thing)
        ]
    return found


def _status(cls: type[ThirdPartyAccountError]) -> int:
    from airflow_thirdparty.server.web.refusals import STATUS

    return next((STATUS[base] for base in cls.__mro__ if base in STATUS), 400)


def _said(cls: type[ThirdPartyAccountError]) -> str:
    text = " ".join((inspect.getdoc(cls) or "").partition(":param")[0].split())
    return text.replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
