"""Finds words and phrases in text, regardless of case, accents and the signs between words."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

# Latin, Cyrillic and Greek accents, Arabic vowel signs. In Indic scripts such signs make other words, so they stay.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
_NO_WORD = re.compile("[^\\w\u0900-\u0963\u0966-\u0dff]+|_+")
# Different keyboards' forms of the same letter; apostrophes, which half of all people leave out, are removed.
_SAME = str.maketrans("łđøı" + "يىكةأإآۀہھ", "ldoi" + "ییکهاااههه", "'\u2019\u2018\u02bc`\u00b4\u02b9\u2032")
_ASCII = {code: " " for code in range(128) if not chr(code).isalnum()} | {ord("'"): None, ord("`"): None}
_START = 3
_GAP = "..."
_GAP_PATTERN = r" (?:\S+ ){0,5}?"


@dataclass(frozen=True, slots=True)
class Words:
    """A text prepared for comparison: `text` has its words in lower case without accents, each between two spaces.

    `terms` has every word once, and the beginning of each word with a star.
    """

    text: str
    terms: frozenset[str]


def fold(text: str) -> str:
    """Return the words of a text in lower case, without accents and signs, one space between them."""
    if text.isascii():  # the case of nine mails of ten, in a third of the time
        return " ".join(text.lower().translate(_ASCII).split())
    plain = unicodedata.normalize("NFKD", text.translate(_SAME)).casefold()
    plain = unicodedata.normalize("NFC", _MARKS.sub("", plain)).translate(_SAME)
    return _NO_WORD.sub(" ", plain).strip()


def words_of(text: str) -> Words:
    """Return a text prepared for searching."""
    plain = fold(text)
    terms = set(plain.split())
    terms |= {f"{word[:_START]}*" for word in terms}
    return Words(f" {plain} ", frozenset(terms))


class _Phrase:
    """One phrase. Only a text with its `anchor` can have it: a word, the beginning of a word, or "" for neither."""

    def __init__(self, phrase: str) -> None:
        self.phrase = phrase
        parts = [(_GAP if word in (_GAP, "…") else word) for word in phrase.split()]
        patterns: list[str] = []
        exact: list[str] = []
        starts: list[str] = []
        for part in parts:
            if part == _GAP:
                patterns.append(_GAP)
                continue
            word = fold(part)
            before, after = (r"\S*" if part.startswith("*") else ""), (r"\S*" if part.endswith("*") else "")
            patterns.append(before + re.escape(word) + after)
            exact += word.split() if not before and not after else []
            starts += [f"{word[:_START]}*"] if not before and " " not in word and len(word) >= _START else []
        pattern = f" {' '.join(patterns)} ".replace(f" {_GAP} ", _GAP_PATTERN)
        self.anchor = max(exact, key=len, default="") or next(iter(starts), "")
        self._source = pattern

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Most patterns are never used: no text has their anchor.
        return re.compile(self._source)

    def is_in(self, words: Words) -> bool:
        return self._pattern.search(words.text) is not None


class Phrases:
    """Phrases to look for: complete words, in their order.

    A star at an end of a word stands for more letters, `...` between two words for up to five others.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self.phrases = tuple(phrases)
        self._phrases = [_Phrase(phrase) for phrase in self.phrases]
        self._anchors = frozenset(phrase.anchor for phrase in self._phrases)

    def find(self, words: Words) -> str | None:
        """Return the first of the phrases that occurs in the text, as it was written; None if there is none."""
        if "" not in self._anchors and self._anchors.isdisjoint(words.terms):
            return None
        for phrase in self._phrases:
            if (not phrase.anchor or phrase.anchor in words.terms) and phrase.is_in(words):
                return phrase.phrase
        return None
