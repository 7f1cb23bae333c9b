"""Extracts the newly written text of a mail, without the quoted mail, the signature and the disclaimer.

It is for people who read a thread; the full text is always stored beside it. In doubt, too much is kept.
"""

import re
from collections.abc import Iterator, Sequence

from mailparser_reply.parser import EmailMessage, EmailReply

# The library's expressions take quadratic time over a line, and cubic time over a repeated word of their own.
# The caps limit what is examined, not what is kept.
_MAX_PAGE, _MAX_LINES, _MAX_LINE, _MAX_ORIGINAL = 6_000, 300, 120, 1_000
# The library's languages whose closing words do not begin ordinary sentences in another language.
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "cs"]

_RULE = re.compile(r"[_=*-]{20,}")
# "----- Original Message -----" in any language.
_HEADING = re.compile(r"-{4,} ?\w[\w ]{3,50}? ?-{4,}")
# Attributions that the library does not know: Welsh, Polish (Gmail), Portuguese, Romanian, Ukrainian and others.
_WROTE = re.compile(
    r"\b(?:ysgrifennodd|napisała?|pisze|escreveu|a scris|пише|написа(?:[вл]|ла)|rašė|rakstīja|írta"
    r"|yazd\u0131|skrev|kirjoitti|έγραψε|كتب)\b",
    re.IGNORECASE,
)
_TIMED = re.compile(r"\d{4}|\d:\d\d")
_DATED = re.compile(f"@|{_TIMED.pattern}")
_SENT_FROM = re.compile(
    r"(?:Sent (?:from|via)|Get Outlook for|Gesendet (?:von|mit)|Von mein\w* .+ gesendet|Envoyé (?:de|depuis)"
    r"|Enviado (?:desde|do)|Inviato da|Wysłan[oe] z|Trimis de|Надіслано з|Anfonwyd o)\b.{0,60}",
    re.IGNORECASE,
)
# A disclaimer needs a match of both expressions, as people also write "this is confidential".
_ADDRESSEE = re.compile(
    r"intended (?:only|solely|for|recipient)|addressee|Adressat|Empfänger|destinat|adresat|bwriad", re.IGNORECASE
)
_IN_ERROR = re.compile(
    r"in error|confidential|privileged|not the intended|irrtümlich|vertraulich|confidenti|confidencial|omyłk|poufn"
    r"|cyfrinachol|camgymeriad",
    re.IGNORECASE,
)
_SHORTEST_DISCLAIMER = 100
_MOST_SIGNATURE_LINES, _LONGEST_SIGNATURE_LINE = 12, 80
_POSTSCRIPT = re.compile(r"p\.? ?s\b", re.IGNORECASE)


def new_words(text: str) -> str:
    """Return the newly written part of `text`. Never raises, and is empty only where `text` is.

    Return the whole text where nothing would be left, and where the answers stand below or between the quoted lines.
    Forwarded mail counts as quoted.
    """
    try:
        words = _new_part(text)
    except Exception:  # noqa: BLE001 - the library's expressions meet text of any kind; the whole text is always valid
        return text
    return words if words.strip() else text


def _new_part(text: str) -> str:
    originals = text.split("\n")
    numbers, lines, page = _look(originals)
    replies = EmailMessage(page, languages=[*_LANGUAGES], keep_hyphen_lists=True).read().replies
    older = min(_older_mail(page, replies), _attribution(lines))
    end = _end_of_new_lines(lines, older, _unexamined(originals, numbers))
    if end is None:
        return text
    end = _without_tail(lines[:end], replies[0].signatures or "")
    return text if end == len(lines) else _beginning(originals, numbers[:end], lines)


