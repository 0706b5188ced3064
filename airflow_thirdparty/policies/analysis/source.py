"""The accounts that the Python of a task asks for, read from its source."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from airflow_thirdparty.policies.analysis.functions import (
    local_names,
    names_in,
    neighbours,
    nodes_of,
    source_of,
    tree_of,
    unwrap,
)
from airflow_thirdparty.policies.analysis.plain_uses import plain_use
from airflow_thirdparty.policies.analysis.values import UNKNOWN, Scope, Values, parameters, union, values_of
from airflow_thirdparty.wire import split_entry

OURS = re.compile(r"ThirdPartyAccount(?!\w*Error)\w*|uses_account")
"""What asks for an account by its id, whatever else it does: our hook, operators, sensors and decorators."""

OUR_ROOMS = ("airflow_thirdparty.hooks", "airflow_thirdparty.operators", "airflow_thirdparty.sensors")
"""Modules whose functions and classes ask for an account, under whatever name a file imports them."""

GETTERS = frozenset(
    {"get_connection", "aget_connection", "get_connection_from_secrets", "get_hook", "aget_hook"}
)
"""Methods that take the id of a connection first."""

_OWN_KEYWORDS = ("conn_id", "account", "account_id")
_DECORATOR = "uses_account"
_DECORATORS_MODULE = "airflow_thirdparty.hooks.uses_account"
_MARK = "__third_party_accounts__"
_DEFAULT = "third_party_account_default"
_ACCESSOR = "conn"
_TELLING = GETTERS | {_DECORATOR, _ACCESSOR}
_TELLING_ENDS = ("conn_id", "Hook", "Connection")
_TELLING_STARTS = ("ThirdPartyAccount", *OUR_ROOMS)
_DEEPEST = 6
"""Calls, one within another, that are followed: helpers of helpers are rarely more than three deep."""


class ConnectionUse(NamedTuple):
    """A place in a task's source that asks for a connection.

    :param values: the ids it can ask for
    :param ours: whether it asks for an account for certain, not for just any connection
    :param written: what is called there
    :param line: line of the file
    :param path: the file
    :param declares: whether the author declared here what cannot be read from the rest
    """

    values: Values
    ours: bool
    written: str
    line: int
    path: str
    declares: bool = False


def mentions(
    function: object,
    arguments: Callable[[], Mapping[str, Values]] = dict,
    *,
    objects: Mapping[str, object] | None = None,
    accounts: Collection[str] = (),
) -> list[ConnectionUse]:
    """Find what a task's function asks for, also in functions of the same authors that it calls.

    :param function: the ``python_callable`` of a task
    :param arguments: tells what the task passes to it, by parameter name
    :param objects: objects that are passed to it, such as ``self``
    :param accounts: ids of all accounts; tells a hook's account among its positional arguments
    :return: what is asked for, with the line where it is
    """
    plain = unwrap(function)
    if plain is None:
        return []
    search = _Search(frozenset(accounts))
    if search.is_promising(plain):
        search.visit(plain, arguments(), objects or {}, certain=True, depth=0)
    found = [*_declared(function), *dict.fromkeys(search.found)]
    if any(mention.declares for mention in found):
        return [mention._replace(values=Values(mention.values.known)) for mention in found]
    return found


def _declared(function: object) -> Iterator[ConnectionUse]:
    """What ``@uses_account`` left on a function, or on what wraps it."""
    seen = 0
    while function is not None and seen < _DEEPEST:
        ids = getattr(function, "__dict__", {}).get(_MARK)
        if ids:
            path = getattr(getattr(function, "__code__", None), "co_filename", "")
            yield ConnectionUse(values_of(ids), True, f"@{_DECORATOR}", 0, path, declares=True)
        function, seen = getattr(function, "__wrapped__", None), seen + 1


@dataclass
class _Search:
    accounts: frozenset[str]
    found: list[ConnectionUse] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen: set[tuple[types.CodeType, tuple[tuple[str, Values], ...], bool]] = set()
        self._promising: dict[types.CodeType, bool] = {}

    def visit(
        self,
        function: types.FunctionType,
        arguments: Mapping[str, Values],
        objects: Mapping[str, object],
        *,
        certain: bool,
        depth: int,
    ) -> None:
        key = (function.__code__, tuple(sorted(arguments.items(), key=lambda item: item[0])), certain)
        if key in self._seen or depth > _DEEPEST or not self.is_promising(function):
            return
        self._seen.add(key)
        plain = None if objects else _plainly(function)
        if plain is not None:
            self.found.append(plain)
            return
        node = tree_of(function)
        if node is None:
            missing = f"the source of {function.__name__}() is not there"
            self.found.append(ConnectionUse(UNKNOWN, False, missing, 0, function.__code__.co_filename))
            return
        self._read(Scope(function, nodes_of(node), arguments, certain, objects), depth)

    def _read(self, scope: Scope, depth: int) -> None:
        """Look at what a function calls, and into the functions of its own authors that it may call."""
        function, nodes = scope.function, scope.nodes
        called = {function.__code__}
        for part in nodes.get(ast.Attribute, ()) if _ACCESSOR in names_in(function.__code__) else ():
            self.found += _from_context(part, scope)
        for part in nodes.get(ast.Call, ()):
            target = scope.live(part.func)
            self.found += self._asked(part, target, scope)
            if isinstance(target, types.FunctionType) and self.is_promising(target):
                self._follow(part, target, scope, depth)
                called.add(target.__code__)
        for other in neighbours(function):
            if other.__code__ not in called:
                self.visit(other, {}, scope.objects, certain=False, depth=depth + 1)

    def _follow(self, call: ast.Call, target: types.FunctionType, scope: Scope, depth: int) -> None:
        """Look into a function that is called by its name, knowing what is passed to it."""
        names, objects = parameters(target), {}
        owner = scope.live(call.func.value) if isinstance(call.func, ast.Attribute) else None
        if owner is not None and not isinstance(owner, (types.ModuleType, type)):
            objects, names = dict.fromkeys(names[:1], owner), names[1:]
        self.visit(target, scope.bind(call, names), objects, certain=True, depth=depth + 1)

    def is_promising(self, function: types.FunctionType) -> bool:
        """Whether this function, or one it may call, has a name in it that may ask for a connection."""
        known = self._promising.get(function.__code__)
        if known is None:
            self._promising[function.__code__] = False  # ends a circle of functions that call each other
            known = _speaks_of_connections(function) or any(map(self.is_promising, neighbours(function)))
            self._promising[function.__code__] = known
        return known

    def _asked(self, call: ast.Call, target: object, scope: Scope) -> Iterator[ConnectionUse]:
        name = _named(call.func, target, scope)
        if _is_ours(call.func, name, target, scope):
            use = _at(call, scope, _own_values(call, name, target, scope), ours=True)
            yield use._replace(declares=name == _DECORATOR)
            return
        by_keyword = [k.value for k in call.keywords if k.arg is not None and k.arg.endswith("conn_id")]
        if by_keyword:
            yield self._mention(call, scope, by_keyword)
        elif name in GETTERS or (name in ("get", "async_get") and _base(call.func, scope) == "Connection"):
            yield from self._got(call, scope)
        elif name == "get" and isinstance(call.func, ast.Attribute) and _is_accessor(call.func.value, scope):
            yield self._mention(call, scope, call.args[:1])
        elif name.endswith("Hook"):
            yield from self._positional(call, scope)

    def _mention(self, call: ast.Call, scope: Scope, expressions: list[ast.expr]) -> ConnectionUse:
        values = union(map(scope.evaluate, expressions)) if expressions else UNKNOWN
        return _at(call, scope, values, ours=False)

    def _got(self, call: ast.Call, scope: Scope) -> Iterator[ConnectionUse]:
        mention = self._mention(call, scope, call.args[:1])
        # many libraries have a get_connection(); unless it is a hook's, only an account's id tells
        is_hook = _base(call.func, scope).lower().endswith(("hook", "connection", "self", "cls"))
        if call.args and (is_hook or self._of_accounts(mention.values)):
            yield mention

    def _of_accounts(self, values: Values) -> frozenset[str]:
        return frozenset(conn_id for conn_id in values.known if split_entry(conn_id)[0] in self.accounts)

    def _positional(self, call: ast.Call, scope: Scope) -> Iterator[ConnectionUse]:
        values = [scope.evaluate(argument) for argument in call.args if not isinstance(argument, ast.Starred)]
        known = self._of_accounts(union(values))
        hidden = [k for k in call.keywords if k.arg is None] or len(values) < len(call.args)
        unknown = bool(hidden) or (bool(values) and not any(value.known for value in values))
        if known or unknown:
            yield _at(call, scope, Values(known, complete=bool(known)), ours=False)


def _speaks_of_connections(function: types.FunctionType) -> bool:
    names = names_in(function.__code__)
    if any(_candidate_names(name) for name in names):
        return True
    if any(_lives_with_us(function.__globals__.get(name)) for name in names):
        return True
    return _may_be_decorated(function)


def _may_be_decorated(function: types.FunctionType) -> bool:
    # above @task it marks something else than the function, so only the text tells
    return _DECORATORS_MODULE in sys.modules and _DECORATOR in source_of(function)


def _plainly(function: types.FunctionType) -> ConnectionUse | None:
    """What a function asks for, where that can be told without its syntax tree."""
    code = function.__code__
    if _may_be_decorated(function) or neighbours(function) or any(map(_candidate_names, local_names(code))):
        return None
    use = plain_use(function, frozenset(filter(_candidate_names, names_in(code))))
    if use is None or not _lives_with_us(function.__globals__[use.called]):
        return None
    return ConnectionUse(values_of(use.account), True, f"{use.called}(…)", use.line, code.co_filename)


def _candidate_names(name: str) -> bool:
    return name.endswith(_TELLING_ENDS) or name in _TELLING or name.startswith(_TELLING_STARTS)


def _lives_with_us(thing: object) -> bool:
    if isinstance(thing, type):
        return any(cls.__module__.startswith(OUR_ROOMS) for cls in thing.__mro__)
    if isinstance(thing, types.ModuleType):
        return thing.__name__.startswith(OUR_ROOMS)
    return isinstance(thing, types.FunctionType) and str(thing.__module__).startswith(OUR_ROOMS)


def _from_context(part: ast.Attribute, scope: Scope) -> Iterator[ConnectionUse]:
    """``conn.github``, where ``conn`` is what Airflow puts into a task's context."""
    if part.attr != "get" and _is_accessor(part.value, scope):
        yield _at(part, scope, Values(frozenset({part.attr})), ours=False)


