"""The language in which an entry says where a value stands.

``{name}`` stands for a value, ``{name?}`` for one that may be missing, ``{name=default}`` for one with a
default, which may be another name in braces.  A text that is one placeholder keeps the type of its value, and
is left out when that is missing.  ``{"$json": tree}`` is the tree as JSON text.  What is inserted is never
read as a template again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)?)(?:(\?)|=(\{[a-z_.]+\}|[^{}]*))?\}")

_JSON = "$json"

_LEFT_OUT: Any = object()


class MissingValueError(Exception):
    """A value that the template needs is not there.

    :param name: of the value
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


def fill(tree: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Insert values into a tree of templates.

    :param tree: texts, numbers and trees by name
    :param values: by name; ``None`` is missing
    :raises MissingValueError: for a value that is missing and has no default
    :return: the tree without what was left out
    """
    filled: dict[str, Any] = _filled(tree, values)
    return filled


def names_in(tree: Any) -> Iterator[tuple[str, bool]]:
    """The values that a tree refers to.

    :param tree: templates
    :yields: names, each with whether the tree cannot do without
    """
    if isinstance(tree, str):
        for name, optional, default in _PLACEHOLDER.findall(tree):
            yield name, not optional and not default
            yield from names_in(default)
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from names_in(key)
            yield from names_in(value)


def _filled(tree: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(tree, str):
        return _filled_text(tree, values)
    if not isinstance(tree, Mapping):
        return tree
    if tree.keys() == {_JSON}:
        return json.dumps(_filled(tree[_JSON], values))
    filled = {_filled_text(key, values): _filled(value, values) for key, value in tree.items()}
    return {key: value for key, value in filled.items() if value is not _LEFT_OUT}


def _filled_text(text: str, values: Mapping[str, Any]) -> Any:
    alone = _PLACEHOLDER.fullmatch(text)
    if alone:
        return _value(alone, values)

    def insert(found: re.Match[str]) -> str:
        value = _value(found, values)
        return "" if value is _LEFT_OUT else str(value)

    return _PLACEHOLDER.sub(insert, text)


def _value(found: re.Match[str], values: Mapping[str, Any]) -> Any:
    name, optional, default = found.groups()
    value = values.get(name)
    if value is not None:
        return value
    if optional:
        return _LEFT_OUT
    if not default:
        raise MissingValueError(name)
    other = _PLACEHOLDER.fullmatch(default)
    return _value(other, values) if other else _constant(default)


def _constant(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
