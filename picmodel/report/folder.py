"""A run's folder: written beside its place, then renamed, so that it is whole or not there.

Who writes ``out/NAME`` holds the lock ``out/.NAME.lock``, which the system takes away with the process.  So a
folder ``.NAME.writing-HOST-PID`` of this machine whose lock is free belongs to nobody, and may go.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from picmodel.errors import StorageTrouble

_HIDDEN = re.compile(r"\.(?P<name>.+)\.(?P<kind>writing|old)-(?:(?P<host>.+)-)?\d+$")
#: what a file system says that knows no locks: then the last who renames wins, with both folders whole
_NO_LOCKS = (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS)


def hidden(out: Path, name: str, kind: str) -> Path:
    return out / f".{name}.{kind}-{socket.gethostname()}-{os.getpid()}"


# -- one writer at a time


@contextmanager
def locked(out: Path, name: str, waits: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of ``out/name``; a folder ``out`` that this makes and nobody fills is gone afterwards.

    Args:
        waits: called once if another process holds it, before waiting for it.

    Raises:
        StorageTrouble: the folder cannot be written to.
    """
    path, is_new = out / f".{name}.lock", not out.exists()
    with writing(out):
        file = _taken(path, waits)
    assert file is not None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)
        if is_new:
            with suppress(OSError):
                out.rmdir()


def _taken(path: Path, waits: Callable[[], None] | None) -> int | None:
    """The open lock file, held; None if another has it and nobody waits."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        except FileNotFoundError:
            continue  # somebody has just taken an empty folder away
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waits is None:
                os.close(file)
                return None
            waits()
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(file)
                raise
            return file
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        os.close(file)  # the one who held it has deleted the file: take the new one


# -- folders


def new_folder(out: Path, name: str) -> Path:
    """An empty folder beside ``out/name``, hidden until `publish`; for one who holds the lock.

    Others of this name and machine are of processes that died with it.

    Raises:
        StorageTrouble: the place cannot be written to.
    """
    folder = hidden(out, name, "writing")
    with writing(out):
        for stale in out.glob(glob.escape(f".{name}.writing-{socket.gethostname()}-") + "*"):
            shutil.rmtree(stale, ignore_errors=True)
        folder.mkdir(parents=True)
    return folder


def publish(folder: Path, out: Path, name: str) -> Path:
    """Put a finished folder in its place; what was there before is replaced."""
    target, old = out / name, hidden(out, name, "old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    try:
        folder.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return target


def clear_stale(out: Path) -> None:
    """Delete what dead processes of this machine left; a folder that one had just replaced comes back."""
    try:
        entries = sorted(out.iterdir())
    except OSError:
        return
    for path in entries:
        found = _HIDDEN.match(path.name)
        if not found or found["host"] not in (None, socket.gethostname()):
            continue
        lock = out / f".{found['name']}.lock"
        with suppress(OSError):  # a folder that cannot be written to has nothing to be cleared
            file = _taken(lock, None)
            if file is None:
                continue  # somebody writes it now
            try:
                if found["kind"] == "old" and not (out / found["name"]).exists():
                    path.rename(out / found["name"])
                else:
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                lock.unlink(missing_ok=True)
                os.close(file)


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """What the system says of a full disk or a folder that may not be written, in words.

    Raises:
        StorageTrouble: with the reason and the remedy.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:  # NetCDF says RuntimeError: HDF error
        if isinstance(error, RuntimeError) and "HDF" not in str(error):
            raise
        raise StorageTrouble(f"{out}: {_reason(error)}") from error


def _reason(error: OSError | RuntimeError) -> str:
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "no space is left there; free some or choose another folder with --out, then run again"
    if number == errno.EFBIG:
        return "a file is larger than the system allows (`ulimit -f`); raise the limit, then run again"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "cannot write results there (no permission); choose another folder with --out"
    if number in (errno.ENOTDIR, errno.EEXIST):
        return "cannot write results there (a file has this name); choose another folder with --out"
    reason = getattr(error, "strerror", None) or str(error)
    return f"cannot write results there ({reason}); free space, or choose another folder with --out"
