"""Whether the files of a SQLite store are still those that this process has open: a path may come to lead elsewhere.

Who writes to a file that was removed or replaced is told of no error: what it stores is gone when it ends.
"""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

# Such a descriptor only names a file. To close any other of a database would let go of the locks that SQLite has on it.
_ONLY_NAMES = os.O_PATH if sys.platform == "linux" else os.O_RDONLY
_OWN_DESCRIPTORS = Path("/proc/self/fd")
# The device, and the number of the file there.
Identity = tuple[int, int]


class StoreFiles:
    """The database at `path` and its log of writes, as they were when they were first looked at.

    `marks` says what each path led to then, once both are known: as long as that is so, nothing need be asked here.
    """

    def __init__(self, path: Path) -> None:
        self._paths = (path, Path(f"{path}-wal"))
        self._descriptors: dict[Path, int] = {}
        self._lock = threading.Lock()
        self.marks: tuple[tuple[Path, Identity], ...] = ()

    def why_lost(self) -> str:
        """Return what has become of a file that does not stand at its path any more; "" while all is well."""
        with self._lock:
            return next((words for path in self._paths if (words := self._why_lost(path))), "")

    def close(self) -> None:
        """Forget the files."""
        with self._lock:
            for path in self._paths:
                self._forget(path)

    def _why_lost(self, path: Path) -> str:
        descriptor = self._descriptors.get(path)
        if descriptor is None:
            self._remember(path)
            return ""
        try:
            if _identity(path.stat()) == _identity(os.fstat(descriptor)):
                return ""
            words = f"{path} is another file than the one that is open"
        except OSError:
            words = f"{path} is not there any more"
        if _is_open(descriptor):
            return words
        # SQLite has closed it itself: it makes a new log of writes when it needs one.
        self._forget(path)
        self._remember(path)
        return ""

    def _remember(self, path: Path) -> None:
        try:
            self._descriptors[path] = os.open(path, _ONLY_NAMES | os.O_CLOEXEC)
        except OSError:
            return  # it is made by the first connection
        if len(self._descriptors) == len(self._paths):
            self.marks = tuple((path, _identity(os.fstat(number))) for path, number in self._descriptors.items())

    def _forget(self, path: Path) -> None:
        self.marks = ()
        if (descriptor := self._descriptors.pop(path, None)) is not None:
            os.close(descriptor)


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def _is_open(descriptor: int) -> bool:
    """Tell whether this process has the same file open besides; where that cannot be asked it counts as open."""
    identity = _identity(os.fstat(descriptor))
    try:
        return identity in _open_files(descriptor)
    except OSError:
        return True


def _open_files(descriptor: int) -> Iterator[Identity]:
    for link in _OWN_DESCRIPTORS.iterdir():
        if link.name != str(descriptor):
            try:
                yield _identity(os.fstat(int(link.name)))
            except OSError:
                continue  # closed meanwhile, as is the one by which they were listed
