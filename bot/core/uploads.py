"""The files that people send with a form: how many, how large, and in which words one is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.files import File, megabytes
from bot.core.page_sentences import sentence

_MEGABYTE = 1024 * 1024


class Why(StrEnum):
    """Why files are refused."""

    TOO_MANY = "too many"
    TOO_LARGE = "too large"
    TOO_LARGE_TOGETHER = "too large together"
    EMPTY = "empty"
    RUNS = "may run"
    MACROS = "has macros"
    UNKNOWN = "of another kind"
    HEIC = "HEIC"
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """A refusal: why, of which file, and the limit where there is one."""

    why: Why
    name: str = ""
    most: str = ""

    @property
    def words(self) -> str:
        """Return what to do about it, for whoever chose the files."""
        name, most = self.name, self.most
        sentences = {
            Why.TOO_MANY: sentence("Choose %(most)s files or fewer", most=most),
            Why.TOO_LARGE: sentence("The file %(name)s is too big. Its limit in MB: %(most)s", name=name, most=most),
            Why.TOO_LARGE_TOGETHER: sentence("Your files are too big together. Their limit in MB: %(most)s", most=most),
            Why.EMPTY: sentence("The file %(name)s is empty. Choose another one", name=name),
            Why.RUNS: sentence("The file %(name)s may be a program. Send a photo or a PDF", name=name),
            Why.MACROS: sentence("The file %(name)s has a program inside. Save it as a PDF and send that", name=name),
            Why.UNKNOWN: sentence("We cannot take %(name)s. Send a photo, a PDF, a Word document or a text", name=name),
            Why.HEIC: sentence("We cannot take %(name)s. Save the photo as JPEG and send that", name=name),
            Why.TORN: sentence("We cannot read %(name)s. It may be damaged. Choose another one", name=name),
        }
        return sentences[self.why]


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
