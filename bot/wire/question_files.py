"""Questions and answers of a period as CSV, one number a line, and as JSON, one answer a line."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from bot.core.questions import Questions
from bot.wire import spreadsheets

HEADER = (
    *("period_start", "period_end", "number", "question", "about", "figure", "value", "reads", "unit"),
    *("definitions", "limits", "definition_version", "cut_off", "known_at"),
)


def as_csv(questions: Questions) -> str:
    """Return the numbers with what they count; an answer without numbers has one line, with its sentences as value."""
    return spreadsheets.text(HEADER, _rows(questions))


def as_json(questions: Questions) -> str:
    """Return what the answers are of, and then each answer, as one JSON object a line."""
    document = asdict(questions)
    answers = document.pop("answers")
    lines = [document, *({"number": number, **answer} for number, answer in enumerate(answers, 1))]
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def _rows(questions: Questions) -> Iterator[tuple[str, ...]]:
    days = questions.first_day, questions.last_day
    origin = str(questions.definitions), str(questions.cut_off), questions.known_at
    for number, answer in enumerate(questions.answers, 1):
        head = *days, str(number), answer.question
        words = " ".join(answer.definitions), " ".join(answer.limits)
        for fact in answer.facts:
            yield *head, fact.about, fact.title, str(fact.value), fact.words, fact.unit, *words, *origin
        if not answer.facts:
            yield *head, "", "", " ".join(answer.sentences), "", "", *words, *origin
