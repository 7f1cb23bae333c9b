"""Whom a note names: a colleague by `@` and their address, their name, or as much of either as is theirs alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

MOST = 20
# Not the @ within an address.
_BEGINS = re.compile(r"(?<![\w.+@-])@(?=\w)")
_WORD = re.compile(r"[\w.+'\u2019-]+(?:@[\w.-]+)?")
# What makes a word longer; "Ann's" names Ann.
_GOES_ON = re.compile(r"(?!['\u2019]s\b)[.'\u2019-]*[\w+@]")
_CLOSES = ".'\u2019-"
_SUGGESTIONS, _LIKENESS = 3, 0.6


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of staff who can be named."""

    address: str
    name: str

    def forms(self) -> set[str]:
        """Return what stands for them after an @, in lower case: address, its first part, name, first name."""
        name = self.name.lower()
        return {self.address.lower(), self.address.lower().partition("@")[0], name, name.partition(" ")[0]} - {""}


@dataclass(frozen=True, slots=True)
class Mentions:
    """Addresses of those who are named, each once; and what names nobody or several, with who may be meant."""

    addresses: tuple[str, ...] = ()
    unclear: tuple[tuple[str, tuple[Colleague, ...]], ...] = ()


def mentions_in(words: str, colleagues: Sequence[Colleague]) -> Mentions:
    """Return whom these words name; only the first MOST + 1 are looked at, which is one more than may be named."""
    by_form = _by_form(colleagues)
    addresses: dict[str, None] = {}
    unclear: dict[str, tuple[Colleague, ...]] = {}
    for text in _after_each_at(words):
        form = _longest_form(text, by_form)
        people = by_form.get(form, ())
        if len(people) == 1:
            addresses[people[0].address] = None
        else:
            word = form or _word(text)
            unclear[word] = tuple(people) or _alike(word, by_form)
    return Mentions(tuple(addresses), tuple(unclear.items()))


def _by_form(colleagues: Sequence[Colleague]) -> dict[str, list[Colleague]]:
    by_form: dict[str, list[Colleague]] = {}
    for colleague in colleagues:
        for form in colleague.forms():
            by_form.setdefault(form, []).append(colleague)
    return by_form


def _after_each_at(words: str) -> Iterator[str]:
    for count, match in enumerate(_BEGINS.finditer(words)):
        if count > MOST:
            return
        yield words[match.end() :].lower()


def _longest_form(text: str, by_form: Mapping[str, object]) -> str:
    """Return the longest form with which the text begins, up to the end of a word; "" where there is none."""
    matches = (form for form in by_form if text.startswith(form) and not _GOES_ON.match(text, len(form)))
    return max(matches, key=len, default="")


def _word(text: str) -> str:
    match = _WORD.match(text)
    return match[0].rstrip(_CLOSES) if match else ""


def _alike(word: str, by_form: Mapping[str, Sequence[Colleague]]) -> tuple[Colleague, ...]:
    forms = get_close_matches(word, list(by_form), n=_SUGGESTIONS, cutoff=_LIKENESS)
    return tuple(dict.fromkeys(colleague for form in forms for colleague in by_form[form]))[:_SUGGESTIONS]
