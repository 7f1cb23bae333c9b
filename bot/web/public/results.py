"""What the last approved report says of each promise and service, as the pages for everybody show it."""

from dataclasses import dataclass
from functools import lru_cache, partial

from bot.core import publication_json
from bot.core.page_sentences import sentence
from bot.core.publications import HIDDEN, SMALL, Promise, Publication, Row
from bot.core.reports import Report
from bot.render import report_words
from bot.render.report_words import Verdict
from bot.render.words import number_in_words
from bot.store import reports
from bot.web.site import Site

FEWER, NOT_SHOWN = sentence("fewer than 5"), sentence("not shown")
# What everybody reads by page: no more than a report of each month of ten years.
_AT_HAND = 4


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a report in the words of a language; `share` and `share_before` are None where they are not shown.

    Shares are of a hundred answers that were due. A count that is not shown is one of the two sentences above.
    """

    verdict: Verdict
    title: str
    arrivals: str
    due: str
    in_time: str
    has_answers_due: bool
    share: int | None
    receipt_share: int | None
    share_before: int | None = None
    words: str = ""
    version: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether the promise was not kept every time."""
        return self.verdict is Verdict.MISSED

    @property
    def is_unused(self) -> bool:
        """Whether nothing was due."""
        return self.verdict is Verdict.NOTHING_DUE


async def approved(site: Site) -> list[Report]:
    """Return what everybody may read, the newest months first, without what they say."""
    return await site.read(partial(reports.list_approved, has_content=False))


async def whole(site: Site, report: Report) -> Report:
    """Return one of these with what it says."""
    return await site.read(partial(reports.find, number=report.id)) or report


async def newest(site: Site) -> Report | None:
    """Return the one of the newest months, whole; None where there is none."""
    report = next(iter(await approved(site)), None)
    return None if report is None else await whole(site, report)


@lru_cache(maxsize=_AT_HAND)
def publication_of(content: str) -> Publication:
    """Return what a report says; it never changes, and is read many times."""
    return publication_json.read(content)


def of_promise(promise: Promise, language: str) -> Result:
    """Return the result of a promise."""
    return _result(promise.row, promise.before, language, promise.title, promise.words, promise.version)


def of_row(row: Row, title: str, language: str, before: Row | None = None) -> Result:
    """Return the result of any other line."""
    return _result(row, before, language, title)


def of_standard(publication: Publication, standard: str, version: str, language: str) -> Result | None:
    """Return the result of a standard in this version; None where the report knows of none."""
    promises = (p for p in publication.promises if (p.standard, p.version) == (standard, version))
    return next((of_promise(promise, language) for promise in promises), None)


def of_service(publication: Publication, service: str, language: str) -> Result | None:
    """Return the result of all that was about a service; None where the report knows of none."""
    table = publication.tables.get("service")
    rows = (row for row in table.rows[1:] if row.names.get("service") == service) if table else ()
    return next((of_row(row, "", language) for row in rows), None)


def _result(row: Row, before: Row | None, language: str, title: str, words: str = "", version: str = "") -> Result:
    return Result(
        verdict=report_words.verdict(row),
        title=title,
        arrivals=_count(row, "received", language),
        due=_count(row, "resp_due", language),
        in_time=_count(row, "resp_in_standard", language),
        has_answers_due=row.values.get("resp_due") != 0,
        share=_of_hundred(row, "resp_pct"),
        receipt_share=_of_hundred(row, "ack_pct"),
        share_before=_of_hundred(before, "resp_pct") if before else None,
        words=words,
        version=version,
    )


def _count(row: Row, name: str, language: str) -> str:
    value = row.values.get(name, HIDDEN)
    if isinstance(value, str):
        return FEWER if value == SMALL else NOT_SHOWN
    return number_in_words(int(value), language)


def _of_hundred(row: Row, name: str) -> int | None:
    share = report_words.number(row, name)
    return None if share is None else report_words.of_hundred(share)
