"""The words of public pages in other languages: catalogues of gettext, `pages/locale/LANGUAGE.po`, read when asked for.

A catalogue goes by the English sentences of the pages. Its head says in comments who checked it and when:

    # checked_by = "Anna Nowak"
    # checked_on = "2026-12-01"

Without both nobody has. What the organisation's own catalogue says comes before the packaged one, sentence by sentence.
"""

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from bot.core.languages import ENGLISH
from bot.core.page_sentences import PageSentence

FOLDER = Path("pages", "locale")
_GAP, _TAG = re.compile(r"%\((\w+)\)s"), re.compile(r"<[^<>]*>")
_CHECK = re.compile(r'^#\s*checked_(by|on)\s*=\s*"([^"]*)"\s*$', re.MULTILINE)


class Check(NamedTuple):
    """Who checked a catalogue, and on what day (ISO 8601); each "" where nobody has."""

    by: str = ""
    on: str = ""


class Catalogues:
    """The catalogues of an organisation; the first of `directories` comes before the next."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = directories
        self._existence: dict[str, bool] = {}
        self._words: dict[str, Mapping[str, str]] = {}
        self._checks: dict[str, Check] = {}

    def exists(self, language: str) -> bool:
        """Tell whether there are words in this language; English needs none."""
        if language not in self._existence:
            self._existence[language] = language == ENGLISH or bool(self._paths(language))
        return self._existence[language]

    def check(self, language: str) -> Check:
        """Return who checked the catalogue that counts first."""
        if language not in self._checks:
            marks = dict(_CHECK.findall(_head(path))) if (path := next(iter(self._paths(language)), None)) else {}
            is_whole = bool(marks.get("by") and marks.get("on"))
            self._checks[language] = Check(**marks) if is_whole else Check()
        return self._checks[language]

    def words(self, language: str) -> Mapping[str, str]:
        """Return the translation of every sentence that has one which can stand in its place."""
        if language not in self._words:
            self._words[language] = {
                sentence: translation
                for path in reversed(self._paths(language))
                for sentence, translation in entries(path).items()
                if not fault(sentence, translation)
            }
        return self._words[language]

    def faults(self, language: str) -> list[str]:
        """Return why translations stay unused, for whoever writes them."""
        pairs = [pair for path in self._paths(language) for pair in entries(path).items()]
        return [f"{sentence!r}: {why}" for sentence, translation in pairs if (why := fault(sentence, translation))]

    def translate(self, sentence: str, language: str) -> str:
        """Return the sentence in that language, or in English where it has none."""
        if language == ENGLISH:
            return sentence
        words = self.words(language)
        if isinstance(sentence, PageSentence):
            return sentence.in_words(words.get(sentence.pattern, sentence.pattern))
        return words.get(sentence, sentence)

    def _paths(self, language: str) -> list[Path]:
        paths = (directory / FOLDER / f"{language}.po" for directory in self._directories)
        return [path for path in paths if path.is_file()]


def entries(path: Path) -> dict[str, str]:
    """Return the sentences of one file that are translated; those marked as fuzzy wait for their translator."""
    # No service in English alone reads a catalogue, and the module takes as long to load as a page to make.
    from babel.messages.pofile import read_po  # noqa: PLC0415

    catalogue = read_po(StringIO(path.read_text(encoding="utf-8-sig", errors="replace")))
    return {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str) and isinstance(message.string, str) and message.id and message.string
        if not message.fuzzy
    }


def fault(sentence: str, translation: str) -> str:
    """Return why this translation cannot stand in the place of the sentence, for its translator; "" where it can."""
    if "\ufffd" in translation:
        return "it has a letter that is not in UTF-8"
    for what, pattern in (("gaps", _GAP), ("marks", _TAG)):
        own, theirs = (sorted(set(pattern.findall(text))) for text in (sentence, translation))
        if own != theirs:
            return f"it has the {what} {', '.join(theirs) or 'none'} where English has {', '.join(own) or 'none'}"
    if _GAP.search(sentence) and "%" in _GAP.sub("", translation).replace("%%", ""):
        return "it has a percent sign that is not doubled"
    return ""


def _head(path: Path) -> str:
    """Return what stands above the first entry with words."""
    return path.read_text(encoding="utf-8-sig", errors="replace").partition("\n\n")[0]
