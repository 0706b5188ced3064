"""The presets that a deployment brings itself: found here, read by the server.

Only the standard library is imported here, because Airflow asks for the form before it can be asked for its
configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

GROUP = "airflow_thirdparty.presets"
"""Entry points of this group name packages with presets, one JSON file for each service."""


def files(configured: str) -> dict[str, Path]:
    """The files by id of their service: those of packages, and over them those of the configured folder.

    :param configured: the folder; empty for none
    :return: paths; of what cannot be found there is none, see :func:`problems`
    """
    folders = [folder for folder, _ in _folders(configured) if folder is not None]
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.json"))}


def problems(configured: str) -> tuple[str, ...]:
    """What is wrong with the places where presets should be.

    :param configured: the folder; empty for none
    :return: a sentence for each
    """
    return tuple(problem for _, problem in _folders(configured) if problem)


def _folders(configured: str) -> Iterator[tuple[Path | None, str]]:
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        folder = _folder_of(entry)
        problem = f"Entry point {entry.name} of {GROUP} names no package: {entry.value}."
        yield folder, "" if folder else problem
    if configured:
        folder = Path(configured)
        problem = f"[third_party_accounts] presets_folder is no folder: {configured}."
        yield (folder, "") if folder.is_dir() else (None, problem)


def _folder_of(entry: EntryPoint) -> Path | None:
    """Where a package lies; it is not imported."""
    try:
        spec = find_spec(entry.module)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) if places else None
