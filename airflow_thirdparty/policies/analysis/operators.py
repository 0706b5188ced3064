"""What an operator was given: which of its arguments name connections, and what its function is passed."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airflow_thirdparty.policies.analysis.functions import is_installed, unwrap
from airflow_thirdparty.policies.analysis.source import OUR_ROOMS
from airflow_thirdparty.policies.analysis.values import (
    NOTHING,
    UNKNOWN,
    Values,
    defaults_of,
    parameters,
    values_of,
)

SUFFIX = "conn_id"
"""How arguments end that name a connection."""

OWN_FIELDS = ("account", "account_id", "accounts")
"""Arguments of our own operators that name an account."""

_MADE_WITH = "_BaseOperator__init_kwargs"
"""Where Airflow keeps what an operator was made with."""

_OF_ANY_OPERATOR = {"_pre_execute_hook", "_post_execute_hook", "executor_config"}
"""Fields that every operator has, and in which an author's functions or connections can stand."""


@functools.lru_cache(maxsize=512)
def is_ours(operator: type) -> bool:
    """Whether an operator is ours, or built upon ours.

    :param operator: the operator's class
    :return: true for both
    """
    return any(cls.__module__.startswith(OUR_ROOMS) for cls in operator.__mro__)


def class_of(task: Any) -> type:
    """The class that will run, also of a mapped task.

    :param task: an operator, mapped or not
    :return: the operator's class
    """
    return getattr(task, "operator_class", None) or type(task)


def given(task: Any) -> Mapping[str, Any]:
    """What a task was made with, by argument.

    :param task: an operator, mapped or not
    :return: values by argument
    """
    partial: Mapping[str, Any] | None = getattr(task, "partial_kwargs", None)
    return partial if partial is not None else vars(task)


def functions(task: Any) -> list[Any]:
    """The author's functions that run while the task does.

    Callbacks after the task's final state get no token, so they are left out.

    :param task: an operator, mapped or not
    :return: callables
    """
    written = given(task)
    first = getattr(task, "python_callable", None) or written.get("python_callable")
    found = [first] if first is not None else []
    values = [*map(written.__getitem__, _telling_names(tuple(written))[1]), *_before(written)]
    others = [v for v in values if type(v) is types.FunctionType]
    found += [
        v for v in others if v is not first and not is_installed(inspect.unwrap(v).__code__.co_filename)
    ]
    return found


def _before(written: Mapping[str, Any]) -> list[Any]:
    callbacks = written.get("on_execute_callback") or ()
    return [*callbacks] if isinstance(callbacks, (list, tuple)) else [callbacks]


def connections(task: Any) -> dict[str, Values]:
    """The connections named in a task, by the argument that names them.

    :param task: an operator, mapped or not
    :return: the texts each can have
    """
    found: dict[str, Values] = {}
    written = given(task)
    # some operators keep an argument under another name, or not at all
    for source in (written, written.get(_MADE_WITH) or {}):
        naming, telling = _telling_names(tuple(source))
        _collect(naming, source, found)
        for value in [value for value in map(source.__getitem__, telling) if type(value) is dict]:
            _collect(filter(_names_connections, value), value, found)
    for notifier in _before(written):
        fields = getattr(notifier, "__dict__", {})
        _collect(filter(_names_connections, fields), fields, found)
    if hasattr(task, "partial_kwargs"):
        for name, values in [*_mapped(task, "expand_input"), *_mapped(task, "op_kwargs_expand_input")]:
            if _names_connections(name):
                found[name] = found.get(name, NOTHING) | values
        for name, values in _defaults_when_unmapped(task).items():
            found.setdefault(name, values)
    return found


