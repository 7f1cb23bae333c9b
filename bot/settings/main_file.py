"""Where ackbot.toml stands, and how a configuration that cannot be used is told."""

import os
from collections.abc import Sequence
from pathlib import Path

from bot.core.mistakes import Mistake
from bot.core.suggestions import nearest
from bot.settings import documents

MAIN_FILE = "ackbot.toml"


class BadSettings(Exception):
    """The configuration cannot be used; `mistakes` has each thing to put right."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


class NoConfiguration(BadSettings):
    """There is no configuration where it is looked for; the one mistake is a sentence that says what to do."""

    def __init__(self, words: str) -> None:
        super().__init__([Mistake(message=words)])


def path_in(directory: Path) -> Path:
    """Return ackbot.toml; raises NoConfiguration where it cannot be there, with the way to one."""
    path = directory / MAIN_FILE
    option = "--config DIR or $ACKBOT_CONFIG names another one"
    try:
        names = [entry.name for entry in os.scandir(directory)]
    except FileNotFoundError:
        raise NoConfiguration(f"There is no folder {directory}; {option}, ackbot init {directory} makes one.") from None
    except NotADirectoryError:
        holder = directory.parent
        raise NoConfiguration(f"{directory} is a file; --config names the folder that holds it: {holder}") from None
    except OSError as error:
        # A folder may be one whose files can be read, and which cannot be listed.
        if not os.access(path, os.R_OK):
            raise NoConfiguration(f"The folder {directory} {documents.why_not(error)}.") from None
        return path
    if MAIN_FILE not in names:
        instead = nearest(MAIN_FILE, names)
        way = f"is it {instead}? Rename it." if instead else f"{option}, ackbot init {directory} makes one."
        raise NoConfiguration(f"There is no {MAIN_FILE} in the folder {directory}; {way}")
    return path
