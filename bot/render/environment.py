"""Message templates: a file with front matter and Markdown, rendered in a sandbox that knows every placeholder.

A template is `messages/<language>/<name>.md`. It begins with TOML between two lines of `+++`: `subject`, a line with
placeholders, and `purpose`, a note for its writers; a translation also says who checked it and on what day, in
`checked_by` and `checked_on`. The message follows. A placeholder is `{{ name }}`, or `((name))` as in GOV.UK Notify.
"""

import hashlib
import re
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes, pass_context
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.core.board import Words
from bot.core.languages import direction
from bot.render import branches, front_matter, pictures, typed_words
from bot.render.branches import Branch
from bot.render.front_matter import BadTemplate
from bot.render.markdown import Markdown, styles
from bot.render.pictures import Picture
from bot.render.values import SlotValues, StandIn

_FRONT_KEYS = {"subject", "purpose"}
# Who checked a translation, and on what day; both are empty where nobody has.
_CHECK_KEYS = {"checked_by", "checked_on"}
_NOTIFY_PLACEHOLDER = re.compile(r"\(\(\s*([^()\n]+?)\s*\)\)")
# No template can use a name with a space, so none can read the values of others.
_SLOT_VALUES = "held values"
# Errors that a template can raise besides Jinja's own: {{ 1 + "a" }}, {{ 1 / 0 }}, {{ "%d" % "a" }}.
_TEMPLATE_FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError)


