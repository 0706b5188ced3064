"""From a Python function to its syntax tree: its source is read and parsed, never run."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import os
import sys
import types
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_OURSELVES = str(Path(__file__).parents[2])
_INSTALLED = ("/site-packages/", "/dist-packages/", f"{sys.base_prefix}/lib/python", f"{_OURSELVES}/")


def unwrap(function: Any) -> types.FunctionType | None:
    """The plain function inside partials, bound methods, callable objects and decorators.

    :param function: anything that can be called
    :return: nothing if there is none written in Python
    """
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(getattr(function, "__func__", function))
    if not isinstance(function, types.FunctionType):
        function = getattr(type(function), "__call__", None)  # noqa: B004 (the attribute, not a test)
    return function if isinstance(function, types.FunctionType) else None


def closure(function: types.FunctionType) -> dict[str, Any]:
    """What the function sees of the functions around it, by name."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    return {name: content for name, cell in cells if (content := _content(cell)) is not None}


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


@functools.lru_cache(maxsize=512)
def is_installed(path: str) -> bool:
    """Whether a file belongs to Python or an installed package rather than to somebody's DAGs.

    :param path: name of the file
    :return: true for the standard library and site packages
    """
    return any(part in path for part in _INSTALLED)


def neighbours(function: types.FunctionType) -> list[types.FunctionType]:
    """The functions this one may call, as far as names tell: its closure's, its module's, its own classes'.

    Functions of Python and of installed packages are left out.

    :param function: a plain function
    :return: plain functions
    """
    around, module = closure(function), function.__globals__
    names = names_in(function.__code__)
    found: list[types.FunctionType] = []
    for name in sorted(name for name in names if name in module or name in around):
        value: Any = around[name] if name in around else module[name]
        kind = type(value)
        if kind is types.FunctionType:
            found.append(value)
        elif kind is types.ModuleType:
            found += _functions_of(vars(value).get(name) for name in sorted(names))
        elif issubclass(kind, type) and not is_installed(_file_of(value)):
            found += _functions_of(vars(value).values())
    return [other for other in found if not is_installed(other.__code__.co_filename)]


def _file_of(cls: type) -> str:
    return getattr(sys.modules.get(cls.__module__), "__file__", None) or ""


def _functions_of(values: Iterable[Any]) -> list[types.FunctionType]:
    plain = (getattr(value, "__func__", value) for value in values)
    return [value for value in plain if isinstance(value, types.FunctionType)]


@functools.lru_cache(maxsize=256)
def names_in(code: types.CodeType) -> frozenset[str]:
    """Every name and keyword in compiled code, also of functions inside it: a quick look before parsing."""
    arguments = code.co_argcount + code.co_kwonlyargcount
    names = {*code.co_names, *code.co_freevars, *code.co_varnames[:arguments]}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_in(constant)
        elif isinstance(constant, str) and constant.isidentifier():
            names.add(constant)
        elif isinstance(constant, tuple):
            names.update(word for word in constant if isinstance(word, str))
    return frozenset(names)


@functools.lru_cache(maxsize=256)
def local_names(code: types.CodeType) -> frozenset[str]:
    """Every name that compiled code gives a value itself, also functions inside it."""
    inner = [local_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return frozenset({*code.co_varnames, *code.co_cellvars}).union(*inner)


def source_of(function: types.FunctionType) -> str:
    """The text of the file the function is written in; empty when there is none."""
    path = function.__code__.co_filename
    try:
        stamp = os.stat(path).st_mtime_ns  # noqa: PTH116 (a Path costs as much as the rest)
    except OSError:  # inside a zip file, or made by exec()
        return "".join(linecache.getlines(path, function.__globals__))
    return _text(path, stamp)


@functools.lru_cache(maxsize=64)
def _text(path: str, _stamp: int) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (as above)
        return file.read()


@functools.lru_cache(maxsize=16)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(f"{line}\n" for line in text.split("\n"))  # str.splitlines() knows ends that Python does not


Nodes = dict[type[ast.AST], list[Any]]
"""The nodes of a syntax tree, by their kind."""

_LEAVES = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store, ast.Add})
"""Kinds of nodes that hold no others that matter, and are most of a tree."""


def nodes_of(root: ast.AST) -> Nodes:
    """A syntax tree's nodes, from the outside in, by their kind, but for the leaves.

    :param root: a syntax tree
    :return: lists of nodes, by class
    """
    found = [root]
    by_kind: Nodes = {}
    for node in found:
        kind = type(node)
        if kind in _LEAVES:
            continue
        by_kind.setdefault(kind, []).append(node)
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                found += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return by_kind


@functools.lru_cache(maxsize=16)
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


def tree_of(function: types.FunctionType) -> FunctionNode | None:
    """A function's syntax tree, decorators included, with line numbers of its file.

    :param function: a plain function
    :return: nothing if its source cannot be had
    :raises SyntaxError: when the file was changed since it was loaded and is no Python any more
    """
    text, code = source_of(function), function.__code__
    return (_quick(text, code) or _thorough(text, code)) if text else None


def _quick(text: str, code: types.CodeType) -> FunctionNode | None:
    """Parse only the lines of this function: a tenth of the time of parsing the whole file.

    A block cut too short, inside brackets or a text of several lines, is no Python: then the file is parsed.
    """
    block = _block(_lines(text)[code.co_firstlineno - 1 :])
    if not block:
        return None
    # below an `if` an indented block is a program of its own; empty lines let it begin where it stands
    before = code.co_firstlineno - 1
    lead = "\n" * (before - 1) + "if 1:\n" if block[0][0].isspace() and before else "\n" * before
    try:
        tree = ast.parse(lead + "".join(block))
    except SyntaxError:
        return None
    body = tree.body[0].body if isinstance(tree.body[0], ast.If) else tree.body
    node = body[0]
    if len(body) != 1 or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    return node if node.name == code.co_name else None


def _block(lines: Sequence[str]) -> Sequence[str]:
    if not lines or not lines[0].strip():
        return []
    margin = len(lines[0]) - len(lines[0].lstrip())
    inside = False
    for number, line in enumerate(lines):
        word = line.strip()
        if not inside:
            inside = word.startswith(("def ", "async def "))
        elif word and len(line) - len(line.lstrip()) <= margin and word[0] not in ")]}#":
            return lines[:number]
    return lines if inside else []


def text_around(function: types.FunctionType) -> str:
    """The lines a function is written in, decorators included, and perhaps some after them.

    :param function: a plain function
    :return: lines of its file; empty when its source cannot be had
    """
    lines, code = _lines(source_of(function)), function.__code__
    first = code.co_firstlineno - 1
    # a text with lines that begin further out ends the block too early, so the compiled code is asked as well
    return "".join(lines[first : max(first + len(_block(lines[first:])), _last_line(code))])


def _last_line(code: types.CodeType) -> int:
    inner = [_last_line(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return max([line for *_, line in code.co_lines() if line] + inner)


def _thorough(text: str, code: types.CodeType) -> FunctionNode | None:
    for node in ast.walk(_tree(text)):
        if isinstance(node, ast.Lambda):
            found = code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found = node.name == code.co_name and first == code.co_firstlineno
        else:
            found = False
        if found:
            return node  # type: ignore[return-value]
    return None
