"""`ackbot report --questions`: what people ask about contact, answered for a period, ready to send."""

import csv
import io
import json
from collections.abc import Callable

from bot.core.messages import Inbound
from bot.wire.question_files import HEADER
from tests.cli.test_receipts import Run, lines, logged, run
from tests.flows.conftest import mail

Make = Callable[..., Inbound]
Log = Callable[[Inbound], str]
__all__ = ["logged", "mail", "run"]
NOVEMBER = ("report", "--questions", "--from", "2026-11-01", "--to", "2026-11-30")


def test_every_question_is_answered_in_words(run: Run, logged: Log, mail: Make) -> None:
    """Each with its number, what it counts and up to when; within a hundred columns."""
    for number in range(6):
        logged(mail(number))
    answers = run(*NOVEMBER)
    assert answers.exit_code == 0, answers.output
    assert max(map(len, answers.stdout.splitlines())) <= 100
    assert "Sunday 1 November 2026 to Monday 30 November 2026\nAs known at 2026-11-23" in answers.stdout
    assert "1. How many contacts did you have, and what counts as one?" in answers.stdout
    assert "   Contacts received  6\n" in answers.stdout
    assert "Sunday: closed" in answers.stdout
    assert "We are not open in the evening" in answers.stdout
    assert "No complaint is on record for these days." in answers.stdout
    assert "Complaints, by outcome: we do not hold this for that time." in answers.stdout
    assert "14. What do you answer by machine?" in answers.stdout


def test_small_numbers_are_protected_in_every_form(run: Run, logged: Log, mail: Make) -> None:
    """Three contacts read <5 or fewer than 5, in all of them and by channel, and no time is shown of them."""
    for number in range(3):
        logged(mail(number))
    table = run(*NOVEMBER).stdout
    assert "   Contacts received  fewer than 5\n" in table
    facts = list(csv.DictReader(io.StringIO(run(*NOVEMBER, "--format", "csv").stdout, newline="")))
    counts = {fact["value"] for fact in facts if fact["figure"] == "Contacts received"}
    times = {fact["value"] for fact in facts if fact["unit"] == "working days"}
    assert (counts, times) == ({"<5"}, {""})


def test_files_say_what_they_are_of(run: Run, logged: Log, mail: Make) -> None:
    """CSV has a line for each number, JSON an object for each answer, and both name the last event that counts."""
    logged(mail(1))
    facts = list(csv.DictReader(io.StringIO(run(*NOVEMBER, "--format", "csv").stdout, newline="")))
    document, *answers = lines(run(*NOVEMBER, "--format", "json"))
    assert tuple(facts[0]) == HEADER
    assert [answer["number"] for answer in answers] == list(range(1, 15))
    assert {fact["question"] for fact in facts} == {answer["question"] for answer in answers}
    assert {fact["cut_off"] for fact in facts} == {str(document["cut_off"])}
    assert run(*NOVEMBER, "--at", str(document["cut_off"]), "--format", "json").stdout.startswith(
        json.dumps(document)[:60]
    )


def test_the_page_stands_alone(run: Run, logged: Log, mail: Make) -> None:
    """HTML with one heading, a table for each answer that has numbers, and its style inside."""
    logged(mail(1))
    page = run(*NOVEMBER, "--format", "html").stdout
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert (page.count("<h1>"), page.count("<style>"), "<script" in page) == (1, 1, False)
    assert page.count("<caption>") >= 10
    assert '<td data-label="Contacts received">fewer than 5</td>' in page


def test_the_questions_have_their_own_tables(run: Run, logged: Log, mail: Make) -> None:
    """A cut is refused, with the option that is too much."""
    logged(mail(1))
    refusal = run(*NOVEMBER, "--by", "service")
    assert refusal.exit_code == 2
    assert "--by: The questions have tables of their own; leave it out" in refusal.output
