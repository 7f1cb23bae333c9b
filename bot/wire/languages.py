"""The language of a text, among the languages in which people write to councils in Britain."""

import re
from functools import cache
from itertools import islice

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

# Each language costs memory and time. These are Welsh and the languages most often spoken at home in the country.
_KNOWN = (
    *(Language.ENGLISH, Language.WELSH, Language.POLISH, Language.ROMANIAN, Language.PORTUGUESE, Language.UKRAINIAN),
    *(Language.PUNJABI, Language.URDU, Language.BENGALI, Language.GUJARATI, Language.HINDI, Language.TAMIL),
    *(Language.ARABIC, Language.PERSIAN, Language.TURKISH, Language.SOMALI, Language.CHINESE, Language.ALBANIAN),
    *(Language.SPANISH, Language.ITALIAN, Language.FRENCH, Language.GERMAN, Language.RUSSIAN, Language.BULGARIAN),
    *(Language.LITHUANIAN, Language.LATVIAN, Language.HUNGARIAN, Language.SLOVAK, Language.GREEK),
)
# Below this confidence, or with fewer letters, any answer would be a guess.
_SURE = 0.8
_FEWEST_LETTERS = 12
_READ_CHARACTERS = 100
# English words that no other language of the list has: three different ones settle it without the detector.
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
    """Load the models now (0.1 s), so that the first message in another language does not wait for them."""
    _detector().compute_language_confidence_values("Dzień dobry, bonjour, guten Tag")


def language_of(text: str) -> str:
    """Return the language of a text as an ISO 639-1 code (en, cy, pl ...), or "" where it cannot be determined."""
    words = {word[0].lower() for word in islice(_WORD.finditer(text), _READ_WORDS)}
    if len(words & _ENGLISH) >= _ENOUGH_WORDS:
        return "en"
    start = " ".join(text[: 4 * _READ_CHARACTERS].split())[:_READ_CHARACTERS]
    if sum(character.isalpha() for character in start) < _FEWEST_LETTERS:
        return ""
    best = _detector().compute_language_confidence_values(start)[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= _SURE else ""
