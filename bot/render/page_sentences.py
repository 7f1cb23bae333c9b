"""The English sentences that the templates of public pages look up in the catalogues, as they stand there."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment


def of_templates(directories: Sequence[Path]) -> dict[str, str]:
    """Return each sentence with the template that it stands in; the first of the directories comes before the next."""
    environment = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True, autoescape=True)
    environment.policies["ext.i18n.trimmed"] = True
    return {
        sentence: path.name
        for path in sorted(_templates(directories), key=lambda path: path.name)
        for _, _, call in environment.extract_translations(path.read_text(encoding="utf-8-sig"))  # type: ignore[attr-defined]
        # A call may name another language than that of the page behind its sentence.
        if isinstance(sentence := call[0] if isinstance(call, tuple) else call, str)
    }


def _templates(directories: Sequence[Path]) -> Iterator[Path]:
    by_name = {path.name: path for directory in reversed(directories) for path in (directory / "pages").glob("*.html")}
    yield from by_name.values()