def _is_accessor(expression: ast.expr, scope: Scope) -> bool:
    if isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Constant):
        return expression.slice.value == _ACCESSOR  # context["conn"]
    return isinstance(expression, ast.Name) and expression.id == _ACCESSOR and scope.is_handed_in(_ACCESSOR)


def _at(place: ast.expr, scope: Scope, values: Values, *, ours: bool) -> ConnectionUse:
    return ConnectionUse(values, ours, _shown(place), place.lineno, scope.function.__code__.co_filename)


def _shown(expression: ast.expr) -> str:
    """What is called, without its arguments: a log is no place for what may stand there."""
    if isinstance(expression, ast.Call):
        return f"{_shown(expression.func)}(…)"
    if isinstance(expression, ast.Attribute):
        return f"{_shown(expression.value)}.{expression.attr}"
    return expression.id if isinstance(expression, ast.Name) else "…"


def _is_ours(func: ast.expr, name: str, target: object, scope: Scope) -> bool:
    if OURS.fullmatch(name):
        return True
    if isinstance(func, ast.Attribute) and OURS.fullmatch(_name(func.value, scope)):
        return True  # ThirdPartyAccountHook.for_account("x")
    root = func.value if isinstance(func, ast.Attribute) else func
    origin = scope.imports.get(root.id, "") if isinstance(root, ast.Name) else ""
    return origin.startswith(OUR_ROOMS) or _lives_with_us(target)


def _own_values(call: ast.Call, name: str, target: object, scope: Scope) -> Values:
    if name == _DECORATOR:  # takes any number of ids
        return union(map(scope.evaluate, call.args))
    named = [k.value for k in call.keywords if k.arg and k.arg.endswith(_OWN_KEYWORDS)]
    given = named or call.args[:1]
    if given:
        return scope.evaluate(given[0])
    if any(k.arg is None for k in call.keywords):
        return UNKNOWN
    default = inspect.getattr_static(target, "default_conn_name", _DEFAULT)
    return values_of(default)


def _name(expression: ast.expr, scope: Scope) -> str:
    """The last part of what an expression names, under the name it was defined with."""
    return _named(expression, scope.live(expression), scope)


def _named(func: ast.expr, target: object, scope: Scope) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    if not isinstance(func, ast.Name):
        return ""
    if isinstance(target, (type, types.FunctionType)):
        return target.__name__
    return scope.imports.get(func.id, func.id).rpartition(".")[2]


def _base(func: ast.expr, scope: Scope) -> str:
    if not isinstance(func, ast.Attribute):
        return ""
    return _name(func.value.func if isinstance(func.value, ast.Call) else func.value, scope)
