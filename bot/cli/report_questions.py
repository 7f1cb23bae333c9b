"""`ackbot report --questions`: what people ask about contact, answered for a period."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.cli.configuration import refuse, rulebook_of

if TYPE_CHECKING:
    from bot.core.questions import Questions
    from bot.flows.figures.report import Request
    from bot.settings.reading import Settings
    from bot.store.engine import Store


def draw_up(store: "Store", configured: "Settings", request: "Request", progress: Callable[[int], None]) -> "Questions":
    """Return the questions and answers of a period. Raises Refused."""
    from bot.flows.figures import questions, report

    if request.cuts:
        refuse("--by: The questions have tables of their own; leave it out")
    # In a transaction of its own, as the report is to see everything up to it.
    number = store.read_now(partial(report.cut_off, at=request.at))
    work = partial(
        questions.draw_up,
        request=replace(request, at=number),
        organisation=configured.organisation.name,
        book=rulebook_of(configured),
        progress=progress,
    )
    return store.read_now(work)


def as_html(configured: "Settings", answers: "Questions") -> bytes:
    """Return them as a page that stands alone."""
    from bot.render.report_pages import ReportPages

    return ReportPages(configured.template_directories).questions(answers).page.encode()


def as_text(answers: "Questions", form: str) -> str:
    """Return them in one of the forms that are no page: csv, json or text."""
    from bot.render import questions_text
    from bot.wire import question_files

    writers = {"csv": question_files.as_csv, "json": question_files.as_json}
    return writers.get(form, questions_text.as_text)(answers)
