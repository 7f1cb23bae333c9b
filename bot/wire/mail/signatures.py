"""Finds what stands at the end of a mail and is not said to anybody: closing words, signature, small print."""

import re
from collections.abc import Iterator, Sequence

from bot.core.speech import is_disclaimer

# By themselves in a line, above names and addresses. Thanks also begin what is said, unless a comma follows.
CLOSING = re.compile(
    r"(?:(?:(?:(?:with )?(?:kind(?:est)?|best|warm(?:est)?) )?(?:regards|wishes)|all the best|best|cheers"
    r"|yours(?: (?:sincerely|faithfully|truly))?|sincerely|cofion(?: (?:gorau|cynnes))?|yn gywir"
    r"|(?:mit )?(?:(?:freundliche[nm]?|viele|liebe|beste|herzliche) )?(?:grüßen?|gruß|grüssen?|gruss)|mfg|lg"
    r"|(?:bien )?cordialement|(?:cordiales |sincères )?salutations|(?:un )?saludos?|atentamente|cordialmente"
    r"|(?:cordiali|distinti) saluti|met vriendelijke groet(?:en)?|pozdrawiam|z (?:poważaniem|powazaniem)"
    r"|s (?:pozdravem|pozdravom|úctou)|cu (?:stimă|respect)|(?:com os )?(?:melhores )?cumprimentos|atenciosamente"
    r"|з повагою|\u0441 уважением|(?:مع )?(?:خالص )?(?:ال)?تحي(?:ة|اتي)|sayg\u0131lar\u0131mla|me respekt),?"
    r"|(?:many thanks|thanks|thank you|diolch(?: yn fawr)?|gracias|dziękuję|mulțumesc|obrigad[oa]|дякую"
    r"|شكرا|شکریہ|ধন্যবাদ|ਧੰਨਵਾਦ)[,،])[ .!-]*",
    re.IGNORECASE,
)
SENT_FROM = re.compile(
    r"(?:Sent (?:from|via)|Get Outlook for|Gesendet (?:von|mit)|Von mein\w* .+ gesendet|Envoyé (?:de|depuis)"
    r"|Enviado (?:desde|do)|Inviato da|Wysłan[oe] z|Trimis de|Надіслано з|Anfonwyd o)\b.{0,60}",
    re.IGNORECASE,
)
_MOST_SIGNATURE_LINES, _LONGEST_SIGNATURE_LINE = 12, 80
_POSTSCRIPT = re.compile(r"p\.? ?s\b", re.IGNORECASE)


def end_of_words(lines: Sequence[str]) -> int:
    """Return how many lines stand before closing words, signature and disclaimer. The lines have no indents."""
    end = _before_disclaimers(lines)
    starts = [*_possible_starts(lines, end)]
    # RFC 3676 section 4.3: the line "-- ", here without its space.
    delimiters = [at for at in starts if lines[at] == "--"]
    if delimiters:
        return delimiters[-1]
    closings = [at for at in starts if at and CLOSING.fullmatch(lines[at])]
    return _before_sent_from(lines, closings[-1] if closings else end)


def _possible_starts(lines: Sequence[str], end: int) -> Iterator[int]:
    """Yield the lines above which nothing looks like a signature's, the last first."""
    count = 0
    for at in range(end - 1, -1, -1):
        if not lines[at]:
            continue
        yield at
        count += 1
        if count > _MOST_SIGNATURE_LINES or (lines[at] != "--" and _is_sentence(lines[at])):
            return


def _before_disclaimers(lines: Sequence[str]) -> int:
    end = len(lines)
    for first in _paragraphs(lines):
        if not is_disclaimer(" ".join(lines[first:end])):
            break
        end = first
    return end


def _before_sent_from(lines: Sequence[str], end: int) -> int:
    """Return how many lines stand before a last line such as "Sent from my iPhone"."""
    last = next((at for at in range(end - 1, -1, -1) if lines[at]), None)
    return last if last is not None and SENT_FROM.fullmatch(lines[last]) else end


def _paragraphs(lines: Sequence[str]) -> Iterator[int]:
    """Yield where each paragraph begins, the last first."""
    for at in range(len(lines) - 1, -1, -1):
        if lines[at] and (at == 0 or not lines[at - 1]):
            yield at


def _is_sentence(line: str) -> bool:
    """Tell it from names, posts, addresses and numbers."""
    small = [word.islower() for word in line.split()]
    flowing = any(all(small[at : at + 3]) for at in range(len(small) - 2))
    return len(line) > _LONGEST_SIGNATURE_LINE or line[-1] in "?!" or flowing or _POSTSCRIPT.match(line) is not None
