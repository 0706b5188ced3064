"""The accounts a DAG refers to: through operators, templates, and the Python of its tasks."""

from __future__ import annotations

import functools
import inspect
import logging
import re
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_thirdparty.policies.code import is_installed, unwrap
from airflow_thirdparty.policies.source import OUR_ROOMS, Mention, mentions
from airflow_thirdparty.policies.values import NOTHING, UNKNOWN, Values, parameters, union, values_of

log = logging.getLogger(__name__)

_SUFFIX = "conn_id"
_OWN_FIELDS = ("account", "account_id")
_TEMPLATED = re.compile(
    r"""\bconn\s*(?:\.\s*get\s*\(\s*(?:["'](?P<got>[^"']+)["']|(?P<computed>[^"'\s]))"""
    r"""|\.\s*(?P<dotted>(?!get\b)[A-Za-z_]\w*)|\[\s*["'](?P<item>[^"']+)["'])"""
)
_MOST_TEXTS = 1000


@dataclass(frozen=True)
class Reference:
    """One place in which a task refers to a connection that is, or may be, an account.

    :param task_id: id of the task
    :param account: id of the account; ``None`` when it cannot be known before the task runs
    :param written: how it stands in the DAG
    :param ours: whether it is an account for certain, not just any connection
    """

    task_id: str
    account: str | None
    written: str
    ours: bool = False


def references(dag: Any, accounts: Collection[str]) -> list[Reference]:
    """Find every reference of a DAG, sorted by task.

    :param dag: the DAG as its file made it
    :param accounts: ids of all accounts
    """
    known = frozenset(accounts)
    found: list[Reference] = []
    for task in sorted(dag.tasks, key=lambda task: str(task.task_id)):
        try:
            found += _of_task(task, known)
        except Exception:
            log.exception("Looking for third-party accounts in task %s failed", task.task_id)
            found.append(Reference(str(task.task_id), None, "this task could not be looked at"))
    return list(dict.fromkeys(found))


def _of_task(task: Any, accounts: frozenset[str]) -> Iterator[Reference]:
    operator: type = getattr(task, "operator_class", None) or type(task)
    ours = _is_ours(operator)
    fields = dict(_fields(task))
    for name, value in _mapped_defaults(task, operator, fields):
        fields.setdefault(name, value)
    for name, values in sorted(fields.items()):
        own = ours and (name.endswith(_SUFFIX) or name in _OWN_FIELDS)
        if own or name.endswith(_SUFFIX):
            yield from _sorted_out(task, values, f"{name}=…", accounts, ours=own)
    yield from _in_templates(task, accounts)
    for mention in _in_python(task, operator, accounts):
        yield from _sorted_out(task, mention.values, _place(mention), accounts, ours=mention.ours)


def _sorted_out(
    task: Any, values: Values, written: str, accounts: frozenset[str], *, ours: bool
) -> Iterator[Reference]:
    for conn_id in sorted(values.known):
        if conn_id and (ours or conn_id in accounts):
            yield Reference(str(task.task_id), conn_id, written, ours)
    # as long as there are no accounts, what a foreign hook uses cannot be one
    if not values.complete and (ours or accounts):
        yield Reference(str(task.task_id), None, written, ours)


def _place(mention: Mention) -> str:
    return f"{mention.written} (line {mention.line})" if mention.line else mention.written


@functools.lru_cache(maxsize=512)
def _is_ours(operator: type) -> bool:
    return any(cls.__module__.startswith(OUR_ROOMS) for cls in operator.__mro__)


def _fields(task: Any) -> Iterator[tuple[str, Values]]:
    """What stands in a task under names that may be a connection's, by name."""
    sources: list[Mapping[str, Any]] = [getattr(task, "partial_kwargs", None) or {}]
    if not sources[0]:
        sources = [vars(task), getattr(task, "_BaseOperator__init_kwargs", None) or {}]
    collected: dict[str, Values] = {}
    for name, value in [pair for source in sources for pair in source.items()]:
        if name.endswith(_SUFFIX) or name in _OWN_FIELDS:
            collected[name] = collected.get(name, NOTHING) | _argument(value)
        elif name == "op_kwargs" and isinstance(value, Mapping):
            for key, inner in value.items():
                if isinstance(key, str) and key.endswith(_SUFFIX):
                    collected[key] = collected.get(key, NOTHING) | _argument(inner)
    for expansion in ("expand_input", "op_kwargs_expand_input"):
        for name, values in _expanded(getattr(task, expansion, None)).items():
            if name.endswith(_SUFFIX):
                collected[name] = collected.get(name, NOTHING) | values
    yield from collected.items()


def _argument(value: Any) -> Values:
    """The ids in an operator's argument, also where a mapped task group fills it in."""
    if type(value).__name__ in ("ArgNotSet", "NotSetType"):
        return NOTHING
    if type(value).__name__ == "MappedArgument":
        expanded = _expanded(getattr(value, "_input", None))
        return expanded.get(getattr(value, "_key", ""), UNKNOWN)
    return values_of(value)


