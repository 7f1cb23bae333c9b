"""`ackbot report --format html|pdf`: the report of a period as a page, or as a PDF of it."""

from functools import partial
from typing import TYPE_CHECKING

from bot.cli.configuration import refuse, rulebook_of

if TYPE_CHECKING:
    from bot.core.publications import Publication
    from bot.flows.figures.report import Progress, Request
    from bot.settings.reading import Settings
    from bot.store.engine import Store


def as_html(store: "Store", configured: "Settings", request: "Request", progress: "Progress") -> bytes:
    """Return the page: what was approved of these days, or as a draft what is known at another cut-off.

    Raises flows' Refused.
    """
    from bot.core import publication_json
    from bot.core.reports import State
    from bot.render.report_pages import ReportPages
    from bot.store import reports

    if request.cuts:
        refuse("--by: a page has tables of its own; leave it out, or choose --format csv.")
    pages, days = ReportPages(configured.template_directories), (request.first_day, request.last_day)
    for report in store.read_now(reports.list_approved) if request.at is None else []:
        if (report.first_day, report.last_day) == days:
            publication = publication_json.read(report.content)
            return pages.page(publication, state=State.APPROVED, digest=report.digest).page.encode()
    publication = _draw_up(store, configured, request, progress)
    return pages.page(publication, state=State.DRAFT).page.encode()


def as_pdf(page: bytes) -> bytes:
    """Return the page as a PDF; ends the command where none can be made."""
    from bot.render import pdf

    try:
        return pdf.of_page(page.decode())
    except pdf.NoPdf as error:
        refuse(f"--format pdf: {error}")


def _draw_up(store: "Store", configured: "Settings", request: "Request", progress: "Progress") -> "Publication":
    from bot.flows.figures import publishing
    from bot.flows.figures.report import cut_off

    number = store.read_now(partial(cut_off, at=request.at))
    order = publishing.Order(configured.organisation.name, request.first_day, request.last_day, number)
    work = partial(publishing.draw_up, order=order, book=rulebook_of(configured), progress=progress)
    return store.read_now(work)
