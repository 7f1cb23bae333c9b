"""Phrases, and the texts that they are looked for in: both are compared regardless of case, accents and most signs.

A text keeps where its sentences end, because no gap of a phrase may cross that.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

# Latin, Cyrillic and Greek accents, Arabic vowel signs. In Indic scripts such signs make other words, so they stay.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
END, PAUSE = ".", "\x02"  # of a sentence; what stands where somebody wrote dots, which are no end
_NO_WORD = re.compile("[^\\w.\x02\u0900-\u0963\u0966-\u0dff]+|_+")
# Different keyboards' forms of the same letter; apostrophes, which half of all people leave out, are removed.
_SAME = str.maketrans("łđøı" + "يىكةأإآۀہھ", "ldoi" + "ییکهاااههه", "'\u2019\u2018\u02bc`\u00b4\u02b9\u2032")
_BETWEEN = f" {END} "
_ENDS = re.compile("[.!?;\u06d4\u061f\u061b\u0964\u0965\u3002]")
_ASCII_ENDS = frozenset(".!?;")
_ASCII = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(256))
_ASCII_WITH_ENDS = bytes(
    ord(END) if chr(code) in _ASCII_ENDS else code if chr(code) == PAUSE else _ASCII[code] for code in range(256)
)
_NOT_ASCII = re.compile(r"([^\x00-\x7f]+(?:['`]+[^\x00-\x7f]+)*)")  # what stands around an apostrophe is joined
_DOTS = re.compile(r"\.{2,}|\u2026")
# Lines without a word, as a quoted mail has them, too.
_BLANK_LINES = re.compile(r"\n[ \t\r>|\xa0]*\n")
_LONGEST_PIECE_KEPT = 3  # a longer one may be a word of somebody's, which must not outlive its message
_START = 4
_GAP = "..."
_END_PATTERN = f"(?=[{END}{PAUSE}] |\\Z)"
_GAP_PATTERN = f"(?<!{PAUSE} )((?:[^ {END}{PAUSE}]+ ){{0,5}}?)"  # the only group, as `label` leaves it out
# Words of nearly every text: where a phrase has another one, that is looked for first.
_COMMON_WORDS = """
a about am an and are at be been but by can for from get go going had has have he her him his i if in is it ive im
just me my no not of off on or our out she so that the their them there they this to up us was we were what when who
will with you your
"""
# Words of many texts that people write to a council.
_EVERYDAY_WORDS = """
after again answer any anything away back been before bin bins bridge broken car children come could day days door every
few find garden give good hear heard help here home house kind know last leave left light like live lives look looking
made make many more morning need neighbour neighbours never new next night nobody notice now old one other outside over
park people phone please put road safe said say school see seen send since some somebody someone still street take taken
tell thank thing things time today told tomorrow tree two wall want water way week weeks well where without work works
would year years monday tuesday wednesday thursday friday saturday sunday letter told reported wrote
"""
_WEIGHTS = dict.fromkeys(_EVERYDAY_WORDS.split(), 150) | dict.fromkeys(_COMMON_WORDS.split(), 3_000)


class Sentence(NamedTuple):
    """Where a sentence stands in a text, and its terms as in `Words`."""

    start: int
    end: int
    terms: AbstractSet[str]


@dataclass(frozen=True)
class Words:
    """A text prepared for comparison: `text` has its words in lower case without accents, each between two spaces.

    Where a sentence ends stands END, as a word of its own. `terms` has every word, and the beginning of each word with
    a star.
    """

    text: str
    terms: frozenset[str]
    _beginnings: Mapping[str, str] = field(repr=False, compare=False)

    def sentences(self, anchors: AbstractSet[str]) -> Iterator[Sentence]:
        """The sentences of the text that have one of these terms."""
        beginnings, at = self._beginnings, 0
        stars = {anchor for anchor in anchors if anchor.endswith("*")}
        exact = anchors | {word for word, beginning in beginnings.items() if beginning in stars} if stars else anchors
        for part in self.text.split(_BETWEEN):
            tokens = part.split()
            if not exact.isdisjoint(tokens):
                terms = {*tokens, *map(beginnings.__getitem__, tokens)}
                yield Sentence(at - bool(at), min(at + len(part) + 1, len(self.text)), terms)
            at += len(part) + len(_BETWEEN)

    def around(self, start: int, end: int, most: int) -> str:
        """Return the sentence at a place in the text, of a long one `most` characters on either side."""
        left = self.text.rfind(_BETWEEN, max(0, start - most), start + 1)
        right = self.text.find(_BETWEEN, end - 1, end + most)
        first = left + 2 if left >= 0 else self.text.find(" ", max(0, start - most))
        return self.text[first : right + 1 if right >= 0 else self.text.rfind(" ", 0, end + most) + 1]


def words_of(text: str) -> Words:
    """Return a text prepared for searching."""
    return _words(_tokens(text))


def words_again(sentence: str) -> Words:
    """Return a part of the text of `Words` prepared for searching."""
    return _words(sentence.split())


def _words(tokens: Sequence[str]) -> Words:
    beginnings = {word: word[:_START] + "*" for word in set(tokens)}
    return Words(f" {' '.join(tokens)} ", frozenset((*beginnings, *beginnings.values())), beginnings)


def fold(text: str) -> str:
    """Return the words of a text in lower case, without accents and signs, one space between them."""
    if text.isascii():
        return " ".join(_fold_ascii(text).split())
    return " ".join([word for word in _tokens(text) if word not in (END, PAUSE)])


def _tokens(text: str) -> list[str]:
    """Return the words of a text, and END and PAUSE where they stand."""
    if PAUSE in text:
        text = text.replace(PAUSE, " ")
    if "\n" in text:
        text = text.replace("\n\n", "\n.\n")
        text = _BLANK_LINES.sub("\n.\n", text) if "\n " in text or "\n>" in text or "\r" in text else text
    if ".." in text or "\u2026" in text:
        text = _DOTS.sub(f" {PAUSE} ", text)
    if text.isascii():
        return _with_ends(text).split()
    # Most texts have few pieces that are not ASCII, and these recur: quotation marks, letters with accents.
    pieces = _NOT_ASCII.split(text)
    pieces[::2] = map(_with_ends, pieces[::2])
    pieces[1::2] = [_fold_often(p) if len(p) <= _LONGEST_PIECE_KEPT else _fold_other(p) for p in pieces[1::2]]
    return "".join(pieces).split()


def _fold_ascii(text: str) -> str:
    return text.encode("ascii").translate(_ASCII, b"'`").decode("ascii")


def _with_ends(text: str) -> str:
    return text.encode("ascii").translate(_ASCII_WITH_ENDS, b"'`").replace(b".", b" . ").decode("ascii")


def _fold_other(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_SAME)).casefold()
    plain = unicodedata.normalize("NFC", _MARKS.sub("", plain)).translate(_SAME)
    return _NO_WORD.sub(" ", _ENDS.sub(f" {END} ", plain))


_fold_often = lru_cache(maxsize=4096)(_fold_other)

# A phrase is parted at spaces and bars outside of brackets: (this|or (that|those)), <a group>; ? for "or nothing".
_SIGNS = re.compile(r"[()|\s]|[^()|\s]+")
# What a text must have for a phrase: one of each of these sets.
Needs = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a regular expression that begins and ends at a word, with the space after it."""

    source: str
    needs: Needs


