"""`ackbot contacts respond|acknowledge|hold|pause|resume|restart|extend|classify`: what staff do to its clocks."""

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bot.cli import answering, completions, contacts
from bot.cli.configuration import Directory, refuse
from bot.cli.contacts import Reference
from bot.cli.instants import instant_or_exit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.flows.changes.adjust import Adjusted

At = Annotated[str, typer.Option(metavar="INSTANT", help="When it happened.  [default: now]")]
Note = Annotated[str, typer.Option(help="A word for the history; no personal data.")]


class Typed(NamedTuple):
    """What was typed; `kind` names one of `histories.Kind`."""

    kind: str
    at: str
    note: str
    to: str = ""
    reason: str = ""


def respond(
    reference: Reference,
    config: Directory = None,
    at: Annotated[str, typer.Option(metavar="INSTANT", help="When the answer was given.  [default: now]")] = "",
    note: Note = "",
    as_json: answering.Json = False,
) -> None:
    """Record that the person has had a full answer: the clocks stop and alerts end. Status 1 if nothing was open."""
    from bot.flows.changes.respond import respond

    instant = instant_or_exit("--at", at) if at else None
    turn, answer = contacts.change(
        reference,
        config,
        lambda c, turn: respond(c, turn.reference, turn.now, turn.book, actor=turn.actor, at=instant, note=note),
    )
    late = {True: "in time", False: "after the date that was promised", None: "no date was promised"}[answer.in_time]
    sentence = f"{turn.reference}: the answer is recorded ({late}). No more alerts will be sent."
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)


def acknowledge(
    reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: answering.Json = False
) -> None:
    """Record that a person has acknowledged it: for a complaint, the time to answer starts there."""
    _adjust(reference, config, Typed("ACKNOWLEDGED", at, note), as_json=as_json)


def hold(
    reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: answering.Json = False
) -> None:
    """Record a holding reply: the person knows that we are at it; the time to answer runs on."""
    _adjust(reference, config, Typed("HOLDING_REPLY", at, note), as_json=as_json)


def pause(
    reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: answering.Json = False
) -> None:
    """Stop the time to answer while we wait for the person to tell us more."""
    _adjust(reference, config, Typed("PAUSED", at, note), as_json=as_json)


def resume(
    reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: answering.Json = False
) -> None:
    """The person has told us more: the time to answer runs on, and the days of the pause do not count."""
    _adjust(reference, config, Typed("RESUMED", at, note), as_json=as_json)


def restart(
    reference: Reference, config: Directory = None, at: At = "", note: Note = "", as_json: answering.Json = False
) -> None:
    """The request was clarified: the time to answer starts anew on that day, as for Freedom of Information."""
    _adjust(reference, config, Typed("RESTARTED", at, note), as_json=as_json)


def extend(
    reference: Reference,
    to: Annotated[str, typer.Option(help='How long in all, from the same start: "30 working days".')],
    reason: Annotated[str, typer.Option(help="Why, in plain words: the person is told.")],
    config: Directory = None,
    at: At = "",
    note: Note = "",
    as_json: answering.Json = False,
) -> None:
    """Give more time to answer, as far as the standard allows; the person is told the new date and why."""
    _adjust(reference, config, Typed("EXTENDED", at, note, to, reason), as_json=as_json)


def classify(
    reference: Reference,
    config: Directory = None,
    service: Annotated[
        str | None, typer.Option(autocompletion=completions.services, help='Such as housing; "" for none.')
    ] = None,
    kind: Annotated[str | None, typer.Option(help='What it is, such as foi or complaint; "" for none.')] = None,
    area: Annotated[str | None, typer.Option(help='Such as east; "" for none.')] = None,
    as_json: answering.Json = False,
) -> None:
    """Say what a contact is about: the promise in force on the day of receipt follows, with its dates.

    Of one that is answered or closed the promise and its dates stay as they were.
    """
    from bot.flows.changes import classify as flow

    if service is None and kind is None and area is None:
        refuse("Say what it is about: --service, --kind or --area.")
    about = flow.About(service, kind, area)
    turn, classification = contacts.change(
        reference, config, lambda c, turn: flow.classify(c, turn.reference, about, turn.actor, turn.now, turn.book)
    )
    due = contacts.plain(classification.after, turn.zone)
    if classification.is_finished:
        sentence = "what it was about is changed. Its promise and its dates stay as they were."
    else:
        sentence = f"{classification.standard.title}. The answer is due by {due or '(no date)'}."
    answering.say(turn.contact, f"{turn.reference}: {sentence}", turn.zone, as_json=as_json)


def _adjust(reference: str, config: Any, typed: Typed, *, as_json: bool) -> None:
    from bot.core.histories import Kind
    from bot.flows.changes.adjust import ClockChange, Word, adjust

    instant = instant_or_exit("--at", typed.at) if typed.at else None
    change = ClockChange(Kind[typed.kind], instant, typed.to)

    def work(connection: "Connection", turn: contacts.Turn) -> "Adjusted":
        word = Word(turn.actor, typed.reason, typed.note)
        return adjust(connection, turn.reference, change, word, turn.now, turn.book)

    turn, adjustment = contacts.change(reference, config, work)
    respond = adjustment.after.respond
    due = contacts.plain(respond.due, turn.zone) if respond else None
    state = "paused; no date until it goes on" if respond and respond.due is None else f"due by {due or '(no date)'}"
    sentences = [f"{turn.reference}: recorded ({change.kind}). The answer is {state}."]
    if adjustment.later:
        sentences.append(
            "The person is being told." if adjustment.is_told else "Ackbot has no way to tell the person: please do it."
        )
    answering.say(turn.contact, " ".join(sentences), turn.zone, as_json=as_json)
