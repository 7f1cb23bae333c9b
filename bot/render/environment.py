"""Message templates: Markdown with placeholders, turned into text and HTML from the same source.

Every value is held back as a slot until Markdown and HTML are done. So no value, whoever typed it, can become a
heading, a link, a tag or a header.
"""

import html
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Slots are private-use characters, which no value may hold.
_SLOT = re.compile("\ue000([\ue001-\uf8ff])")
_FIRST_SLOT = 0xE001
_NOT_IN_VALUES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ue000-\uf8ff\ud800-\udfff]+")
_FRONT_MATTER = re.compile(r"\A\+\+\+\n(.*?)\n\+\+\+\n", re.DOTALL)
_NOTIFY_PLACEHOLDER = re.compile(r"\(\((\w+)\)\)")
_INSET = re.compile(r"^\^ ?", re.MULTILINE)

_STYLES = {
    "h1": "font-size: 24px; line-height: 1.25; margin: 0 0 20px 0; font-weight: bold",
    "h2": "font-size: 19px; line-height: 1.3; margin: 25px 0 10px 0; font-weight: bold",
    "p": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0",
    "ul": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0; padding: 0 0 0 22px",
    "ol": "font-size: 19px; line-height: 1.45; margin: 0 0 18px 0; padding: 0 0 0 22px",
    "a": "color: #1d5a96",
    "hr": "border: 0; border-top: 1px solid #767676; margin: 25px 0",
    "blockquote": "border-left: 8px solid #767676; margin: 0 0 18px 0; padding: 2px 0 2px 15px",
}


class BadTemplate(Exception):
    """A template that cannot be used; the text names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message whose values are still slots: `values[i]` belongs into slot i of subject, text and HTML."""

    subject: str
    text: str
    html: str
    values: tuple[str, ...]


@dataclass
class Templates:
    """The message templates of an organisation: `directories` are searched in their order."""

    directories: Sequence[Path]
    _found: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._values: list[str] = []
        self._jinja = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, finalize=self._slot, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        # GOV.UK Notify's subset: no emphasis, images, tables, code or HTML.
        self._markdown = MarkdownIt("zero").enable(["heading", "list", "hr", "link", "blockquote", "escape"])
        # Links stand in templates, which are checked; a slot in one must stay a slot.
        self._markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]
        self._markdown.validateLink = lambda url: url.startswith(("https://", "http://", "mailto:", "tel:", "\ue000"))  # type: ignore[method-assign]

    def write(self, name: str, language: str, values: Mapping[str, Any]) -> Written:
        """Render one template; raises BadTemplate for an unknown placeholder or a fault in the file."""
        path, subject, body = self._source(name, language)
        self._values = []
        try:
            filled_subject = self._jinja.from_string(subject).render(values)
            markdown = self._jinja.from_string(body).render(values)
        except TemplateError as error:
            raise BadTemplate(f"{path}: {error.message}") from error
        tokens = self._markdown.parse(_INSET.sub("> ", markdown))
        for token in tokens:
            _style(token)
        content = self._markdown.renderer.render(tokens, self._markdown.options, {})
        return Written(filled_subject, _as_text(tokens), content, tuple(self._values))

    def names(self) -> list[tuple[str, str]]:
        """Every template as (name, language)."""
        folders = [directory / "messages" for directory in self.directories]
        return sorted({(path.stem, path.parent.name) for folder in folders for path in folder.glob("*/*.md")})

    def _slot(self, value: Any) -> str:
        """Jinja's finalize: keep the value, leave its slot."""
        text = str(value)
        if text not in self._values:
            self._values.append(text)
        return slot(self._values.index(text))

    def _source(self, name: str, language: str) -> tuple[str, str, str]:
        if (name, language) not in self._found:
            paths = [directory / "messages" / language / f"{name}.md" for directory in self.directories]
            path = next((path for path in paths if path.is_file()), None)
            if path is None:
                raise BadTemplate(f"messages/{language}/{name}.md: there is no such template")
            self._found[name, language] = (str(path), *_parts(path))
        return self._found[name, language]


def slot(number: int) -> str:
    """The mark that stands for a value."""
    return f"\ue000{chr(_FIRST_SLOT + number)}"


def clean(value: str) -> str:
    """A value on one line, without control characters and without anything that could be taken for a slot."""
    return _NOT_IN_VALUES.sub(" ", value).strip()


def fill(text: str, values: Sequence[str]) -> str:
    """Put values into the slots of a text."""
    return _SLOT.sub(lambda found: values[ord(found[1]) - _FIRST_SLOT], text)


def escaped(values: Sequence[str]) -> list[str]:
    """The same values for HTML."""
    return [html.escape(value) for value in values]


def has_slot(text: str) -> bool:
    """Whether something is still to be filled in."""
    return "\ue000" in text


def _parts(path: Path) -> tuple[str, str]:
    """Subject and body. The front matter is TOML between two lines of +++."""
    source = path.read_text(encoding="utf-8")
    match = _FRONT_MATTER.match(source)
    if match is None:
        raise BadTemplate(f"{path}: it must begin with its front matter: TOML between two lines of +++")
    try:
        subject = tomllib.loads(match[1])["subject"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise BadTemplate(f'{path}: the front matter must hold subject = "..." ({error})') from error
    body = source[match.end() :].strip("\n") + "\n"
    notify = [_NOTIFY_PLACEHOLDER.sub(r"{{ \1 }}", part) for part in (str(subject), body)]
    return notify[0], notify[1]


def _style(token: Token) -> None:
    for one in (token, *(token.children or ())):
        if one.tag in _STYLES and one.nesting >= 0 and one.type != "text":
            one.attrSet("style", _STYLES[one.tag])


def _as_text(tokens: Sequence[Token]) -> str:
    """The same message in plain text: a paragraph a line, links written out in full."""
    lines: list[str] = []
    numbers: list[int | None] = []
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            numbers.append(1 if token.type.startswith("ordered") else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            numbers.pop()
            lines.append("")
        elif token.type == "hr":
            lines += ["-" * 40, ""]
        elif token.type == "inline":
            lines.append(_marker(numbers) + _inline_text(token.children or []))
            if not numbers:
                lines.append("")
    return "\n".join(lines).strip("\n") + "\n"


def _marker(numbers: list[int | None]) -> str:
    if not numbers:
        return ""
    number = numbers[-1]
    if number is None:
        return "* "
    numbers[-1] = number + 1
    return f"{number}. "


def _inline_text(children: Sequence[Token]) -> str:
    text, links = "", []
    for child in children:
        if child.type == "link_open":
            links.append((str(child.attrs["href"]), len(text)))
        elif child.type == "link_close":
            target, began = links.pop()
            shown = text[began:]
            if shown != target:
                text += f": {target.removeprefix('mailto:').removeprefix('tel:')}"
        elif child.type == "softbreak":
            text += " "
        else:
            text += child.content
    return text
