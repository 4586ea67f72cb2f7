"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from musicml.errors import MusicmlError


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well.

    The temporary file keeps the suffix of `path`, because many writers choose their format by it.
    When the block fails, the temporary file is removed and what stood at `path` before is untouched.

    Args:
        path: the file to be written; missing folders above it are made.

    Yields:
        The temporary path to write to.

    Raises:
        MusicmlError: the folder cannot be written or the disk is full.

    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "deep" / "note.txt"
    >>> with replacing(target) as temporary:
    ...     _ = temporary.write_text("c d e")
    >>> target.read_text()
    'c d e'
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _give_ordinary_permissions(temporary)
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise MusicmlError(
            f"{path}: could not be written ({reason}). Free some space or choose another folder."
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all (see `replacing`)."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, content: str) -> None:
    """Write `content` as UTF-8 to `path`, whole or not at all (see `replacing`)."""
    write_bytes(path, content.encode("utf-8"))


def _give_ordinary_permissions(path: Path) -> None:
    """mkstemp makes files that only their owner may read; give what an ordinary open would give."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