def _expanded(expand_input: Any) -> dict[str, Values]:
    """What ``expand()`` or ``expand_kwargs()`` passes, by argument; what comes from other tasks is unknown."""
    value = getattr(expand_input, "value", None)
    if isinstance(value, Mapping):
        return {name: values_of(list(v) if isinstance(v, Mapping) else v) for name, v in value.items()}
    if not isinstance(value, (list, tuple)):
        return {}
    collected: dict[str, Values] = {}
    for item in value:
        for name, inner in item.items() if isinstance(item, Mapping) else ():
            collected[name] = collected.get(name, NOTHING) | values_of(inner)
    return collected


def _mapped_defaults(
    task: Any, operator: type, fields: Mapping[str, Values]
) -> Iterator[tuple[str, Values]]:
    """What a mapped operator gets when it is unmapped: ``default_args`` and its class's own defaults."""
    if not hasattr(task, "partial_kwargs"):
        return
    groups, group = [], getattr(task, "task_group", None)
    while group is not None:
        groups.append(getattr(group, "default_args", None) or {})
        group = getattr(group, "parent_group", None)
    layers = [*groups, getattr(task.dag, "default_args", None) or {}, _own_defaults(operator)]
    for name in _own_defaults(operator):
        layer = next(layer for layer in layers if name in layer)
        if name not in fields:
            yield name, _argument(layer[name])


@functools.lru_cache(maxsize=512)
def _own_defaults(operator: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for cls in operator.__mro__:
        init = cls.__dict__.get("__init__")
        if init is None or not any(name.endswith(_SUFFIX) for name in _parameter_names(init)):
            continue
        for name, parameter in inspect.signature(init).parameters.items():
            if name.endswith(_SUFFIX):
                given = parameter.default is not inspect.Parameter.empty
                found.setdefault(name, parameter.default if given else None)
    return found


def _parameter_names(init: Any) -> Iterable[str]:
    plain = inspect.unwrap(init)
    return parameters(plain) if isinstance(plain, types.FunctionType) else ()


def _in_templates(task: Any, accounts: frozenset[str]) -> Iterator[Reference]:
    """``{{ conn.github.password }}`` and the like, in the fields that Airflow renders."""
    given = getattr(task, "partial_kwargs", None) or {}
    expanded = getattr(getattr(task, "expand_input", None), "value", None)
    fields = {name: given.get(name) if given else getattr(task, name, None) for name in task.template_fields or ()}
    for name, value in sorted({**fields, "expand": expanded}.items()):
        for text in _templates(value):
            for match in _TEMPLATED.finditer(text):
                parts = match.groupdict()
                values = UNKNOWN if parts["computed"] else NOTHING
                conn_id = parts["got"] or parts["dotted"] or parts["item"]
                values = Values(frozenset({conn_id})) if conn_id else values
                yield from _sorted_out(task, values, f"{name}={match.group(0)}…", accounts, ours=False)


def _templates(value: Any) -> Iterator[str]:
    waiting, seen = [value], 0
    while waiting and seen < _MOST_TEXTS:
        item, seen = waiting.pop(), seen + 1
        if isinstance(item, str):
            if "conn" in item and ("{{" in item or "{%" in item):
                yield item
        elif isinstance(item, Mapping):
            waiting += [*item.values()]
        elif isinstance(item, (list, tuple, set)):
            waiting += [*item]


def _in_python(task: Any, operator: type, accounts: frozenset[str]) -> Iterator[Mention]:
    given = getattr(task, "partial_kwargs", None) or vars(task)
    function = getattr(task, "python_callable", None) or given.get("python_callable")
    if function is not None:
        yield from mentions(function, _passed(task, function, given), accounts=accounts)
    for method in _own_methods(operator):
        yield from mentions(method, objects={"self": task}, accounts=accounts)


def _passed(task: Any, function: Any, given: Mapping[str, Any]) -> dict[str, Values]:
    plain: types.FunctionType | None = unwrap(function)
    if plain is None:
        return {}
    names = parameters(plain)
    passed = dict(zip(names, map(_argument, given.get("op_args") or ()), strict=False))
    named = given.get("op_kwargs") or {}
    passed.update({name: _argument(value) for name, value in named.items() if name in names})
    expanded = _expanded(getattr(task, "op_kwargs_expand_input", None))
    return {**passed, **{name: values for name, values in expanded.items() if name in names}}


@functools.lru_cache(maxsize=512)
def _own_methods(operator: type) -> tuple[Callable[..., Any], ...]:
    """The methods of operators that are written beside the DAGs rather than installed."""
    return tuple(
        function
        for cls in operator.__mro__
        for function in vars(cls).values()
        if isinstance(function, types.FunctionType)
        for plain in [inspect.unwrap(function)]
        if not cls.__module__.startswith("airflow.") and not is_installed(plain.__code__.co_filename)
    )
