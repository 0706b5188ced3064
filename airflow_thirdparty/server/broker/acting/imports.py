"""What a DAG's file imports from its bundle, told by reading source and running none of it.

Import statements are followed wherever they stand, inside functions too.  What is imported under a name that
is only known at run time cannot be followed; such places are listed instead.  This guards against accidents,
not against whoever may write into the bundle.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MOST_FILES = 2000
"""More files than this are not read, so that one DAG cannot hold up the DAG processor; far more than the
helpers of a DAG."""

MOST_PLACES = 20
"""How many places that cannot be followed are named: enough to see what they are."""

DYNAMIC = frozenset(
    {
        "__import__",
        "exec",
        "eval",
        "import_module",
        "run_module",
        "run_path",
        "spec_from_file_location",
    }
)
"""Functions that run code whose name or text is only known at run time."""


@dataclass(frozen=True)
class Imports:
    """The files of a bundle that one of its files imports, directly or not.

    :param digest: names them and what is in them; never empty
    :param files: how many there are
    :param unknown: places that cannot be followed, such as ``helpers.py:3 import_module``
    """

    digest: str
    files: int
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _Source:
    """One file, as far as following it goes.

    :param modules: what it imports: how many levels up, and the dotted names
    """

    sha256: str
    modules: tuple[tuple[int, tuple[str, ...]], ...] = ()
    unknown: tuple[str, ...] = ()


def bundle_root(fileloc: str, relative_fileloc: str) -> Path | None:
    """The folder of a bundle on this machine.

    :param fileloc: where the DAG's file is on the machine that parsed it
    :param relative_fileloc: the same, from the bundle's folder
    :return: ``None`` when it cannot be told, or is not here
    """
    tail = f"/{relative_fileloc}"
    if not relative_fileloc or not fileloc.endswith(tail):
        return None
    root = Path(fileloc[: -len(tail)] or "/")
    return root if root.is_dir() else None


def follow(root: Path, relative_fileloc: str) -> Imports:
    """Follow the import statements of a file through its bundle.

    :param root: the bundle's folder
    :param relative_fileloc: the file, from that folder
    :return: what it imports from there
    """
    entry = root / relative_fileloc
    seen: dict[Path, _Source] = {}
    waiting = [entry]
    while waiting and len(seen) < MOST_FILES:
        path = waiting.pop()
        if path in seen:
            continue
        seen[path] = source = _read(path)
        waiting += [found for module in source.modules for found in _resolve(root, path, *module)]
    names = {path.relative_to(root).as_posix(): source for path, source in seen.items()}
    unknown = tuple(f"{name}:{place}" for name in sorted(names) for place in names[name].unknown)
    if waiting:
        unknown = (*unknown, f"more than {MOST_FILES} files")
    imported = sorted(set(names) - {relative_fileloc})
    digest = hashlib.sha256()
    for name in imported:
        digest.update(f"{name}\0{names[name].sha256}\n".encode())
    return Imports(digest.hexdigest(), len(imported), unknown[:MOST_PLACES])


def _resolve(root: Path, importer: Path, level: int, names: tuple[str, ...]) -> Iterator[Path]:
    """The files of the bundle that running an import runs: every package on the way, and the module."""
    folder = root
    if level:
        folder = importer.parent
        for _ in range(level - 1):
            folder = folder.parent
        if root not in (folder, *folder.parents):
            return
    for name in names:
        at = folder
        for part in name.split(".") if name else ():
            at = at / part
            yield from (path for path in (at / "__init__.py", at.with_name(f"{part}.py")) if path.is_file())
        if not name and (at / "__init__.py").is_file():
            yield at / "__init__.py"


def _read(path: Path) -> _Source:
    try:
        stat = path.stat()
        return _parsed(str(path), stat.st_mtime_ns, stat.st_size)
    except OSError:
        return _Source("", (), ("0 cannot be read",))


@lru_cache(maxsize=4096)  # files are parsed again every 30 seconds, and rarely change
def _parsed(path: str, _modified: int, _size: int) -> _Source:
    content = Path(path).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        nodes = list(ast.walk(ast.parse(content)))
    except (SyntaxError, ValueError, RecursionError):
        return _Source(sha256, (), ("0 is no Python that can be read",))
    modules = tuple(module for node in nodes for module in _imported(node))
    unknown = tuple(
        f"{node.lineno} {name}"
        for node in nodes
        if isinstance(node, ast.Call)
        for name in (_called(node),)
        if name in DYNAMIC
    )
    return _Source(sha256, modules, unknown)


def _imported(node: ast.AST) -> Iterator[tuple[int, tuple[str, ...]]]:
    if isinstance(node, ast.Import):
        yield 0, tuple(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        inner = tuple(f"{module}.{alias.name}".lstrip(".") for alias in node.names if alias.name != "*")
        yield node.level, (module, *inner)


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
