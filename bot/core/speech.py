"""What a person says now: no link, signature or small print, nothing of ours, nothing that stood there before.

It is asked only of a text in which a rule fires. In doubt, too much is taken as said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.core.phrases import END, Words, words_again, words_of
from bot.core.urgencies import Rule, Rules, Urgency, urgency_in

_LINK = re.compile(
    r"<?\b(?:(?:https?|ftp)://|www\.|(?:mailto|tel|cid):)[^\s>]*>?|[^\s@]{1,64}@[^\s@]{1,255}"
    r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/\S*",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"[ \t>|]*--[ \t]*")
_MOST_SIGNATURE_LINES, _LONGEST_SIGNATURE_LINE = 12, 90
# A disclaimer needs a match of both expressions, as people also write "this is confidential".
_ADDRESSEE = re.compile(
    r"intended (?:only|solely|for|recipient)|addressee|Adressat|Empf\u00e4nger|destinat|adresat|bwriad", re.IGNORECASE
)
_IN_ERROR = re.compile(
    r"in error|confidential|privileged|not the intended|irrt\u00fcmlich|vertraulich|confidenti|confidencial|omy\u0142k"
    r"|poufn|cyfrinachol|camgymeriad",
    re.IGNORECASE,
)
_SHORTEST_DISCLAIMER = 100
_OF_AN_OFFICE = re.compile(
    r"\b(?:registered (?:in|office|charity|company|number|no\b|provider)|(?:company|charity|vat|registration)"
    r" (?:reg(?:istration)?|no\b|number)|unsubscribe|view (?:this|in) (?:e-?mail|your browser)"
    r"|(?:privacy|cookie) (?:policy|notice)"
    r"|(?:slavery|safeguarding|trafficking)(?: and human trafficking)? (?:act|statement|policy|transparency)"
    r"|(?:winner|finalist|proud (?:sponsor|supporter)s?) of|all rights reserved|investors? in people"
    r"|regulated by the)\b|\u00a9",
    re.IGNORECASE,
)
_LONGEST_OFFICE_LINE = 300
_SPEAKS = re.compile(r"\b(?:i|im|ive|my|me)\b", re.IGNORECASE)
# Whoever speaks of themselves is no office.
_FIRST_PERSON = re.compile(r"\b(?:i|im|ive|i[\'\u2019](?:m|ve|d|ll)|we|my|me|us|our)\b", re.IGNORECASE)
# Where a quotation may begin: a mark of its lines, a rule, an attribution, a header block.
_QUOTED = re.compile(r"[ \t]*[>|]")
_SIGN = re.compile(r"[ \t]*[>|]|[ \t]*[-_*]{4,}|.{0,300}[:\uff1a][ \t]*$|.{0,300}@[\w.-]+\.")
_FIELD = re.compile(r"\W{0,3}[^\W\d_][^\n:\uff1a]{0,25}[:\uff1a]\s")
_FEWEST_WORDS = 4
_MOST_FRAGMENTS = 2_000


@dataclass(frozen=True, slots=True)
class Message:
    """The texts of one message: where it says what, and what its contact holds already.

    `ours` are the words of our own templates, `earlier` the texts of the messages before.
    """

    subject: str
    text: str
    fields: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


def urgency_of(message: Message, rules: Rules, but: str = "") -> Urgency | None:
    """Return the first rule that matches what the person says; not the rule of the name `but`."""
    new, rest = _at_quotation(message.text) if message.earlier else (message.text, "")
    fragments = _fragments(tuple(rules), message.ours)
    first = "\n\n".join((message.subject, plain(new), *message.fields))
    match = urgency_in(_without(fragments, words_of(first)), rules, but=but)
    if match is not None or not rest:
        return match
    before = words_of("\n\n".join(map(plain, message.earlier))).text
    return urgency_in(_without(fragments, words_of(_apart(plain(rest)))), rules, before.__contains__, but)


def plain(text: str) -> str:
    """Return a text without links, signatures and small print."""
    lines = list(_of_no_office(_without_signatures(_LINK.sub(" ", text).split("\n"))))
    paragraphs = _paragraphs(lines)
    return "\n\n".join(map(_without_disclaimer, paragraphs))


def _of_no_office(lines: Iterable[str]) -> Iterator[str]:
    return ("" if _is_of_an_office(line) else line for line in lines)


def _is_of_an_office(line: str) -> bool:
    is_one = len(line) <= _LONGEST_OFFICE_LINE and _OF_AN_OFFICE.search(line) is not None
    return is_one and _FIRST_PERSON.search(line) is None


def _without_signatures(lines: Sequence[str]) -> Iterator[str]:
    rest = 0
    for number, line in enumerate(lines):
        if _SIGNATURE.fullmatch(line):
            rest = _signature_end(lines, number + 1)
        yield "" if number < rest else line


def _signature_end(lines: Sequence[str], start: int) -> int:
    """Return where the signature that begins at `start` ends.

    That is before an empty or a long line, a quotation, somebody who speaks of themselves, or after many lines.
    """
    for number, line in enumerate(lines[start : start + _MOST_SIGNATURE_LINES], start):
        is_quoted_otherwise = bool(_QUOTED.match(line)) != bool(_QUOTED.match(lines[start]))
        is_said = not line.strip(" \t\r>|\xa0") or _SPEAKS.search(line) is not None
        if is_said or is_quoted_otherwise or len(line) > _LONGEST_SIGNATURE_LINE:
            return number
    return min(len(lines), start + _MOST_SIGNATURE_LINES)


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Return what stands between lines without words; a quotation begins and ends one."""
    paragraph, depth = list[str](), 0
    for line in lines:
        mark = _QUOTED.match(line)
        its_depth = line[:_LONGEST_SIGNATURE_LINE].count(">") if mark else 0
        is_blank = not line.strip(" \t\r>|\xa0")
        if paragraph and (is_blank or its_depth != depth):
            yield "\n".join(paragraph)
            paragraph = []
        depth = its_depth
        if not is_blank:
            paragraph.append(line)
    yield "\n".join(paragraph)