# The groups that phrases may name.
Groups = Mapping[str, _Part]


def groups_of(phrases: Mapping[str, Iterable[str]]) -> Groups:
    """Return groups of phrases, each of which may name those before it. Raises ValueError as `Phrases` does."""
    groups = dict[str, _Part]()
    for name, members in phrases.items():
        groups[name] = _choice(members, groups)
    return groups


def _sequence(phrase: str, groups: Groups) -> _Part:
    parts = [_part(part, groups) for part in _split(phrase, " ")]
    return _Part("".join(part.source for part in parts), tuple(need for part in parts for need in part.needs))


def _split(phrase: str, separator: str) -> list[str]:
    """Return the pieces between the separators outside of brackets."""
    if "(" in phrase or ")" in phrase:
        return _split_outside_brackets(phrase, separator)
    return phrase.split() if separator == " " else [piece.strip() for piece in phrase.split(separator)]


def _split_outside_brackets(phrase: str, separator: str) -> list[str]:
    pieces, depth = [""], 0
    for sign in _SIGNS.findall(phrase):
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break
        if depth == 0 and (sign.isspace() if separator == " " else sign == separator):
            pieces.append("")
        else:
            pieces[-1] += sign
    if depth:
        raise ValueError("a bracket is open, or closed twice")
    return [piece.strip() for piece in pieces if piece.strip() or separator != " "]


def _part(part: str, groups: Groups) -> _Part:
    if part in (_GAP, "\u2026"):
        return _Part(_GAP_PATTERN, ())
    if part == END:
        return _Part(_END_PATTERN, ())
    inner = part.removesuffix("?")[1:-1]
    if part.startswith("(") and part.endswith((")", ")?")):
        choice = _choice(_split(inner, "|"), groups)
    elif part.startswith("<") and part.endswith((">", ">?")):
        choice = _group(inner, groups)
    elif "(" in part or ")" in part or "|" in part:
        raise ValueError(f"{part!r} needs a space before or after its brackets, or brackets around its choice")
    else:
        return _word(part)
    return _Part(f"{choice.source}?", ()) if part.endswith("?") else choice


def _group(name: str, groups: Groups) -> _Part:
    if name not in groups:
        raise ValueError(f"<{name}> is no group that is written before; there are: {', '.join(groups) or 'none'}")
    return groups[name]


