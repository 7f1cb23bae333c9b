"""Pages in large print, to be printed and posted: A4, 18 point and more, one column, from the page of a mail.

What is said in the mail is said on paper: an address behind words stands beside them.
"""

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import nh3

from bot.core import languages
from bot.render.front_matter import BadTemplate

LAYOUT, STYLE = Path("partials", "letter.html"), Path("partials", "letter.css")
_TAGS = {
    *("a", "bdi", "blockquote", "br", "div", "h1", "h2", "h3", "hr", "li", "ol", "p"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {"*": {"lang", "dir"}, "a": {"href"}, "th": {"scope"}}
_DROPPED_WITH_WORDS = {"script", "style", "title"}
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL)
_LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished page; `policy` is the source of its style for a Content-Security-Policy."""

    page: str
    policy: str


class Letterhead:
    """The page around letters of one organisation; its own files are taken before the packaged ones."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._layout, self._style = (_first(directories, path) for path in (LAYOUT, STYLE))

    def letter(self, markup: str, title: str, language: str = languages.ENGLISH) -> Letter:
        """Return the page with what this page of a mail says, or this piece of HTML."""
        body = _BODY.search(markup)
        content = nh3.clean(
            body[1] if body else markup,
            tags=_TAGS,
            clean_content_tags=_DROPPED_WITH_WORDS,
            attributes=_ATTRIBUTES,
            url_schemes={"https", "http", "mailto", "tel"},
            link_rel=None,
        )
        try:
            page = Template(self._layout).substitute(
                language=languages.html_tag(language),
                direction=languages.direction(language),
                title=html.escape(title),
                style=self._style,
                content=_LINK.sub(_with_address, content),
            )
        except (KeyError, ValueError) as error:
            names = "$language, $direction, $title, $style and $content"
            raise BadTemplate(f"{LAYOUT}: only {names} are known; $$ is a dollar ({error})") from error
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        return Letter(page, f"'sha256-{digest}'")


def _with_address(link: re.Match[str]) -> str:
    """Return a link with its address in words, where it is not those words: on paper nobody can follow it."""
    address = link[1].removeprefix("mailto:").removeprefix("tel:")
    return link[0] if _TAG.sub("", link[2]).strip() == address else f'{link[0]}: <bdi dir="ltr">{address}</bdi>'


def _first(directories: Sequence[Path], path: Path) -> str:
    file = next((directory / path for directory in directories if (directory / path).is_file()), None)
    if file is None:
        raise BadTemplate(f"{path}: there is no such file")
    return file.read_text(encoding="utf-8-sig")