@dataclass(frozen=True, slots=True)
class SlottedMessage:
    """A message whose values are still slots: `values[i]` belongs into slot i of subject, text and HTML."""

    path: Path
    subject: str
    text: str
    html: str
    values: tuple[str | StandIn, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The subject or the body of a file: its text, and how many lines of the file precede it."""

    path: Path
    text: str
    lines_before: int

    def fault(self, line: int, message: str) -> str:
        return f"{self.path}:{self.lines_before + line}: {message}"


@pass_context
def _to_slot(context: Context, value: object) -> str:
    """Replace a value by its slot (Jinja's `finalize`). Each rendering has its own list, for the sake of threads."""
    slot_values: SlotValues = context[_SLOT_VALUES]
    return slot_values.slot(value)


class Templates:
    """The message templates of an organisation: `directories` are searched in their order.

    `words` stand in for files, by name and language: subject and message, as somebody typed them in the console.
    """

    def __init__(self, directories: Sequence[Path], words: Mapping[tuple[str, str], Words] | None = None) -> None:
        self._directories, self._words = directories, words or {}
        self._compiled: dict[tuple[str, str], list[tuple[_Part, Template]]] = {}
        self._markdown: dict[tuple[str, bool], Markdown] = {}
        self._jinja = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, finalize=_to_slot, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )

    def render(
        self, name: str, language: str, values: Mapping[str, object], *, large_print: bool = False
    ) -> SlottedMessage:
        """Render one template; raises BadTemplate for an unknown placeholder or a fault in the file."""
        slot_values = SlotValues()
        scope = {**values, _SLOT_VALUES: slot_values}
        parts = self._parts(name, language)
        subject, body = (_render_part(part, template, scope) for part, template in parts)
        text, page = self._converter(direction(language), large_print=large_print).render(body)
        text, page = pictures.without_marks(text), pictures.with_pictures(page, self.pictures)
        return SlottedMessage(parts[0][0].path, subject, text, page, tuple(slot_values.values))

    @cached_property
    def pictures(self) -> dict[str, Picture]:
        """The pictures of the organisation, by their marks."""
        return pictures.read_all(self._directories)

    def _converter(self, text_direction: str, *, large_print: bool) -> Markdown:
        look = text_direction, large_print
        if look not in self._markdown:
            self._markdown[look] = Markdown(styles(text_direction, large_print=large_print))
        return self._markdown[look]

    def checked(self, name: str, language: str) -> tuple[str, str] | None:
        """Return who compared the translation with the English, and the day; None where nobody has.

        Nobody has checked what was typed in the console over a file. Raises BadTemplate.
        """
        if (name, language) in self._words:
            return None
        front = front_matter.read(self._path(name, language)).front
        return front_matter.check_of(front.get("checked_by", ""), front.get("checked_on", ""))

    def names(self) -> list[tuple[str, str]]:
        """Return every template as (name, language)."""
        folders = [directory / "messages" for directory in self._directories]
        return sorted({(path.stem, path.parent.name) for folder in folders for path in folder.glob("*/*.md")})

    def unknown(self, name: str, language: str, names: Collection[str]) -> list[str]:
        """Return a fault for each placeholder that is not in `names`, in any branch; raises BadTemplate."""
        return [fault for part, _ in self._parts(name, language) for fault in self._unknown_in(part, names)]

    def placeholders(self, name: str, language: str) -> frozenset[str]:
        """Return the placeholders of subject and message, known or not; raises BadTemplate."""
        trees = [self._jinja.parse(part.text) for part, _ in self._parts(name, language)]
        return frozenset().union(*map(find_undeclared_variables, trees)) - set(self._jinja.globals)

    def branches(self, name: str, language: str) -> frozenset[Branch]:
        """Return where the placeholders of subject and message stand; raises BadTemplate."""
        trees = [self._jinja.parse(part.text) for part, _ in self._parts(name, language)]
        return frozenset().union(*map(branches.of, trees))

    def digest(self, name: str, language: str) -> str:
        """Return what the words of a template are known by, as this process uses them; raises BadTemplate."""
        words = "\0".join(part.text for part, _ in self._parts(name, language))
        return hashlib.sha256(words.encode()).hexdigest()

    def _unknown_in(self, part: _Part, names: Collection[str]) -> Iterator[str]:
        tree = self._jinja.parse(part.text)
        unknown = find_undeclared_variables(tree) - set(names) - set(self._jinja.globals)
        for placeholder in tree.find_all(nodes.Name):
            if placeholder.name in unknown:
                unknown.remove(placeholder.name)
                fault = f"the placeholder {placeholder.name} is not known here; known: {', '.join(sorted(names))}"
                yield part.fault(placeholder.lineno, fault)

    def _parts(self, name: str, language: str) -> list[tuple[_Part, Template]]:
        if (name, language) not in self._compiled:
            words = self._words.get((name, language))
            parts = self._typed_parts(name, language, words) if words else _read(self._path(name, language))
            self._compiled[name, language] = [(part, self._compile(part)) for part in parts]
        return self._compiled[name, language]

    def source(self, name: str, language: str) -> Words:
        """Return subject and message as they are written, without the front matter; raises BadTemplate."""
        (subject, _), (body, _) = self._parts(name, language)
        return subject.text, body.text

    def _typed_parts(self, name: str, language: str, words: Words) -> tuple[_Part, _Part]:
        subject, body = (_part(_typed_path(name, language), text, 0) for text in words)
        for part in (subject, body):
            if fault := typed_words.fault(self._jinja, part.text):
                raise BadTemplate(part.fault(*fault))
        return subject, body

    def _path(self, name: str, language: str) -> Path:
        inside = Path("messages", language, f"{name}.md")
        for directory in self._directories:
            if (directory / inside).is_file():
                return directory / inside
        raise BadTemplate(f"{inside}: there is no such template")

    def _compile(self, part: _Part) -> Template:
        try:
            return self._jinja.from_string(part.text)
        except TemplateSyntaxError as error:
            raise BadTemplate(part.fault(error.lineno, str(error.message))) from error


def _typed_path(name: str, language: str) -> Path:
    """Where the words of the console would stand, for those who read of a fault in them."""
    return Path("console", language, name)


def _render_part(part: _Part, template: Template, scope: Mapping[str, Any]) -> str:
    try:
        return template.render(scope)
    except _TEMPLATE_FAULTS as error:
        # Jinja rewrites the traceback to show the template's own lines.
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        line = frames[-1].lineno if frames else None
        raise BadTemplate(part.fault(line or 1, str(error))) from error


def _read(path: Path) -> tuple[_Part, _Part]:
    """Return subject and body of a file."""
    source = front_matter.read(path)
    _check(path, source.front)
    line = next((n for n, text in enumerate(source.lines_before) if text.startswith("subject")), 1)
    return _part(path, source.front["subject"], line), _part(path, source.words, len(source.lines_before))


def _check(path: Path, front: Mapping[str, Any]) -> None:
    absent_keys = sorted(key for key in _FRONT_KEYS if not isinstance(front.get(key), str) or not front[key].strip())
    is_checked_in_words = all(isinstance(front.get(key, ""), str) for key in _CHECK_KEYS)
    if absent_keys or set(front) - _FRONT_KEYS - _CHECK_KEYS or not is_checked_in_words:
        keys = ", ".join(front) or "nothing"
        raise BadTemplate(
            f'{path}:1: the front matter must hold subject = "..." and purpose = "...", and may hold '
            f'checked_by = "..." and checked_on = "..."; it has {keys}'
        )


def _part(path: Path, text: str, lines_before: int) -> _Part:
    return _Part(path, _NOTIFY_PLACEHOLDER.sub(_jinja_placeholder, text), lines_before)


def _jinja_placeholder(match: re.Match[str]) -> str:
    """Convert ((Respond by)) to {{ respond_by }}: Notify ignores case and spaces."""
    return "{{ " + re.sub(r"[\s-]+", "_", match[1]).lower() + " }}"