def is_disclaimer(paragraph: str) -> bool:
    """Tell whether a paragraph says for whom a mail is meant, and what to do with it in error."""
    if len(paragraph) < _SHORTEST_DISCLAIMER:
        return False
    return _ADDRESSEE.search(paragraph) is not None and _IN_ERROR.search(paragraph) is not None


def _without_disclaimer(paragraph: str) -> str:
    """Return the lines above the first of a disclaimer, which may follow the person's own words without a gap."""
    if not is_disclaimer(paragraph):
        return paragraph
    lines = paragraph.split("\n")
    first = next((at for at, line in enumerate(lines) if _ADDRESSEE.search(line) or _IN_ERROR.search(line)), 0)
    return "\n".join(lines[:first])


def _at_quotation(text: str) -> tuple[str, str]:
    """Return what stands before the first sign of a quotation, and the rest."""
    lines = text.split("\n")
    at = next((number for number, line in enumerate(lines) if _SIGN.match(line)), len(lines))
    return "\n".join(lines[:at]), "\n".join(lines[at:])


def _apart(text: str) -> str:
    """Return a text in which attributions and the fields of a header stand for themselves."""
    lines = text.split("\n")
    return "\n".join(
        f"{line}\n" if _FIELD.match(line) or line.rstrip()[-1:] in (":", "\uff1a") else line for line in lines
    )


@lru_cache(maxsize=8)
def _fragments(rules: tuple[Rule, ...], ours: tuple[str, ...]) -> tuple[str, ...]:
    """Return what we say ourselves and would be called for: sentences folded, the longest first."""
    texts = [*(rule.advice for rule in rules), *ours]
    sentences = {sentence for text in texts for sentence in _sentences(words_of(text))}
    long = [sentence for sentence in sentences if len(sentence.split()) >= _FEWEST_WORDS]
    firing = [sentence for sentence in long if urgency_in(words_again(sentence), rules)]
    return tuple(sorted(firing, key=len, reverse=True)[:_MOST_FRAGMENTS])


def _sentences(words: Words) -> list[str]:
    return [f" {sentence.strip()} " for sentence in words.text.split(f" {END} ")]


def _without(fragments: Iterable[str], words: Words) -> Words:
    """Return a text without these sentences, also where the last one is cut off."""
    text = words.text
    for fragment in fragments:
        text = text.replace(fragment, f" {END} ")
    sentences = text.split(f" {END} ")
    return words_again(f" {END} ".join("" if _begins(sentence, fragments) else sentence for sentence in sentences))


def _begins(sentence: str, fragments: Iterable[str]) -> bool:
    start = f" {sentence.strip()} "
    return start.count(" ") > _FEWEST_WORDS and any(fragment.startswith(start) for fragment in fragments)
