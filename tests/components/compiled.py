"""Templates of pages, compiled once for a run of the suite: by a cache of Jinja's that the service does without.

To compile them takes a second, and the suite starts the service a hundred times, and its pages a thousand times.
"""

import os
from functools import partialmethod
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket

# Where the folder of the run is named, for the workers and for what they start.
_FOLDER = "ACKBOT_COMPILED_TEMPLATES"
_folders: list[TemporaryDirectory[str]] = []


class _Compiled(FileSystemBytecodeCache):
    """What was compiled with the same extensions, filters and rules of escaping."""

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        """The code of a template with this source, if there is any."""
        rules = (
            *(type(environment), environment.autoescape, environment.undefined, environment.finalize),
            *(environment.trim_blocks, environment.lstrip_blocks, environment.policies),
            *map(sorted, (environment.extensions, environment.filters, environment.tests)),
        )
        return super().get_bucket(environment, f"{rules} {name}", filename, source)


def compile_once() -> None:
    """From now on, in this process and in those that it starts; its folder is gone when the first of them ends."""
    if _FOLDER not in os.environ:
        _folders.append(TemporaryDirectory(prefix="ackbot-templates-"))
        os.environ[_FOLDER] = _folders[0].name
    compiled = _Compiled(str(Path(os.environ[_FOLDER])))
    Environment.__init__ = partialmethod(Environment.__init__, bytecode_cache=compiled)  # type: ignore[assignment,method-assign]
