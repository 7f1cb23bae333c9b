"""Words and phrases looked for in what people write, whatever their case, accents and signs between the words."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

# Latin, Cyrillic and Greek accents, Arabic vowel signs. In Indic scripts such signs make other words, so they stay.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
_NO_WORD = re.compile("[^\\w\u0900-\u0963\u0966-\u0dff]+|_+")
# What different keyboards write for the same letter; apostrophes, which half of all people leave out, go.
_SAME = str.maketrans("łđøı" + "يىكةأإآۀہھ", "ldoi" + "ییکهاااههه", "'\u2019\u2018\u02bc`\u00b4\u02b9\u2032")
_ASCII = {code: " " for code in range(128) if not chr(code).isalnum()} | {ord("'"): None, ord("`"): None}
_START = 3
_GAP = "..."
_GAP_PATTERN = r" (?:\S+ ){0,5}?"


@dataclass(frozen=True, slots=True)
class Words:
    """A text as it is compared: `text` has its words in lower case without accents, each between two spaces.

    `each` holds every word once, and with a star what words begin with.
    """

    text: str
    each: frozenset[str]


def folded(text: str) -> str:
    """The words of a text in lower case, without accents and signs, one space between them."""
    if text.isascii():  # nine mails of ten, in a third of the time
        return " ".join(text.lower().translate(_ASCII).split())
    plain = unicodedata.normalize("NFKD", text.translate(_SAME)).casefold()
    plain = unicodedata.normalize("NFC", _MARKS.sub("", plain)).translate(_SAME)
    return _NO_WORD.sub(" ", plain).strip()


def words_of(text: str) -> Words:
    """A text, ready to be looked through."""
    plain = folded(text)
    each = set(plain.split())
    each |= {f"{word[:_START]}*" for word in each}
    return Words(f" {plain} ", frozenset(each))


class _Phrase:
    """One phrase. Only a text with its `anchor` can have it: a word, how a word begins, or "" if there is neither."""

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
            word = folded(part)
            before, after = (r"\S*" if part.startswith("*") else ""), (r"\S*" if part.endswith("*") else "")
            patterns.append(before + re.escape(word) + after)
            exact += word.split() if not before and not after else []
            starts += [f"{word[:_START]}*"] if not before and " " not in word and len(word) >= _START else []
        joined = f" {' '.join(patterns)} ".replace(f" {_GAP} ", _GAP_PATTERN)
        self.anchor = max(exact, key=len, default="") or next(iter(starts), "")
        self._source = joined

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Most are never asked: their anchor is in no text.
        return re.compile(self._source)

    def is_in(self, words: Words) -> bool:
        return self._pattern.search(words.text) is not None


class Phrases:
    """Phrases to look for: whole words, in their order.

    A star at an end of a word stands for more letters, `...` between two words for up to five others.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self.phrases = tuple(phrases)
        self._each = [_Phrase(phrase) for phrase in self.phrases]
        self._anchors = frozenset(one.anchor for one in self._each)

    def find(self, words: Words) -> str | None:
        """The first of the phrases that stands there, as it was given; None if there is none."""
        if "" not in self._anchors and self._anchors.isdisjoint(words.each):
            return None
        for one in self._each:
            if (not one.anchor or one.anchor in words.each) and one.is_in(words):
                return one.phrase
        return None
