"""The length of a text as the service that carries it counts it."""

import re
from dataclasses import dataclass
from enum import StrEnum

_LINK = re.compile(r"https?://\S+|\bwww\.\S+", re.IGNORECASE)
# docs.joinmastodon.org, "Posting toots".
_LENGTH_OF_A_LINK = 23
# docs.x.com, "Counting characters": these count once, all others twice.
_NARROW = re.compile("[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")


# 3GPP TS 23.038, 6.2.1: the letters of a text message, and those that count twice; any other makes all of them wide.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("\f^{}\\[~]|€")


def fragments(text: str) -> int:
    """Return how many messages a telephone network makes of a text: each of them is paid for (3GPP TS 23.040)."""
    if _GSM.union(_GSM_TWICE).issuperset(text):
        length, alone, in_a_row = len(text) + sum(letter in _GSM_TWICE for letter in text), 160, 153
    else:
        length, alone, in_a_row = len(text.encode("utf-16-be", "replace")) // 2, 70, 67
    return 1 if length <= alone else -(-length // in_a_row)


class Unit(StrEnum):
    """The unit of a length. `short-links`: a link counts as 23 characters; `weighted`: most other scripts count twice.

    A character is a code point; where a service counts what readers see as one character, this is never less.
    """

    CHARACTERS = "characters"
    BYTES = "bytes"
    SHORT_LINKS = "short-links"
    WEIGHTED = "weighted"


@dataclass(frozen=True, slots=True)
class Longest:
    """The longest text that a service takes; `links`: whether a text may contain web addresses."""

    most: int
    unit: Unit = Unit.CHARACTERS
    links: bool = True

    def length(self, text: str) -> int:
        """Return the length of a text in this unit."""
        match self.unit:
            case Unit.BYTES:
                return len(text.encode("utf-8", "replace"))
            case Unit.SHORT_LINKS:
                other_text, count = _LINK.subn("", text)
                return len(other_text) + count * _LENGTH_OF_A_LINK
            case Unit.WEIGHTED:
                return len(text) + len(_NARROW.sub("", text))
            case _:
                return len(text)

    def why_not(self, text: str) -> str:
        """Return why the service would not take the text, in words for whoever typed it; "" where it would."""
        if not self.links and _LINK.search(text):
            return "leave out the web address: none can stand in a public post there"
        length = self.length(text)
        unit = "bytes" if self.unit is Unit.BYTES else "characters"
        return "" if length <= self.most else f"use {self.most:,} {unit} or fewer; there are {length:,}"
