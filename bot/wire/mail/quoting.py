"""What somebody wrote anew in a mail, without the older mail below it, the signature and the disclaimer.

For people who read a thread: the full text is always kept beside it. Where this is in doubt it keeps too much.
"""

import re
from collections.abc import Iterator, Sequence

from mailparser_reply.parser import EmailMessage, EmailReply

# The library's expressions take quadratic time over a line, and cubic time over a word of theirs that it repeats.
# Nothing is lost where a cap bites: the caps bound what is looked at, not what is kept.
_MAX_PAGE, _MAX_LINES, _MAX_LINE, _MAX_ORIGINAL = 6_000, 300, 120, 1_000
# Of the languages that the library knows those whose closing words do not begin ordinary sentences in another one.
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
# Two signs of a lawyer's paragraph, for people, too, write "this is confidential".
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
    """The words of `text` that its author wrote anew. Never raises, and is empty only where `text` is.

    Where nothing would be left, and where somebody wrote below or between the quoted lines, it is the whole text.
    What somebody forwards is older mail, too.
    """
    try:
        words = _above(text)
    except Exception:  # noqa: BLE001 - the library's expressions meet text of any kind; the whole text is never wrong
        return text
    return words if words.strip() else text


def _above(text: str) -> str:
    originals = text.split("\n")
    numbers, lines, page = _look(originals)
    unseen = [line for line in map(str.strip, originals[numbers[-1] + 1 :] if numbers else ()) if line]
    replies = EmailMessage(page, languages=[*_LANGUAGES], keep_hyphen_lists=True).read().replies
    end = min(_older_mail(page, replies), _attribution(lines))
    marked = next((at for at, line in enumerate(lines) if line.startswith(">")), len(lines))
    if marked < len(lines) and (marked <= end or _introduces(lines[end:marked])):
        if _answers_inside(lines[marked:]) or not all(line.startswith(">") for line in unseen):
            return text
        end = min(end, _introduction(lines, marked))
    elif end == len(lines) and unseen:
        return text
    end = _without_tail(lines[:end], replies[0].signatures or "")
    filled = [number for number, line in zip(numbers[:end], lines, strict=False) if line]
    return text if end == len(lines) else "\n".join(originals[: filled[-1] + 1] if filled else ()).strip()


def _look(originals: Sequence[str]) -> tuple[list[int], list[str], str]:
    """The lines that are looked at: the number of each in the original, the lines tidied, and as a bearable page."""
    numbers, lines, page, size = list[int](), list[str](), list[str](), 0
    for number, original in enumerate(originals):
        line = " ".join(original[:_MAX_ORIGINAL].split())
        line = "" if _RULE.fullmatch(line) else line
        if not line and (not lines or not lines[-1]):
            continue
        short = _bearable(line)
        size += len(short) + 1
        if len(lines) == _MAX_LINES or size > _MAX_PAGE:
            break
        numbers.append(number)
        lines.append(line)
        page.append(short)
    return numbers, lines, "\n".join(page)


def _bearable(line: str) -> str:
    """Each word of a line once; of a long line its beginning and its end, which tell what introduces a quotation."""
    if len(line) > _MAX_LINE:
        line = f"{line[: _MAX_LINE // 2]} {line[-_MAX_LINE // 2 :]}"
    words: dict[str, str] = {}
    for word in line.split():
        words.setdefault(word.casefold(), word)
    return " ".join(words.values())


def _older_mail(page: str, replies: Sequence[EmailReply]) -> int:
    """The line at which the library sees an older mail begin, or the number of lines."""
    for reply in replies:
        header = reply.headers or ""
        if header and header in page and _is_header(header):
            return page.count("\n", 0, page.index(header))
    return page.count("\n") + 1


def _is_header(words: str) -> bool:
    """One line of a letter or of a form, such as "Data: 23.11.2026", is none, whatever the library says."""
    fields = [line for line in words.split("\n") if ":" in line]
    introduces = words.endswith(":") or len(fields) > 1
    return introduces and _DATED.search(words) is not None


def _attribution(lines: list[str]) -> int:
    """The first line of "... napisał(a):" and the like, which mail programs break in two, or of a heading in dashes."""
    for at, line in enumerate(lines):
        if line.endswith(":") and _WROTE.search(line):
            if at and _DATED.search(lines[at - 1]) and not _TIMED.search(line):
                return at - 1
            if _DATED.search(line):
                return at
        if _HEADING.fullmatch(line) and any(":" in field for field in lines[at + 1 : at + 3]):
            return at
    return len(lines)


def _introduces(between: list[str]) -> bool:
    """Whether quoted lines stand right below an attribution: below an Outlook header they are older still."""
    filled = [line for line in between if line]
    return len(filled) <= 2 and filled[-1].endswith(":")


def _introduction(lines: list[str], marked: int) -> int:
    """The quoted lines with the line that introduces them, in whatever language: it has a date and a colon."""
    filled = [at for at in range(marked) if lines[at]][-2:]
    if filled and lines[filled[-1]].endswith(":"):
        for at in reversed(filled):
            if _DATED.search(lines[at]):
                return at
    return marked


def _answers_inside(lines: list[str]) -> bool:
    """Whether there are words between or below quoted lines that are no signature and no disclaimer."""
    last = max(at for at, line in enumerate(lines) if line.startswith(">"))
    if any(line and not line.startswith(">") for line in lines[:last]):
        return True
    below = ["", *lines[last + 1 :]]
    return any(below[: _without_tail(below, "")])


def _without_tail(lines: list[str], closing: str) -> int:
    """How many of the lines stand before disclaimer and signature; `closing` is what the library calls one."""
    end = len(lines)
    for first in _paragraphs(lines):
        if not _is_disclaimer(" ".join(lines[first:end])):
            break
        end = first
    for at in range(end):
        # RFC 3676 section 4.3: the line "-- ", here without its space.
        if lines[at] == "--" and _is_signature(lines[at + 1 : end]):
            return at
    begun = closing.partition("\n")[0]
    start = next((at for at in range(end - 1, 0, -1) if begun and _bearable(lines[at]) == begun), end)
    if start < end and _is_signature(lines[start:end]):
        end = start
    filled = [at for at in range(end) if lines[at]]
    return filled[-1] if filled and _SENT_FROM.fullmatch(lines[filled[-1]]) else end


def _paragraphs(lines: list[str]) -> Iterator[int]:
    """Where each paragraph begins, the last first."""
    for at in range(len(lines) - 1, -1, -1):
        if lines[at] and (at == 0 or not lines[at - 1]):
            yield at


def _is_disclaimer(paragraph: str) -> bool:
    if len(paragraph) < _SHORTEST_DISCLAIMER:
        return False
    return _ADDRESSEE.search(paragraph) is not None and _IN_ERROR.search(paragraph) is not None


def _is_signature(lines: list[str]) -> bool:
    """Names, posts, addresses and numbers: no sentence, no postscript, not many lines."""
    filled = [line for line in lines if line]
    return len(filled) <= _MOST_SIGNATURE_LINES and not any(map(_is_sentence, filled))


def _is_sentence(line: str) -> bool:
    small = [word.islower() for word in line.split()]
    flowing = any(all(small[at : at + 3]) for at in range(len(small) - 2))
    return len(line) > _LONGEST_SIGNATURE_LINE or line[-1] in "?!" or flowing or _POSTSCRIPT.match(line) is not None
