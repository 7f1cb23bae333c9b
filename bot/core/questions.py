"""What people ask about contact under Freedom of Information law, and what we hold: a document ready to send."""

from dataclasses import dataclass

from bot.core.publications import Value


@dataclass(frozen=True, slots=True)
class Fact:
    """One number: what it counts, its value, its unit, how it reads; `about` is a channel or the like, or ""."""

    title: str
    value: Value
    unit: str
    words: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A question in the words of those who ask, and the answer: sentences, numbers, and how these are counted.

    `limits` say since when it is recorded, or that it is not.
    """

    question: str
    sentences: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    definitions: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def lines(self) -> dict[str, dict[str, str]]:
        """What has a name of its own, with its numbers in words by their titles: the rows of a table."""
        lines: dict[str, dict[str, str]] = {}
        for fact in self.facts:
            if fact.about:
                lines.setdefault(fact.about, {})[fact.title] = fact.words
        return lines

    @property
    def titles(self) -> tuple[str, ...]:
        """The columns of that table, in their order."""
        return tuple(dict.fromkeys(fact.title for fact in self.facts if fact.about))


@dataclass(frozen=True, slots=True)
class Questions:
    """The answers of a period. Days are in words; the instant and the number say up to when things are known."""

    organisation: str
    period: str
    first_day: str
    last_day: str
    known_at: str
    cut_off: int
    definitions: int
    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()
