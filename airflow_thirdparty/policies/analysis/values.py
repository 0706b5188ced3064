"""What an expression in a task's source can be: the texts that are known, and whether there are others."""

from __future__ import annotations

import ast
import inspect
import itertools
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from airflow_thirdparty.policies.analysis.functions import Nodes, closure

_MOST = 50
"""More values than this are not listed one by one."""


class Values(NamedTuple):
    """The texts an expression can have.

    :param known: the texts
    :param complete: whether there can be no others
    """

    known: frozenset[str] = frozenset()
    complete: bool = True

    def __or__(self, other: Values) -> Values:
        return Values(self.known | other.known, self.complete and other.complete)


UNKNOWN = Values(complete=False)
NOTHING = Values()
"""An expression that is no text at all, such as ``None``."""

_ABSENT = object()
"""What a name stands for that nothing defines."""


def values_of(value: object) -> Values:
    """The texts in a value that is there already, one or a plain collection of them.

    :param value: what a name stands for while the file is parsed
    :return: unknown for anything else
    """
    # type(), because isinstance() would make a lazy proxy work out what it stands for
    kind = type(value)
    if issubclass(kind, str):
        text = str.__str__(value)
        return UNKNOWN if "{{" in text or "{%" in text else Values(frozenset({text}))
    if value is None or kind in (bool, int, float, bytes):
        return NOTHING
    if kind in (list, tuple, set, frozenset) and len(value) <= _MOST:  # type: ignore[arg-type]
        return union(values_of(item) for item in value)  # type: ignore[attr-defined]
    return UNKNOWN


def union(values: Iterable[Values]) -> Values:
    """All the texts of several values.

    :param values: the values
    :return: unknown if one of them is
    """
    total = NOTHING
    for value in values:
        total |= value
    return total


@dataclass
class Scope:
    """The names a function sees, without running it.

    :param function: the function
    :param nodes: the nodes of its syntax tree
    :param arguments: what is passed to it, by parameter name
    :param certain: whether nothing else is passed to it anywhere
    :param objects: objects that are passed to it, by parameter name, such as ``self``
    """

    function: types.FunctionType
    nodes: Nodes
    arguments: Mapping[str, Values] = field(default_factory=dict)
    certain: bool = True
    objects: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._assigned: dict[str, list[ast.expr | None]] = {}
        for target, value in _assignments(self.nodes):
            self._assigned.setdefault(target, []).append(value)
        self._closure = closure(self.function)
        self.imports = dict(_imports(self.nodes))
        self._parameters = frozenset(parameters(self.function))
        self._names: dict[str, Values] = {}

    def evaluate(self, expression: ast.expr) -> Values:
        """The texts this expression can have.

        :param expression: part of the function's syntax tree
        :return: unknown where names do not tell
        """
        if isinstance(expression, ast.Constant):
            return values_of(expression.value)
        if isinstance(expression, ast.Name):
            return self._name(expression.id)
        if isinstance(expression, ast.JoinedStr):
            return self._joined([self._part(part) for part in expression.values])
        if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
            return self._joined([self.evaluate(expression.left), self.evaluate(expression.right)])
        return self._composed(expression)

    def bind(self, call: ast.Call, names: Sequence[str]) -> dict[str, Values]:
        """What a call passes, by parameter.

        :param call: part of the function's syntax tree
        :param names: the parameters of what is called
        :return: the texts each can have
        """
        plain = [argument for argument in call.args if not isinstance(argument, ast.Starred)]
        passed = {name: self.evaluate(value) for name, value in zip(names, plain, strict=False)}
        passed.update({k.arg: self.evaluate(k.value) for k in call.keywords if k.arg and k.arg in names})
        if len(plain) < len(call.args) or any(k.arg is None for k in call.keywords):
            return {name: passed.get(name, UNKNOWN) for name in names}
        return passed

    def _composed(self, expression: ast.expr) -> Values:
        if isinstance(expression, ast.IfExp):
            return self.evaluate(expression.body) | self.evaluate(expression.orelse)
        if isinstance(expression, (ast.List, ast.Tuple, ast.Set)):
            return union(self.evaluate(item) for item in expression.elts)
        if isinstance(expression, ast.BoolOp):
            return union(self.evaluate(item) for item in expression.values)
        if isinstance(expression, (ast.Attribute, ast.Subscript)):
            found = self.live(expression)
            return UNKNOWN if found is None else values_of(found)
        return UNKNOWN

    def live(self, expression: ast.expr) -> Any:
        """The object an expression names, found without running code; ``None`` when it cannot be found.

        :param expression: a name, an attribute or an item of such
        :return: the object
        """
        if isinstance(expression, ast.Name):
            return self._object(expression.id)
        if isinstance(expression, ast.Attribute):
            base = self.live(expression.value)
            return None if base is None else inspect.getattr_static(base, expression.attr, None)
        if isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Constant):
            base = self.live(expression.value)
            return base.get(expression.slice.value) if type(base) is dict else None
        return None

    def is_handed_in(self, name: str) -> bool:
        """Whether a name is a parameter that the task's author passes nothing to: Airflow's own context.

        :param name: the name
        :return: true if Airflow passes it
        """
        return name in self._parameters and name not in self.arguments

    def _object(self, name: str) -> Any:
        if name in self._assigned or name in self.imports:
            return None
        if name in self._parameters:
            return self.objects.get(name)
        return self._closure[name] if name in self._closure else self.function.__globals__.get(name)

    def _name(self, name: str) -> Values:
        if name in self._assigned:
            if name not in self._names:
                self._names[name] = UNKNOWN  # in case it is defined by itself
                found = union(UNKNOWN if v is None else self.evaluate(v) for v in self._assigned[name])
                self._names[name] = found | self._passed(name) if name in self._parameters else found
            return self._names[name]
        if name in self._parameters:
            return self._passed(name)
        if name in self._closure:
            return values_of(self._closure[name])
        return values_of(self.function.__globals__.get(name, _ABSENT))

    def _passed(self, name: str) -> Values:
        if name in self.arguments:
            passed = self.arguments[name]
        else:
            passed = values_of(defaults_of(self.function).get(name, _ABSENT))
        return passed if self.certain else passed | UNKNOWN

    def _part(self, part: ast.expr) -> Values:
        if not isinstance(part, ast.FormattedValue):
            return self.evaluate(part)
        plain = part.conversion == -1 and part.format_spec is None
        return self.evaluate(part.value) if plain else UNKNOWN

    def _joined(self, parts: list[Values]) -> Values:
        # a part that is no text, or that cannot be known, makes the whole unknown
        if not all(part.complete and part.known for part in parts):
            return UNKNOWN
        if sum(len(part.known) for part in parts) > _MOST:
            return UNKNOWN
        texts = itertools.product(*(sorted(part.known) for part in parts))
        return Values(frozenset("".join(text) for text in texts))


