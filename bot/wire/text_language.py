"""Tells the language of what people write."""

import re
from collections.abc import Iterator

import pycld2

from bot.wire.mail import signatures

# Welsh and the languages most often spoken at home in the country; what seems to be any other is not known.
_LANGUAGES = frozenset(
    {"en", "cy", "pl", "ro", "pt", "uk", "pa", "ur", "bn", "gu", "hi", "ta", "ar", "fa", "tr", "so", "zh", "sq", "es"}
    | {"it", "fr", "de", "ru", "bg", "lt", "lv", "hu", "sk", "el"}
)
# More characters of sentences than these do not change it; links and names before them can take many more.
_ENOUGH_CHARACTERS, READ_CHARACTERS = 250, 800
_LINK = re.compile(r"[@/]|[a-zA-Z0-9]\.[a-zA-Z0-9]")
# A line of a sentence has so many words in small letters, with so many characters, or letters of a script without
# capitals; any other is a greeting, a name or an address, and an answer by them would be a guess.
_FEWEST_SMALL_WORDS, _FEWEST_CHARACTERS, _FEWEST_UNCASED_LETTERS = 2, 8, 12
_LONGEST_CLOSING = 80


def language_of(text: str) -> str:
    """Return the language of a text as an ISO 639-1 code (en, cy, pl ...), or "" where it cannot be determined."""
    plain = "\n".join(_sentences(text[:READ_CHARACTERS]))[:_ENOUGH_CHARACTERS]
    if not plain:
        return ""
    is_reliable, _, languages = pycld2.detect(plain, isPlainText=True)
    code = languages[0][1].partition("-")[0]
    return code if is_reliable and code in _LANGUAGES else ""


def _sentences(text: str) -> Iterator[str]:
    """Yield lines that are of sentences, until they are enough."""
    count = 0
    for line in map(_without_links, text.split("\n")):
        if _is_of_a_sentence(line):
            yield line
            count += len(line)
            if count >= _ENOUGH_CHARACTERS:
                return


def _without_links(line: str) -> str:
    """Return the line without links, addresses and what is not printable."""
    line = line if "://" in line else line[:_ENOUGH_CHARACTERS]
    # The expression alone takes as long as the detector.
    if line.isprintable() and "@" not in line and "/" not in line and "." not in line[:-1].replace(". ", " "):
        return line
    return " ".join([word for word in line.split() if word.isprintable() and not _LINK.search(word)])


def _is_of_a_sentence(line: str) -> bool:
    if len(line) <= _LONGEST_CLOSING and (signatures.CLOSING.fullmatch(line) or signatures.SENT_FROM.fullmatch(line)):
        return False
    words = (line.lower() if line.isupper() else line).split()
    small = [word for word in words if word.islower()]
    if len(small) >= _FEWEST_SMALL_WORDS and len("".join(small)) >= _FEWEST_CHARACTERS:
        return True
    uncased = [len(word) for word in words if word[0].isalpha() and word.lower() == word.upper()]
    return sum(uncased) >= _FEWEST_UNCASED_LETTERS
