"""Reads presets from their files; each complaint names the file and the field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from airflow_thirdparty.server.accounts.preset import Preset, ScopeSet, Source, TenantField

Content = dict[str, Any]
"""A preset as its file holds it."""

Known = Callable[[str], Content | None]
"""Gives the content of the preset that another one extends, itself completed."""

SCHEMA = Path(__file__).parent / "preset.schema.json"
"""What a file may hold."""

_ABOUT_THE_FILE = ("$schema", "extends")
"""Keys of a file that are none of the preset's."""


class PresetRefused(Exception):
    """A preset that cannot be used.

    :param path: its file
    :param field: the field that is wrong; empty for the file as a whole
    :param problem: what is wrong, as the rest of a sentence that begins with the field
    """

    def __init__(self, path: Path, field: str, problem: str) -> None:
        self.path = path
        self.field = field
        self.problem = problem
        what = f"field '{field}'" if field else "the file"
        super().__init__(f"Preset {path}: {what} {problem}.")


def content(path: Path, known: Known) -> Content:
    """The content of a file, with what it takes over from the preset that it extends.

    :param path: of the file
    :param known: the presets that there are
    :raises PresetRefused: when it cannot be read, or extends what there is not
    :return: fields by name, with the preset's id
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except OSError as error:
        raise PresetRefused(path, "", f"cannot be read ({type(error).__name__})") from None
    except (ValueError, RecursionError) as error:
        raise PresetRefused(path, "", f"is no JSON: {str(error)[:200]}") from None
    if not isinstance(found, dict):
        raise PresetRefused(path, "", "is no JSON object")
    base: Content = {}
    if "extends" in found:
        parent = known(str(found["extends"]))
        if parent is None:
            raise PresetRefused(path, "extends", f"names no preset: {str(found['extends'])[:60]!r}")
        own = ("id", "name", "aliases", "sources", "unverified")
        base = {name: value for name, value in parent.items() if name not in own}
        base["sources"] = parent.get("sources", [])
    merged = {**base, **found}
    if isinstance(found.get("sources"), list):
        merged["sources"] = [*found["sources"], *base.get("sources", [])]
    merged.setdefault("id", path.stem)
    return {name: value for name, value in merged.items() if name not in _ABOUT_THE_FILE}


def _unique(pairs: list[tuple[str, Any]]) -> Content:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def validate(path: Path, found: Mapping[str, Any]) -> None:
    """Compare a preset with the schema.

    :param path: of the file, for the complaint
    :param found: what :func:`content` returned
    :raises PresetRefused: naming the field
    """
    from jsonschema.exceptions import best_match

    error = best_match(_validator().iter_errors(found))
    if error is None:
        return
    where = ".".join(map(str, [*error.absolute_path, *_named(error)]))
    raise PresetRefused(path, where, f"is wrong: {error.message[:200]}")


def _named(error: Any) -> list[str]:
    """The field that a complaint about a whole object is about."""
    if error.validator == "required":
        return [name for name in error.validator_value if name not in error.instance][:1]
    if error.validator == "additionalProperties" and error.validator_value is False:
        return sorted(set(error.instance) - set(error.schema["properties"]))[:1]
    return []


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator  # only own presets are validated

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def preset(found: Mapping[str, Any], *, shipped: bool) -> Preset:
    """Make a preset of a valid file's content.

    :param found: what :func:`content` returned
    :param shipped: whether it comes with this package
    :return: the preset
    """
    return Preset(**{name: _made(name, value) for name, value in found.items()}, shipped=shipped)


def _made(name: str, value: Any) -> Any:
    """A field's value as the preset has it: lists are tuples, and objects of objects what they stand for."""
    if name == "tenant":
        return {key: TenantField(**each) for key, each in value.items()}
    if name == "scope_sets":
        return {
            key: ScopeSet(label=each["label"], scopes=tuple(each["scopes"])) for key, each in value.items()
        }
    if name == "sources":
        return tuple(Source(**each) for each in value)
    if name == "scope_implies":
        return {key: tuple(each) for key, each in value.items()}
    return tuple(value) if isinstance(value, list) else value


FIELDS = frozenset(field.name for field in fields(Preset)) - {"shipped"}
"""The fields that a file may have besides those about the file itself."""
