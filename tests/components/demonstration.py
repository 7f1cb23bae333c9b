"""`ackbot demo` as a process of its own, up to the words that it prints when everything is there."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.components.ports import PATIENCE_SECONDS

# It chooses ports that are free, and of two that begin at once the later one may lose its choice.
ATTEMPTS = 5


@contextmanager
def demo(command: Sequence[str | Path], *, folder: Path, until: str) -> Iterator[str]:
    """What it prints, run in a folder, up to the line that contains `until`; it stops afterwards."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    for attempt in range(1, ATTEMPTS + 1):
        with (
            (folder.parent / f"demo-{attempt}.err").open("w+", encoding="utf-8") as errors,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=folder, env=environment
            ) as process,
        ):
            assert process.stdout is not None
            lines = ""
            while until not in lines and (line := process.stdout.readline()):
                lines += line
            errors.seek(0)
            complaint = errors.read()
            if until not in lines and attempt < ATTEMPTS and "address already in use" in complaint:
                continue
            try:
                assert until in lines, complaint
                yield lines
            finally:
                process.terminate()
                process.wait(PATIENCE_SECONDS)
            return
