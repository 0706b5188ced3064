"""Writes `docs/api.md`, the public face, from `__all__` and docstrings: `python -m tests.unit.docs.api`."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "api.md"

SECTIONS = {
    "Hooks": ("airflow_thirdparty.hooks.third_party_account",),
    "Client libraries": ("airflow_thirdparty.sdks.credentials",),
    "Operators and sensors": (
        "airflow_thirdparty.operators.http",
        "airflow_thirdparty.sensors.sign_in",
        "airflow_thirdparty.links.sign_in",
    ),
    "For the DAG policy": ("airflow_thirdparty.hooks.uses_account",),
    "Tests": ("airflow_thirdparty.testing.accounts",),
    "Errors": ("airflow_thirdparty.exceptions",),
}
"""Every module that DAGs may import from, by the heading it stands under."""

MODULES = tuple(module for modules in SECTIONS.values() for module in modules)

HEAD = """\
# Public names

DAGs may import these names, and what they do changes only with the version. Everything else in the package is
private and may change at any time. How to use them: [hook.md](hook.md).
"""


def page() -> str:
    """The page as it should be."""
    return HEAD + "".join(_section(title, modules) for title, modules in SECTIONS.items())


def _section(title: str, modules: tuple[str, ...]) -> str:
    text = f"\n## {title}\n"
    for name in modules:
        module = import_module(name)
        rows = (f"| `{public}` | {_first_line(getattr(module, public))} |\n" for public in module.__all__)
        text += f"\n`{name}`\n\n| name | |\n|---|---|\n{''.join(rows)}"
    return text


def _first_line(thing: object) -> str:
    # rst's ``code`` is `code` in the page
    return (inspect.getdoc(thing) or "").partition("\n")[0].replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(page())