def _unexamined(originals: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """Return the lines with text after the last one that was examined."""
    remainder = originals[numbers[-1] + 1 :] if numbers else ()
    return [line for line in map(str.strip, remainder) if line]


def _beginning(originals: Sequence[str], numbers: Sequence[int], lines: Sequence[str]) -> str:
    """Return the original text up to the last of these numbers whose line has text."""
    with_text = [number for number, line in zip(numbers, lines, strict=False) if line]
    return "\n".join(originals[: with_text[-1] + 1]).strip() if with_text else ""


def _end_of_new_lines(lines: list[str], older: int, unexamined: Sequence[str]) -> int | None:
    """Return the number of lines before the older mail, which begins at line `older` or with quoted lines.

    None where new text can stand inside it or below it.
    """
    first_quoted = next((at for at, line in enumerate(lines) if _is_quoted(line)), len(lines))
    if first_quoted < len(lines) and (first_quoted <= older or _introduces(lines[older:first_quoted])):
        if _answers_inside(lines[first_quoted:]) or not all(map(_is_quoted, unexamined)):
            return None
        return min(older, _introduction(lines, first_quoted))
    return None if older == len(lines) and unexamined else older


def _is_quoted(line: str) -> bool:
    return line.startswith(">")


def _look(originals: Sequence[str]) -> tuple[list[int], list[str], str]:
    """Return the lines to examine: their numbers in the original, the tidy lines, and a page short enough to parse."""
    numbers, lines, page, size = list[int](), list[str](), list[str](), 0
    for number, original in enumerate(originals):
        line = " ".join(original[:_MAX_ORIGINAL].split())
        line = "" if _RULE.fullmatch(line) else line
        if not line and (not lines or not lines[-1]):
            continue
        short = _shorten(line)
        size += len(short) + 1
        if len(lines) == _MAX_LINES or size > _MAX_PAGE:
            break
        numbers.append(number)
        lines.append(line)
        page.append(short)
    return numbers, lines, "\n".join(page)


def _shorten(line: str) -> str:
    """Return each word of a line once; of a long line the beginning and the end, which show an attribution."""
    if len(line) > _MAX_LINE:
        line = f"{line[: _MAX_LINE // 2]} {line[-_MAX_LINE // 2 :]}"
    words: dict[str, str] = {}
    for word in line.split():
        words.setdefault(word.casefold(), word)
    return " ".join(words.values())


def _older_mail(page: str, replies: Sequence[EmailReply]) -> int:
    """Return the line at which the library finds an older mail, or the number of lines."""
    for reply in replies:
        header = reply.headers or ""
        if header and header in page and _is_header(header):
            return page.count("\n", 0, page.index(header))
    return page.count("\n") + 1


def _is_header(words: str) -> bool:
    """Reject single lines of a letter or form, such as "Data: 23.11.2026", which the library takes for a header."""
    fields = [line for line in words.split("\n") if ":" in line]
    introduces = words.endswith(":") or len(fields) > 1
    return introduces and _DATED.search(words) is not None


def _attribution(lines: list[str]) -> int:
    """Return the first line of an attribution ("... napisał(a):", possibly on two lines) or of a dashed heading."""
    for at, line in enumerate(lines):
        if line.endswith(":") and _WROTE.search(line):
            if _continues_attribution(lines, at):
                return at - 1
            if _DATED.search(line):
                return at
        if _HEADING.fullmatch(line) and any(":" in field for field in lines[at + 1 : at + 3]):
            return at
    return len(lines)


def _continues_attribution(lines: list[str], at: int) -> bool:
    """Tell whether the line above has the date of the attribution, and this line none."""
    return at > 0 and _DATED.search(lines[at - 1]) is not None and not _TIMED.search(lines[at])


def _introduces(between: list[str]) -> bool:
    """Tell whether quoted lines directly follow an attribution; below an Outlook header they are older still."""
    lines = [line for line in between if line]
    return len(lines) <= 2 and lines[-1].endswith(":")


def _introduction(lines: list[str], first_quoted: int) -> int:
    """Return the first quoted line, or the line that introduces it in any language: it has a date and a colon."""
    last_two = [at for at in range(first_quoted) if lines[at]][-2:]
    if last_two and lines[last_two[-1]].endswith(":"):
        for at in reversed(last_two):
            if _DATED.search(lines[at]):
                return at
    return first_quoted


def _answers_inside(lines: list[str]) -> bool:
    """Tell whether there is text between or below the quoted lines that is neither signature nor disclaimer."""
    last = max(at for at, line in enumerate(lines) if _is_quoted(line))
    if any(line and not _is_quoted(line) for line in lines[:last]):
        return True
    below = ["", *lines[last + 1 :]]
    return any(below[: _without_tail(below, "")])


def _without_tail(lines: list[str], closing: str) -> int:
    """Return how many lines stand before disclaimer and signature; `closing` is the library's signature."""
    end = _before_disclaimers(lines)
    for at in range(end):
        # RFC 3676 section 4.3: the line "-- ", here without its space.
        if lines[at] == "--" and _is_signature(lines[at + 1 : end]):
            return at
    return _before_sent_from(lines[: _before_closing(lines[:end], closing)])


def _before_disclaimers(lines: list[str]) -> int:
    end = len(lines)
    for first in _paragraphs(lines):
        if not _is_disclaimer(" ".join(lines[first:end])):
            break
        end = first
    return end


def _before_closing(lines: list[str], closing: str) -> int:
    """Return how many lines stand before the library's signature, if it is one."""
    first_words, end = closing.partition("\n")[0], len(lines)
    if not first_words:
        return end
    start = next((at for at in range(end - 1, 0, -1) if _shorten(lines[at]) == first_words), end)
    return start if _is_signature(lines[start:]) else end


def _before_sent_from(lines: list[str]) -> int:
    """Return how many lines stand before a last line such as "Sent from my iPhone"."""
    last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at]), None)
    return last if last is not None and _SENT_FROM.fullmatch(lines[last]) else len(lines)


def _paragraphs(lines: list[str]) -> Iterator[int]:
    """Yield where each paragraph begins, the last first."""
    for at in range(len(lines) - 1, -1, -1):
        if lines[at] and (at == 0 or not lines[at - 1]):
            yield at


def _is_disclaimer(paragraph: str) -> bool:
    if len(paragraph) < _SHORTEST_DISCLAIMER:
        return False
    return _ADDRESSEE.search(paragraph) is not None and _IN_ERROR.search(paragraph) is not None


def _is_signature(lines: list[str]) -> bool:
    """Tell whether the lines are names, posts, addresses and numbers: no sentence, no postscript, few lines."""
    nonempty = [line for line in lines if line]
    return len(nonempty) <= _MOST_SIGNATURE_LINES and not any(map(_is_sentence, nonempty))


def _is_sentence(line: str) -> bool:
    small = [word.islower() for word in line.split()]
    flowing = any(all(small[at : at + 3]) for at in range(len(small) - 2))
    return len(line) > _LONGEST_SIGNATURE_LINE or line[-1] in "?!" or flowing or _POSTSCRIPT.match(line) is not None
