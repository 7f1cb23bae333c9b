"""The words that staff may change: what they are now."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.languages import ENGLISH
from bot.flows.rulebook import Rulebook
from bot.render import answers
from bot.render.answers import SavedAnswer
from bot.render.words import instant_in_words
from bot.store import wordings
from bot.store.wordings import Sort


def saved_answers(connection: Connection, team: str | None, book: Rulebook) -> tuple[SavedAnswer, ...]:
    """The saved answers that staff of this team are offered, by title."""
    offer = (answer for answer in answers_by_name(connection, book).values() if answer.is_for(team))
    return tuple(sorted(offer, key=lambda answer: answer.title))


def in_language_first(offer: Iterable[SavedAnswer], language: str) -> tuple[SavedAnswer, ...]:
    """The same answers, those in the language that the person wants first."""
    return tuple(sorted(offer, key=lambda answer: answer.language != (language or ENGLISH)))


def answers_by_name(connection: Connection, book: Rulebook) -> dict[str, SavedAnswer]:
    """Every saved answer by name: those of the files, and over them what was written in the console."""
    by_name = {answer.name: answer for answer in book.outgoing.answers}
    for wording in wordings.newest(connection, Sort.ANSWER):
        if not wording.withdrawn:
            text = (wording.name, wording.subject, wording.words)
            by_name[wording.name] = SavedAnswer(*text, wording.teams, wording.service, wording.language)
    return by_name


def gap_in(connection: Connection, team: str | None, words: str, book: Rulebook) -> str:
    """The first words in square brackets that a saved answer of this team leaves to the officer; "" for none."""
    of_saved = frozenset[str]().union(*(answers.gaps(answer.words) for answer in saved_answers(connection, team, book)))
    return min(answers.gaps(words) & of_saved, key=words.find, default="")


def answer_values(contact: Contact, constants: Mapping[str, str], officer: str, book: Rulebook) -> dict[str, str]:
    """What the placeholders of a saved answer (`render.answers.fill`) stand for; `constants` are the composer's."""
    service = book.intake.router.services.get(contact.service or "")
    return {
        **constants,
        "name": contact.sender_name,
        "officer": officer,
        "reference": contact.reference,
        "received": instant_in_words(contact.received_at, book.clocks.default_calendar.zone),
        "respond_by": book.clocks.respond_by(contact),
        "service": service.title if service else "",
        "service_page": service.page if service else "",
        "team": contact.team or "",
    }