def passed_to(task: Any, function: Any) -> dict[str, Values]:
    """What a task passes to its function, by parameter.

    :param task: an operator, mapped or not
    :param function: its ``python_callable``
    :return: the texts each can have
    """
    plain = unwrap(function)
    if plain is None:
        return {}
    names, written = parameters(plain), given(task)
    passed = dict(zip(names, map(_argument, written.get("op_args") or ()), strict=False))
    named = written.get("op_kwargs") or {}
    passed.update({name: _argument(value) for name, value in named.items()})
    passed.update(dict(_mapped(task, "op_kwargs_expand_input")))
    return {name: values for name, values in passed.items() if name in names}


def _collect(names: Iterable[str], source: Mapping[str, Any], found: dict[str, Values]) -> None:
    for name in names:
        found[name] = found.get(name, NOTHING) | _argument(source[name])


def _names_connections(name: object) -> bool:
    return isinstance(name, str) and (name.endswith(SUFFIX) or name in OWN_FIELDS)


@functools.lru_cache(maxsize=1024)
def _telling_names(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of what an author may have given to an operator; most are Airflow's own and the same in all.

    :param names: an operator's attributes, or its arguments: the same in all tasks that are made alike
    :return: those that name connections, and all
    """
    from airflow.sdk import BaseOperator

    plain = BaseOperator.__dataclass_fields__.keys() - _OF_ANY_OPERATOR
    telling = [name for name in names if name not in plain]
    naming = [name for name in telling if _names_connections(name)]
    return tuple(naming), tuple(telling)


@functools.lru_cache(maxsize=512)
def own_methods(operator: type) -> tuple[Callable[..., Any], ...]:
    """The methods of an operator that are written beside the DAGs rather than installed.

    :param operator: the operator's class
    :return: plain functions
    """
    return tuple(
        function
        for cls in operator.__mro__
        if not cls.__module__.startswith("airflow.")
        for function in vars(cls).values()
        if isinstance(function, types.FunctionType)
        and not is_installed(inspect.unwrap(function).__code__.co_filename)
    )


def _argument(value: Any) -> Values:
    """The ids in an argument, also where a mapped task group fills it in."""
    kind = type(value).__name__
    if kind == "MappedArgument":
        return _expanded(getattr(value, "_input", None)).get(getattr(value, "_key", ""), UNKNOWN)
    return NOTHING if kind == "ArgNotSet" else values_of(value)


def _mapped(task: Any, attribute: str) -> list[tuple[str, Values]]:
    return [*_expanded(getattr(task, attribute, None)).items()]


def _expanded(expand_input: Any) -> dict[str, Values]:
    """What ``expand()`` or ``expand_kwargs()`` passes, by argument; results of other tasks are unknown."""
    value = getattr(expand_input, "value", None)
    if isinstance(value, Mapping):
        return {name: values_of(list(v) if isinstance(v, Mapping) else v) for name, v in value.items()}
    found: dict[str, Values] = {}
    for item in value if isinstance(value, (list, tuple)) else ():
        for name, inner in item.items() if isinstance(item, Mapping) else ():
            found[name] = found.get(name, NOTHING) | values_of(inner)
    return found


def _defaults_when_unmapped(task: Any) -> dict[str, Values]:
    """What a mapped operator gets only when it is unmapped: ``default_args``, and its class's defaults."""
    own = _own_defaults(class_of(task))
    if not own:
        return {}
    layers, group = [], task.task_group
    while group is not None:
        layers.append(getattr(group, "default_args", None) or {})
        group = getattr(group, "parent_group", None)
    layers += [getattr(task.dag, "default_args", None) or {}, own]
    return {name: _argument(next(layer[name] for layer in layers if name in layer)) for name in own}


@functools.lru_cache(maxsize=512)
def _own_defaults(operator: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for cls in operator.__mro__:
        if cls.__module__.startswith("airflow.sdk."):
            break  # what every operator takes names no connection
        init = inspect.unwrap(cls.__dict__.get("__init__") or object.__init__)
        names = parameters(init) if isinstance(init, types.FunctionType) else ()
        named = [name for name in names if name.endswith(SUFFIX)]
        if named:
            defaults = defaults_of(init)
            found = {**{name: defaults.get(name) for name in named}, **found}
    return found
