"""A report as a page in one file, with its style inside: to be read, printed, and made into a PDF."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.core.publications import Publication
from bot.core.questions import Questions
from bot.render import report_view
from bot.render.report_view import Link


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A finished page; `policy` is the source of its style for a Content-Security-Policy."""

    page: str
    policy: str


class ReportPages:
    """Makes the pages of reports; an organisation's own templates are taken before the packaged ones."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._jinja = Environment(
            loader=FileSystemLoader(directories, encoding="utf-8-sig"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self, publication: Publication, *, state: str = "", digest: str = "", link: Link | None = None
    ) -> ReportPage:
        """Return the page; its numbers open into their contacts where `link` says where these are."""
        context = report_view.context(publication, state=state, digest=digest, link=link)
        return self._render("reports/page.html", context | {"title": report_view.title_of(publication)})

    def questions(self, questions: Questions) -> ReportPage:
        """Return the page of questions and answers of a period."""
        return self._render("reports/questions.html", {"questions": questions})

    def _render(self, name: str, context: Mapping[str, object]) -> ReportPage:
        # What is escaped within <style> would be no style, and nobody but the organisation writes these files.
        style = Markup("".join(self._source(file) for file in ("reports/page.css", "reports/report.css")))  # noqa: S704
        page = self._jinja.get_template(name).render({**context, "style": style})
        policy = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        return ReportPage(page, f"'sha256-{policy}'")

    def _source(self, name: str) -> str:
        loader = self._jinja.loader
        assert loader is not None  # noqa: S101 - it was given above
        return loader.get_source(self._jinja, name)[0]
