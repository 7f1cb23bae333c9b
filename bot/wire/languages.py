"""In which language somebody writes, of those that councils in Britain are written to in."""

import re
from functools import cache
from itertools import islice

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

# Each costs memory and time; these are the languages that most people here have at home, and Welsh.
_KNOWN = (
    *(Language.ENGLISH, Language.WELSH, Language.POLISH, Language.ROMANIAN, Language.PORTUGUESE, Language.UKRAINIAN),
    *(Language.PUNJABI, Language.URDU, Language.BENGALI, Language.GUJARATI, Language.HINDI, Language.TAMIL),
    *(Language.ARABIC, Language.PERSIAN, Language.TURKISH, Language.SOMALI, Language.CHINESE, Language.ALBANIAN),
    *(Language.SPANISH, Language.ITALIAN, Language.FRENCH, Language.GERMAN, Language.RUSSIAN, Language.BULGARIAN),
    *(Language.LITHUANIAN, Language.LATVIAN, Language.HUNGARIAN, Language.SLOVAK, Language.GREEK),
)
# Below it, and of fewer letters, anything is a guess.
_SURE = 0.8
_FEWEST_LETTERS = 12
_READ_CHARACTERS = 100
# Words that no other of the languages has: three different ones are English, and nobody need ask any further.
_ENGLISH = frozenset(
    {"the", "and", "is", "are", "was", "my", "have", "has", "you", "not", "that", "this", "with", "for"}
    | {"been", "they", "there", "their", "your", "please", "would", "could", "which", "from", "when", "what", "about"}
    | {"road", "street", "council", "thank", "thanks", "outside", "nobody", "again", "week", "house"}
)
_WORD = re.compile(r"[^\W\d_]+")
_ENOUGH_WORDS, _READ_WORDS = 3, 60


@cache
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(*_KNOWN).with_low_accuracy_mode().build()


def load() -> None:
    """Read the models now: it takes a tenth of a second, which the first person to write otherwise would wait."""
    _detector().compute_language_confidence_values("Dzień dobry, bonjour, guten Tag")


def language_of(text: str) -> str:
    """The language of a text as ISO 639-1 has it (en, cy, pl ...); "" where it cannot be told."""
    words = {word[0].lower() for word in islice(_WORD.finditer(text), _READ_WORDS)}
    if len(words & _ENGLISH) >= _ENOUGH_WORDS:
        return "en"
    start = " ".join(text[: 4 * _READ_CHARACTERS].split())[:_READ_CHARACTERS]
    if sum(character.isalpha() for character in start) < _FEWEST_LETTERS:
        return ""
    best = _detector().compute_language_confidence_values(start)[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= _SURE else ""
