"""Questions and answers of a period as text, ready to be copied into a letter."""

import textwrap
from collections.abc import Iterator

from bot.core.questions import Answer, Questions

_WIDTH = 100


def as_text(questions: Questions) -> str:
    """Return every question with its answer, within a hundred columns."""
    head = f"Questions about contact with {questions.organisation}\n{questions.period}"
    origin = f"As known at {questions.known_at}, event {questions.cut_off}; definitions {questions.definitions}"
    answers = ("\n".join(_lines(number, answer)) for number, answer in enumerate(questions.answers, 1))
    notes = "\n".join(line for note in questions.notes for line in textwrap.wrap(note, _WIDTH))
    return "\n\n".join([f"{head}\n{origin}", *answers, notes]) + "\n"


def _lines(number: int, answer: Answer) -> Iterator[str]:
    yield f"{number}. {answer.question}"
    for sentence in (*answer.sentences, *answer.limits):
        yield from textwrap.wrap(sentence, _WIDTH, initial_indent="   ", subsequent_indent="   ")
    yield from (f"   {line}" for line in (_table(answer) if answer.lines else _list(answer)))
    for definition in answer.definitions:
        yield from textwrap.wrap(definition, _WIDTH, initial_indent="   - ", subsequent_indent="     ")


def _list(answer: Answer) -> Iterator[str]:
    width = max((len(fact.title) for fact in answer.facts), default=0)
    yield from (f"{fact.title:<{width}}  {fact.words}" for fact in answer.facts)


def _table(answer: Answer) -> Iterator[str]:
    rows = [["", *answer.titles]]
    rows += [[about, *(line.get(title, "0") for title in answer.titles)] for about, line in answer.lines.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