def _choice(phrases: Iterable[str], groups: Groups) -> _Part:
    choices = [_sequence(phrase, groups) for phrase in phrases]
    if not choices or not all(choice.source for choice in choices):
        raise ValueError("there is nothing between two signs of a choice")
    needs = [min(choice.needs, key=_weight, default=frozenset[str]()) for choice in choices]
    source = "|".join(dict.fromkeys(choice.source for choice in choices))
    return _Part(f"(?:{source})", (frozenset().union(*needs),) if all(needs) else ())


@lru_cache(maxsize=8192)
def _word(part: str) -> _Part:
    before, after = (r"[^ .]*" if part.startswith("*") else ""), (r"[^ .]*" if part.endswith("*") else "")
    words = fold(part).split()
    if not words:
        return _Part("", ())
    source = f" (?:{PAUSE} )?".join(map(re.escape, words))
    exact = words[bool(before) : len(words) - bool(after)]
    start = words[-1][:_START] if after and not (before and len(words) == 1) and len(words[-1]) >= _START else ""
    needs = [frozenset((word,)) for word in exact] + ([frozenset((f"{start}*",))] if start else [])
    return _Part(f"{before}{source}{after} (?:{PAUSE} )?", tuple(needs))


@lru_cache(maxsize=8192)
def _weight(need: frozenset[str]) -> int:
    """How many texts have one of these, roughly: long words are rare, and beginnings are not."""
    return sum(map(_weight_of, need))


def _weight_of(term: str) -> int:
    return _WEIGHTS.get(term) or (12 if term.endswith("*") else max(1, 12 - 2 * len(term)))


class Phrase:
    """One phrase. Only a text with one of its `anchors` can have it; "" where that says nothing."""

    def __init__(self, phrase: str, groups: Groups | None = None) -> None:
        self.phrase = phrase
        part = _sequence(phrase, groups or {})
        self._source = part.source
        needs = sorted(set(part.needs), key=_weight)
        self.anchors = needs[0] if needs else frozenset(("",))
        self.needs = tuple(needs[1:])

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Most patterns are never used: no text has their anchor.
        return re.compile(f" {self._source}")

    @cached_property
    def _across(self) -> re.Pattern[str]:
        return re.compile(f" {self._source.replace(f'(?:{PAUSE} )?', f'(?:[{END}{PAUSE}] )?')}")

    def may_be_in(self, terms: AbstractSet[str]) -> bool:
        """Whether there are the words that the phrase cannot do without."""
        for need in self.needs:  # noqa: SIM110 - a generator takes twice as long, and this is asked for every mail
            if need.isdisjoint(terms):
                return False
        return True

    def is_in(self, words: Words) -> bool:
        """Whether the text has it; its words may stand on both sides of a full stop, as in "St. Mary"."""
        return self.may_be_in(words.terms) and self._across.search(words.text) is not None

    def places(self, words: Words, sentences: Iterable[Sentence]) -> Iterator[re.Match[str]]:
        """Each place in these sentences of the text where it stands."""
        for sentence in sentences:
            # An expression takes long where the words that it needs are not together.
            if self.may_be_in(sentence.terms):
                yield from self._pattern.finditer(words.text, sentence.start, sentence.end)

    def label(self, match: re.Match[str]) -> str:
        """The phrase as it was written; of one with choices the words that match, without those of a gap."""
        if "(" not in self.phrase and "<" not in self.phrase:
            return self.phrase
        pieces, at = list[str](), match.start()
        for start, end in sorted(span for span in match.regs[1:] if span[0] < span[1]):
            pieces += [match.string[at:start], _GAP, " "]
            at = end
        return " ".join("".join([*pieces, match.string[at : match.end()]]).replace(PAUSE, " ").split())


class Phrases:
    """Phrases to look for: complete words, in their order.

    A star at an end of a word stands for more letters, `...` between two words for up to five others of the same
    sentence, `(a|b)` for either, `<name>` for what the group of that name has; `?` after them for "or nothing".
    A phrase is read when it is looked for, or by `read`.
    """

    def __init__(self, phrases: Iterable[str], groups: Groups | None = None) -> None:
        self.phrases = tuple(phrases)
        self._groups = groups

    @cached_property
    def _phrases(self) -> list[Phrase]:
        # The packaged rules have thousands: they are read after the start.
        return [Phrase(phrase, self._groups) for phrase in self.phrases]

    @cached_property
    def _anchors(self) -> frozenset[str]:
        return frozenset(anchor for phrase in self._phrases for anchor in phrase.anchors)

    def read(self) -> "Phrases":
        """Read every phrase now; raises ValueError for one that says nothing, or names a group that is not there."""
        tuple(self)
        return self

    def __iter__(self) -> Iterator[Phrase]:
        """Each phrase."""
        return iter(self._phrases)

    def find(self, words: Words) -> str | None:
        """Return the first of the phrases that occurs in the text, as it was written; None if there is none."""
        if "" not in self._anchors and self._anchors.isdisjoint(words.terms):
            return None
        for phrase in self._phrases:
            if ("" in phrase.anchors or not phrase.anchors.isdisjoint(words.terms)) and phrase.is_in(words):
                return phrase.phrase
        return None
