"""Saved answers: words that staff send again and again, with placeholders for what differs.

One is a file `answers/NAME.md`: TOML between two lines of `+++` (`title`; `teams`, whose it is, of every team where
there are none; `service`, which it is about; `language`), then the words. A placeholder is `{{ name }}` or `((name))`;
nothing else of a template is known here, because an officer reads and changes the words before they leave.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.render import front_matter
from bot.render.front_matter import BadTemplate

FOLDER = "answers"
# What can stand in one, besides words.
PLACEHOLDERS = (
    "name",
    "officer",
    "organisation",
    "phone",
    "received",
    "reference",
    "respond_by",
    "service",
    "service_page",
    "team",
    "website",
)
MOST_TITLE, MOST_WORDS = 80, 4_000
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\n]{1,40}?)\s*\}\}|\(\(\s*([^()\n]{1,40}?)\s*\)\)")
_GAP = re.compile(r"\[[^\[\]\n]{1,80}\]")
_KEYS = {"title", "teams", "service", "language"}


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """Words that staff may send, by its file's name. `teams`: whose it is, none: every team's; `service` may be ""."""

    name: str
    title: str
    words: str
    teams: tuple[str, ...] = ()
    service: str = ""
    language: str = "en"

    def is_for(self, team: str | None) -> bool:
        """Tell whether staff of this team are offered it; what has no team yet is offered what every team has."""
        return not self.teams or team in self.teams

    def placeholders(self) -> frozenset[str]:
        """Return the names that stand in it, known or not."""
        return frozenset(_name(match) for match in _PLACEHOLDER.finditer(self.words))


def fill(words: str, values: Mapping[str, str]) -> str:
    """Return the words with their values; what has none is left as [name], for whoever sends it to see."""
    return _PLACEHOLDER.sub(lambda match: values.get(_name(match)) or f"[{_name(match)}]", words)


def gaps(words: str) -> frozenset[str]:
    """Return what stands in square brackets in words with placeholders: all that an officer has to fill in."""
    return frozenset(match[0] for match in _GAP.finditer(fill(words, {})))


def read_all(directories: Sequence[Path]) -> tuple[tuple[SavedAnswer, ...], list[str]]:
    """Return every saved answer by name, and what is wrong with the files that cannot be used.

    A file that the first directory lacks is taken from the next.
    """
    paths: dict[str, Path] = {}
    for directory in directories:
        for path in sorted((directory / FOLDER).glob("*.md")):
            paths.setdefault(path.stem, path)
    answers, problems = list[SavedAnswer](), list[str]()
    for _, path in sorted(paths.items()):
        try:
            answers.append(_read(path))
        except BadTemplate as error:
            problems.append(str(error))
    return tuple(answers), problems


def faults(answer: SavedAnswer) -> Iterator[str]:
    """Yield why an answer cannot be used at all."""
    if not answer.title.strip() or len(answer.title) > MOST_TITLE or not answer.title.isprintable():
        yield f"the title must be one line of 1 to {MOST_TITLE} characters"
    if not answer.words.strip() or len(answer.words) > MOST_WORDS:
        yield f"the words must be 1 to {MOST_WORDS} characters; there are {len(answer.words)}"
    if unknown := sorted(answer.placeholders() - set(PLACEHOLDERS)):
        yield f"the placeholder {unknown[0]} is not known here; known: {', '.join(PLACEHOLDERS)}"
    if "{%" in answer.words or "{#" in answer.words:
        yield "a saved answer has placeholders only, no conditions: an officer takes out what does not fit"


def _name(match: re.Match[str]) -> str:
    # GOV.UK Notify ignores case and spaces.
    return re.sub(r"[\s-]+", "_", match[1] or match[2]).lower()


def _read(path: Path) -> SavedAnswer:
    source = front_matter.read(path)
    answer = _answer(path, source.front, source.words.strip())
    reasons = list(faults(answer))
    if not NAME.fullmatch(path.stem):
        reasons.append("its name must begin with a small letter, and have small letters, digits and hyphens only")
    if reasons:
        raise BadTemplate(f"{path}: {reasons[0]}")
    return answer


def _answer(path: Path, front: Mapping[str, Any], words: str) -> SavedAnswer:
    teams, texts = front.get("teams", []), (front.get("title"), front.get("service", ""), front.get("language", "en"))
    is_list = isinstance(teams, list) and all(isinstance(team, str) for team in teams)
    if set(front) - _KEYS or not is_list or not all(isinstance(text, str) for text in texts):
        raise BadTemplate(
            f'{path}:1: the front matter must hold title = "..."; it may hold teams = ["..."], service = "..." and '
            'language = "..."'
        )
    title, service, language = map(str, texts)
    return SavedAnswer(path.stem, title, words, tuple(teams), service, language)