def parameters(function: types.FunctionType) -> tuple[str, ...]:
    """The names of a function's parameters: first those that may be passed by position.

    :param function: a plain function
    :return: names
    """
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def defaults_of(function: types.FunctionType) -> dict[str, Any]:
    """The defaults of a function's parameters, by name.

    :param function: a plain function
    :return: values by name
    """
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    named = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    return {**named, **(function.__kwdefaults__ or {})}


def _imports(nodes: Nodes) -> Iterator[tuple[str, str]]:
    """Names that the function imports, with where from."""
    for part in nodes.get(ast.ImportFrom, ()):
        for alias in part.names:
            yield alias.asname or alias.name, f"{part.module}.{alias.name}"
    for part in nodes.get(ast.Import, ()):
        for alias in part.names:
            yield alias.asname or alias.name.partition(".")[0], alias.name


def _assignments(nodes: Nodes) -> Iterator[tuple[str, ast.expr | None]]:
    """Names that the function gives a value, with the value, or ``None`` where it cannot be told."""
    for part in nodes.get(ast.Assign, ()):
        for target in part.targets:
            yield from _bound(target, part.value)
    for part in (*nodes.get(ast.AnnAssign, ()), *nodes.get(ast.NamedExpr, ())):
        if part.value is not None:
            yield from _bound(part.target, part.value)
    for part in (*nodes.get(ast.For, ()), *nodes.get(ast.AsyncFor, ()), *nodes.get(ast.comprehension, ())):
        yield from _bound(part.target, part.iter, item=True)
    changed = [part.target for part in nodes.get(ast.AugAssign, ())]
    for target in changed + [part.optional_vars for part in nodes.get(ast.withitem, ())]:
        yield from _bound(target, None)


def _bound(
    target: ast.expr | None, value: ast.expr | None, *, item: bool = False
) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name):
        # going through a text yields its letters; only collections are told apart item by item
        told = not item or isinstance(value, (ast.List, ast.Tuple, ast.Set, ast.Name, ast.Attribute))
        yield target.id, value if told else None
    elif isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            yield from _bound(part, None)
    elif isinstance(target, ast.Starred):
        yield from _bound(target.value, None)
