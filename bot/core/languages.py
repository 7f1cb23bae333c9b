"""The languages in which people are written to, their direction, and the order in which one message carries several.

A code is that of ISO 639-1, as in `lang` of HTML (BCP 47).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language that messages and pages exist in.

    `name` is its own name for itself, `english_name` that of staff; `locale` is that of the CLDR, `tag` that of HTML
    where the code alone would leave the script open.
    """

    code: str
    name: str
    english_name: str
    locale: str
    direction: Literal["ltr", "rtl"] = "ltr"
    tag: str = ""

    @property
    def html_tag(self) -> str:
        """The value of a `lang` attribute."""
        return self.tag or self.code


LANGUAGES = MappingProxyType(
    {
        language.code: language
        for language in (
            Language("en", "English", "English", "en_GB"),
            Language("cy", "Cymraeg", "Welsh", "cy_GB"),
            Language("pl", "Polski", "Polish", "pl_PL"),
            Language("ro", "Română", "Romanian", "ro_RO"),
            Language("pt", "Português", "Portuguese", "pt_PT"),
            Language("lt", "Lietuvių", "Lithuanian", "lt_LT"),
            Language("uk", "Українська", "Ukrainian", "uk_UA"),
            Language("ar", "العربية", "Arabic", "ar", "rtl"),
            Language("ur", "اردو", "Urdu", "ur_PK", "rtl"),
            Language("bn", "বাংলা", "Bengali", "bn_BD"),
            Language("zh", "简体中文", "Simplified Chinese", "zh_Hans_CN", tag="zh-Hans"),
        )
    }
)


def is_right_to_left(code: str) -> bool:
    """Tell whether the script of a language runs from right to left."""
    language = LANGUAGES.get(code)
    return language is not None and language.direction == "rtl"


def direction(code: str) -> str:
    """Return the value of a `dir` attribute."""
    return "rtl" if is_right_to_left(code) else "ltr"


def html_tag(code: str) -> str:
    """Return the value of a `lang` attribute."""
    language = LANGUAGES.get(code)
    return language.html_tag if language else code


def order(wish: str, detected: str, offered: Sequence[str]) -> tuple[str, ...]:
    """Return the languages of a message to one person, the first to be read first; English is always among them.

    `wish` is what the person said ("" for nothing), `detected` the language of their words where it is sure, `offered`
    those of the organisation, its own first. A wish for English is English alone; otherwise the organisation's own
    language goes with that of the person (Welsh Language Standards: where the wish is not known, both are sent).
    """
    if wish == ENGLISH:
        return (ENGLISH,)
    own = offered[0] if offered else ENGLISH
    first = next((code for code in (wish, detected) if code in offered), own)
    return tuple(dict.fromkeys((first, own, ENGLISH)))


def preferred(header: str, offered: Iterable[str]) -> str:
    """Return the language that an Accept-Language header (RFC 9110 section 12.5.4) asks for first, if it is offered.

    "" for none. It is a suggestion only: nobody is moved to another page because of it.
    """
    codes, ranks = set(offered), list[tuple[float, int, str]]()
    for position, piece in enumerate(header[:400].split(",")):
        tag, _, parameters = piece.strip().partition(";")
        quality = parameters.strip().removeprefix("q=") or "1"
        code = tag.strip().lower().partition("-")[0]
        if code in codes and quality.replace(".", "", 1).isdecimal() and float(quality) > 0:
            ranks.append((-float(quality), position, code))
    return min(ranks)[2] if ranks else ""
