"""The files that people send with a form: how many, how large, and in which words one is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.files import File, megabytes

_MEGABYTE = 1024 * 1024


class Why(StrEnum):
    """Why files are refused, in words for whoever chose them; the names in them are those of `Unwelcome.values`."""

    TOO_MANY = "Choose %(most)s files or fewer"
    TOO_LARGE = "The file “%(name)s” is too big. A file may have %(most)s MB at most"
    TOO_LARGE_TOGETHER = "Your files are too big together. They may have %(most)s MB at most"
    EMPTY = "The file “%(name)s” is empty. Choose another one"
    RUNS = "We cannot take “%(name)s”, as it may be a program. Send a photo, a PDF or a Word document"
    MACROS = "We cannot take “%(name)s”, as it has a program inside (a macro). Save it as a PDF and send that"
    UNKNOWN = "We cannot take “%(name)s”. Send a photo (JPEG, PNG or WebP), a PDF, a Word document or a text"
    HEIC = "We cannot take “%(name)s”, as it is a HEIC photo. Save it as JPEG and send that"
    TORN = "We cannot read “%(name)s”. It may be damaged. Choose another one"


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """A refusal: why, of which file, and the limit where there is one."""

    why: Why
    name: str = ""
    most: str = ""

    @property
    def values(self) -> dict[str, str]:
        """Return what stands in the words."""
        return {"name": self.name, "most": self.most}

    @property
    def words(self) -> str:
        """Return the words in English."""
        return self.why.value % self.values


@dataclass(frozen=True, slots=True)
class Limits:
    """How many files one form may have, and how many megabytes each and all together; no files at all with 0."""

    files: int = 5
    file_megabytes: int = 10
    all_megabytes: int = 25

    @property
    def most_bytes(self) -> int:
        """Return how much all files together may have."""
        return self.all_megabytes * _MEGABYTE

    def refusals(self, files: Sequence[File]) -> tuple[Unwelcome, ...]:
        """Return why these files cannot be taken together; none where they can."""
        if len(files) > self.files:
            return (Unwelcome(Why.TOO_MANY, most=str(self.files)),)
        if sum(len(file.content) for file in files) > self.most_bytes:
            return (self.too_large,)
        most = self.file_megabytes * _MEGABYTE
        return tuple(Unwelcome(Why.TOO_LARGE, file.name, megabytes(most)) for file in files if len(file.content) > most)

    @property
    def too_large(self) -> Unwelcome:
        """Return the refusal of files that are too large together."""
        return Unwelcome(Why.TOO_LARGE_TOGETHER, most=str(self.all_megabytes))
