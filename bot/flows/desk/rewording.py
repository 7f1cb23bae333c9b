"""Words that staff change in the console: looked at by the lint first, then a version that is in force at once.

To look at words takes a tenth of a second, so it is done before anything is written: `examine` gives what `put` takes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.core.board import Words
from bot.core.events import Event, EventKind
from bot.core.roles import Role
from bot.flows import board, wordings
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.render import answers, lint, lint_answers, lint_services
from bot.render.answers import SavedAnswer
from bot.render.compose import Composer
from bot.render.front_matter import BadTemplate
from bot.render.lint import Finding
from bot.render.samples import SORTS
from bot.render.samples import Sort as Reader
from bot.render.typed_words import MOST_SUBJECT
from bot.store import contacts
from bot.store import wordings as stored
from bot.store.wordings import Sort, Wording

MOST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing whose words are changed."""

    sort: Sort
    name: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Draft:
    """New words for a thing. `subject` and `teams`, `service` as in `store.wordings.Wording`; `note`: why."""

    subject: str
    words: str
    teams: tuple[str, ...] = ()
    service: str = ""
    note: str = ""


class Unfit(Refused):
    """The lint refuses the words."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings[0].words.rstrip("."), "words")
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Examined:
    """A draft to which the lint does not object."""

    thing: Subject
    draft: Draft


def findings(thing: Subject, draft: Draft, composer: Composer) -> list[Finding]:
    """What the lint says of a draft; `composer` has the words of the files."""
    match thing.sort:
        case Sort.TEMPLATE:
            trial = composer.trying({(thing.name, thing.language): (draft.subject, draft.words)})
            place = re.compile(rf"console/{thing.language}/{thing.name}:(\d+:)? ?")
            # Who typed them has no file; the words stand beside what is said of them.
            return [
                replace(finding, words=place.sub(lambda match: f"line {match[1]} " if match[1] else "", finding.words))
                for finding in lint.examine(trial, thing.name, thing.language)
            ]
        case Sort.SERVICE:
            return lint_services.examine(thing.name, draft.words, draft.subject)
        case Sort.ANSWER:
            return lint_answers.examine(composer, saved_answer(thing, draft))


def examine(thing: Subject, draft: Draft, composer: Composer) -> Examined:
    """Return the draft if its words may be in force. Raises Refused, and Unfit with what the lint says."""
    if len(draft.note) > MOST_NOTE:
        raise Refused(f"use {MOST_NOTE} characters or fewer", "note")
    if thing.sort is not Sort.SERVICE and not draft.subject:
        raise Refused("write it, on one line", "subject")
    if len(draft.subject) > MOST_SUBJECT:
        raise Refused(f"use {MOST_SUBJECT} characters or fewer", "subject")
    if not (draft.words or thing.sort is Sort.SERVICE):
        raise Refused("write the words", "words")
    if errors := lint.errors(findings(thing, draft, composer)):
        raise Unfit(errors)
    return Examined(thing, draft)


def put(
    connection: Connection, examined: Examined, basis: int, visitor: Visitor, now: datetime, book: Rulebook
) -> None:
    """Let the words be in force from now on; `basis` is the version that was on the page. Raises Refused."""
    board.change(connection, now)
    thing, draft = examined.thing, examined.draft
    latest = _refuse(connection, thing, basis, visitor, book)
    _refuse_teams(draft, thing, visitor, book)
    if latest is not None and not latest.withdrawn and draft_of(latest) == replace(draft, note=latest.note):
        raise Refused("these are the words that are in force", "words", Kind.CONFLICT)
    wording = Wording(
        thing.sort,
        thing.name,
        visitor.actor,
        now,
        subject=draft.subject,
        words=draft.words,
        language=thing.language,
        teams=draft.teams,
        service=draft.service,
        note=draft.note,
    )
    _store(connection, wording, now)


def withdraw(
    connection: Connection, thing: Subject, basis: int, visitor: Visitor, now: datetime, book: Rulebook
) -> None:
    """Let the words of the file hold again; a saved answer without a file is offered no more. Raises Refused."""
    board.change(connection, now)
    latest = _refuse(connection, thing, basis, visitor, book)
    if latest is None or latest.withdrawn:
        raise Refused("the words of the file are in force")
    wording = Wording(thing.sort, thing.name, visitor.actor, now, language=thing.language, withdrawn=True)
    _store(connection, wording, now)


def may_change(connection: Connection, thing: Subject, visitor: Visitor, book: Rulebook) -> bool:
    """Whether a visitor may change these words.

    Messages are for who leads every team; a service for who leads its team, a saved answer for who leads all of its.
    """
    if visitor.account is None or visitor.account.role not in (Role.LEAD, Role.ADMINISTRATOR):
        return False
    teams = visitor.scope.teams
    if teams is None:
        return True
    match thing.sort:
        case Sort.TEMPLATE:
            return False
        case Sort.SERVICE:
            service = book.intake.router.services.get(thing.name)
            return service is not None and service.team in teams
        case Sort.ANSWER:
            answer = wordings.answers_by_name(connection, book).get(thing.name)
            return answer is None or (bool(answer.teams) and set(answer.teams) <= teams)


def refuse_thing(thing: Subject, composer: Composer, book: Rulebook) -> None:
    """Raise Refused for what there is not, or what only files say: the messages to staff."""
    if not _is_known(thing, composer, book):
        raise Refused("there are no such words", kind=Kind.UNKNOWN)


def _is_known(thing: Subject, composer: Composer, book: Rulebook) -> bool:
    match thing.sort:
        case Sort.TEMPLATE:
            is_there = (thing.name, thing.language) in composer.names()
            return is_there and SORTS.get(thing.name, Reader.STAFF) is not Reader.STAFF
        case Sort.SERVICE:
            return thing.name in book.intake.router.services and thing.language == "en"
        case Sort.ANSWER:
            is_language = re.fullmatch(r"[a-z]{2}", thing.language) is not None
            return is_language and answers.NAME.fullmatch(thing.name) is not None


def in_file(thing: Subject, composer: Composer, book: Rulebook) -> Draft | None:
    """The words of the file; None where there are none, or they cannot be used."""
    match thing.sort:
        case Sort.TEMPLATE:
            try:
                words: Words = composer.source(thing.name, thing.language)
            except BadTemplate:
                return None
            return Draft(*words)
        case Sort.SERVICE:
            service = book.intake.router.services[thing.name]
            return Draft(service.receipt_text, service.receipt_words)
        case Sort.ANSWER:
            of_files = {answer.name: answer for answer in book.outgoing.answers}
            answer = of_files.get(thing.name)
            return Draft(answer.title, answer.words, answer.teams, answer.service) if answer else None


def draft_of(wording: Wording) -> Draft:
    """The words of a version, as they can be in force again."""
    return Draft(wording.subject, wording.words, wording.teams, wording.service, wording.note)


def saved_answer(thing: Subject, draft: Draft) -> SavedAnswer:
    """A draft of a saved answer, as it would be offered."""
    return SavedAnswer(thing.name, draft.subject, draft.words, draft.teams, draft.service, thing.language)


def _refuse(connection: Connection, thing: Subject, basis: int, visitor: Visitor, book: Rulebook) -> Wording | None:
    """Raise Refused where a visitor may not change these words, or not these any more; return what is in force."""
    if not may_change(connection, thing, visitor, book):
        raise Refused("these words are for somebody who leads every team that they concern")
    versions = stored.versions(connection, thing.sort, thing.name, thing.language)
    latest = versions[0] if versions else None
    if basis != (latest.id if latest else 0):
        raise Refused("somebody else changed these words at this moment; look at them again")
    return latest


def _refuse_teams(draft: Draft, thing: Subject, visitor: Visitor, book: Rulebook) -> None:
    own = visitor.scope.teams
    if unknown := sorted(set(draft.teams) - set(book.outgoing.teams)):
        raise Refused(f"there is no team {unknown[0][:40]}", "teams")
    if thing.sort is Sort.ANSWER and own is not None and not (draft.teams and set(draft.teams) <= own):
        raise Refused("choose teams of yours", "teams")
    if draft.service and draft.service not in book.intake.router.services:
        raise Refused("there is no such service", "service")


def _store(connection: Connection, wording: Wording, now: datetime) -> None:
    stored.add(connection, wording)
    details = {"words_of": f"{wording.sort} {wording.name}", "language": wording.language, "note": wording.note}
    if wording.withdrawn:
        details["withdrawn"] = "the words of the file hold again"
    contacts.note(connection, [Event(None, now, EventKind.WORDS_CHANGED, wording.written_by, details)])
