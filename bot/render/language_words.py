"""The words of a language that stand around dates, times, numbers and messages: `messages/<language>/words.toml`.

`at` frames an instant, `counts` has a form for each plural category of the CLDR; `{time}`, `{day}` and `{n}` are their
placeholders. `english_beneath` and `offer` are whole sentences, which English itself does not need.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.core.durations import Unit
from bot.core.languages import ENGLISH, LANGUAGES
from bot.render.front_matter import BadTemplate, check_of

FILE = "words.toml"
# Without a form for every unit, some promise could not be told.
COUNTS = {
    Unit.WORKING_DAY: "working_days",
    Unit.DAY: "days",
    Unit.MONTH: "months",
    Unit.HOUR: "hours",
    Unit.MINUTE: "minutes",
}
# Every language ends its plural categories with this one (Unicode TR 35, part 3, section 5).
OTHER = "other"
_TEXTS = ("name", "at", "midday", "midnight")
_SENTENCES = ("english_beneath", "offer")
_CHECKS = ("checked_by", "checked_on")
_BESIDE_THIS_CODE = Path(__file__).parents[1] / "_data" / "templates", Path(__file__).parents[2] / "templates"


@dataclass(frozen=True, slots=True, eq=False)
class LanguageWords:
    """The words of one language. `counts` has for each name of COUNTS its forms by plural category.

    `checked_by` and `checked_on` are empty where nobody has checked them; the day is text, as in 2026-12-01.
    """

    code: str
    name: str
    at: str
    midday: str
    midnight: str
    counts: Mapping[str, Mapping[str, str]]
    english_beneath: str = ""
    offer: str = ""
    checked_by: str = ""
    checked_on: str = ""

    @property
    def is_checked(self) -> bool:
        """Whether somebody has compared them with the English."""
        return check_of(self.checked_by, self.checked_on) is not None

    @property
    def locale(self) -> str:
        """The name of its locale in the CLDR."""
        language = LANGUAGES.get(self.code)
        return language.locale if language else self.code


def read(directories: Sequence[Path], code: str) -> LanguageWords:
    """Return the words of a language from the first of the directories that has them; raises BadTemplate."""
    inside = Path("messages", code, FILE)
    path = next((directory / inside for directory in directories if (directory / inside).is_file()), None)
    if path is None:
        raise BadTemplate(f"{inside}: there is no such file")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadTemplate(f"{path}: it is not TOML in UTF-8: {error}") from error
    texts = {key: value for key, value in table.items() if key != "counts"}
    _judge_texts(path, code, texts)
    return LanguageWords(code, counts=_counts(path, table.get("counts")), **texts)


@lru_cache(maxsize=32)
def of_code(code: str) -> LanguageWords:
    """Return the words of a language as they come with the service; raises BadTemplate."""
    return read(_BESIDE_THIS_CODE, code)


def _judge_texts(path: Path, code: str, texts: Mapping[str, Any]) -> None:
    keys = (*_TEXTS, *(_SENTENCES if code != ENGLISH else ()))
    if absent := [key for key in keys if not str(texts.get(key, "")).strip()]:
        raise BadTemplate(f'{path}: it lacks {absent[0]} = "..."')
    if strange := set(texts) - {*_TEXTS, *_SENTENCES, *_CHECKS}:
        raise BadTemplate(f"{path}: {min(strange)} is not known here")
    if not _are_texts(texts.values()):
        raise BadTemplate(f'{path}: every value outside of counts must be a text, as in name = "..."')
    _judge_forms(path, code, texts)


def _judge_forms(path: Path, code: str, texts: Mapping[str, str]) -> None:
    if code in LANGUAGES and texts["name"] != LANGUAGES[code].name:
        raise BadTemplate(f"{path}: the name must be {LANGUAGES[code].name!r}")
    if "{time}" not in texts["at"] or "{day}" not in texts["at"]:
        raise BadTemplate(f"{path}: at must hold {{time}} and {{day}}")


def _counts(path: Path, table: object) -> dict[str, dict[str, str]]:
    counts = table if isinstance(table, dict) else {}
    if unknown := sorted(set(counts) - set(COUNTS.values())):
        raise BadTemplate(f"{path}: counts.{unknown[0]} is not known; known: {', '.join(COUNTS.values())}")
    for name in COUNTS.values():
        forms = counts.get(name)
        if not isinstance(forms, dict) or not _are_texts(forms.values()) or OTHER not in forms:
            raise BadTemplate(f'{path}: counts.{name} must have texts by plural category, among them {OTHER} = "..."')
    return counts


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
