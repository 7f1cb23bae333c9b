"""`ackbot contacts take|assign|quiet|close|reopen`: whose a contact is, and whether anything is left to do."""

from typing import Annotated

import typer

from bot.cli import answering, completions
from bot.cli.configuration import Directory
from bot.cli.contacts import Reference, change
from bot.cli.instants import instant_or_exit


def take(reference: Reference, config: Directory = None, as_json: answering.Json = False) -> None:
    """Say that you have it: nobody else is called about an urgent contact. Status 1 if there is nothing to take."""
    from bot.flows.changes import assign as taking

    turn, _ = change(reference, config, lambda c, turn: taking.take(c, turn.reference, turn.actor, turn.now))
    sentence = f"{turn.reference}: it is yours. Nobody else is called about it."
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)


def assign(
    reference: Reference,
    config: Directory = None,
    team: Annotated[
        str,
        typer.Option(
            autocompletion=completions.teams, help="The team that has it from now on.  [default: the one that has it]"
        ),
    ] = "",
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="The person of the team who has it.")] = "",
    as_json: answering.Json = False,
) -> None:
    """Give a contact to a team, or to one person of it; they are told. Status 1 if nothing changes."""
    from bot.flows.changes.assign import assign
    from bot.flows.changes.assignees import Holder

    holder = Holder.of(team, to)
    turn, _ = change(
        reference, config, lambda c, turn: assign(c, turn.reference, holder, turn.actor, turn.now, turn.book)
    )
    sentence = f"{turn.reference}: it is with {' of '.join(name for name in (to, team) if name)} now."
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)


def quiet(
    reference: Reference,
    until: Annotated[str, typer.Option(metavar="INSTANT", help="As in 2026-12-01T09:00+00:00.")],
    config: Directory = None,
    as_json: answering.Json = False,
) -> None:
    """Ask for no alerts before an instant; nearly all of the time used, and what is urgent, is told all the same."""
    from bot.flows.changes.assign import be_quiet

    instant = instant_or_exit("--until", until)
    turn, _ = change(reference, config, lambda c, turn: be_quiet(c, turn.reference, instant, turn.actor, turn.now))
    sentence = f"{turn.reference}: no alert before {until}, unless nearly all of the time is used."
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)


def close(
    reference: Reference,
    config: Directory = None,
    reason: Annotated[
        str, typer.Option(help="Why, in words for the person; needed where they have had no answer.")
    ] = "",
    outcome: Annotated[
        str,
        typer.Option(
            help="How it ends: finished, or, without a word to the person: told, withdrawn, duplicate, spam, test."
        ),
    ] = "",
    note: Annotated[
        str, typer.Option(help="How they were told, or with which contact it goes on; for the history.")
    ] = "",
    as_json: answering.Json = False,
) -> None:
    """Close a contact: nothing more is to be done. Whoever has had no answer is sent the reason."""
    from bot.flows.changes.close import Closing, close

    turn, is_told = change(
        reference,
        config,
        lambda c, turn: close(c, turn.reference, turn.actor, turn.now, turn.book, Closing.of(outcome, reason, note)),
    )
    sentence = "It is closed." + (" The person is told." if is_told else "")
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)


def reopen(
    reference: Reference,
    config: Directory = None,
    note: Annotated[str, typer.Option(help="A word for the history; no personal data.")] = "",
    as_json: answering.Json = False,
) -> None:
    """Open an answered or closed contact again: its clock runs on with the date that it had."""
    from bot.flows.changes.close import reopen

    turn, _ = change(
        reference, config, lambda c, turn: reopen(c, turn.reference, turn.actor, turn.now, turn.book, note)
    )
    answering.say(turn.contact, "It is open again.", turn.zone, as_json=as_json)
