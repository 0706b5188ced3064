"""Small files that processes of one host keep for each other, where only their own user can write."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class CacheUnusableError(Exception):
    """There is no place to keep what was looked up, so it must not be: that would be once per file."""


def usable(path: Path) -> Path:
    """Check that only we can write there, and make the folder where it is missing.

    :param path: the file
    :return: the same
    :raises CacheUnusableError: when that cannot be
    """
    try:
        try:
            folder = _stat(path.parent)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            folder = _stat(path.parent)
    except OSError as problem:
        raise CacheUnusableError(f"{path.parent} cannot be used: {problem.strerror}") from problem
    foreign = folder.st_uid not in (os.getuid(), 0) or (folder.st_mode & stat.S_IWOTH)
    if not stat.S_ISDIR(folder.st_mode) or foreign or not os.access(path.parent, os.W_OK | os.X_OK):
        raise CacheUnusableError(f"{path.parent} cannot be written to, or others can write there too")
    return path


def _stat(folder: Path) -> os.stat_result:
    """Where somebody else could have put it there, as in a folder for temporary files, a link is none."""
    is_shared = folder.parent.stat().st_mode & (stat.S_IWOTH | stat.S_IWGRP)
    return folder.stat(follow_symlinks=not is_shared)


def read(path: Path, largest: int) -> bytes | None:
    """Read a file that we wrote.

    :param path: the file
    :param largest: most bytes it may have
    :return: its content; ``None`` when it is not there, is not ours, or others can write to it
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        ours = found.st_uid == os.getuid() and not found.st_mode & 0o022
        if not ours or not stat.S_ISREG(found.st_mode) or found.st_size > largest:
            return None
        return os.read(descriptor, found.st_size)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def write(path: Path, text: str) -> None:
    """Write a file at once, so that a reader sees the old content or the new.

    :param path: the file, in a folder that is :func:`usable`
    :param text: its content
    """
    # what tempfile does first, finding out where it may write, costs more than all of this
    new = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
