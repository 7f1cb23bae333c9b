"""Measures how easy English is to read: the grade of Flesch and Kincaid, the length of sentences, the passive.

The grade is that of J. P. Kincaid and others, Research Branch Report 8-75 (1975). Syllables are counted as groups of
vowels, which is accurate enough for a grade.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+")
_LIST_MARK = re.compile(r"^(?:\*|\d+\.) ")
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_WITH_DIGIT = re.compile(r"\S*\d\S*")
_VOWELS = re.compile(r"[aeiouy]+")
# A line of at most so many words without a full stop is a heading.
_HEADING_WORDS = 8
_PASSIVE = re.compile(
    r"\b(?:am|is|are|was|were|be|been|being)\s+(?:not\s+|now\s+|\w+ly\s+)?"
    r"(?:\w{3,}ed|given|taken|sent|made|done|told|seen|held|kept|paid|found|written|known|shown|put|read|dealt)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures of a text. `grade` is in years of school, `passive` a share of the sentences."""

    sentences: tuple[str, ...]
    grade: float
    mean_words: float
    longest: str
    longest_words: int
    passive: float
    first_passive: str


def reading(text: str) -> Reading:
    """Return the figures of a text; 0 for a text without sentences."""
    text_sentences = sentences(text)
    counts = [len(_words(sentence)) for sentence in text_sentences]
    longest = max(range(len(text_sentences)), key=counts.__getitem__, default=None)
    passive = [sentence for sentence in text_sentences if _PASSIVE.search(sentence)]
    return Reading(
        sentences=tuple(text_sentences),
        grade=_grade(text_sentences),
        mean_words=sum(counts) / len(text_sentences) if text_sentences else 0.0,
        longest=text_sentences[longest] if longest is not None else "",
        longest_words=max(counts, default=0),
        passive=len(passive) / len(text_sentences) if text_sentences else 0.0,
        first_passive=passive[0] if passive else "",
    )


def sentences(text: str) -> list[str]:
    """Return the sentences; headings, web addresses and lines of signs are left out."""
    result = []
    for line in text.splitlines():
        plain = _ADDRESS.sub("", _LIST_MARK.sub("", line.strip())).strip()
        for sentence in _SENTENCE_END.split(plain):
            count = len(_words(sentence))
            if count > _HEADING_WORDS or (count and sentence[-1] in ".!?"):
                result.append(sentence)
    return result


def _grade(text_sentences: Sequence[str]) -> float:
    words = [word for sentence in text_sentences for word in _words(sentence)]
    if not words:
        return 0.0
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) / len(text_sentences) + 11.8 * syllables / len(words) - 15.59


def _words(sentence: str) -> list[str]:
    """Return the words; references, dates in figures and telephone numbers are left out."""
    return _WORD.findall(_WITH_DIGIT.sub(" ", sentence))


def _syllables(word: str) -> int:
    lower = word.lower()
    count = len(_VOWELS.findall(lower))
    silent = lower.endswith("e") and not lower.endswith(("le", "ee"))
    silent |= lower.endswith("ed") and not lower.endswith(("ted", "ded", "eed"))
    return max(1, count - silent)
