"""`ackbot contacts judge`: what staff say of a contact for the figures."""

from typing import Annotated

import typer

from bot.cli import answering, contacts
from bot.cli.configuration import Directory
from bot.cli.contacts import Reference
from bot.core import judgements


def _choices(name: str) -> str:
    return f'{", ".join(judgements.WORDS[name])}; "" takes it back.'


Avoidable = Annotated[
    str | None, typer.Option(help=f"Whether we could have saved the person this contact: {_choices('avoidable')}")
]
Cause = Annotated[str | None, typer.Option(help=f"Why the answer is late: {_choices('cause')}")]
Complaint = Annotated[
    str | None, typer.Option("--complaint", help=f"What came of a complaint: {_choices('complaint_outcome')}")
]


def judge(
    reference: Reference,
    config: Directory = None,
    avoidable: Avoidable = None,
    cause: Cause = None,
    complaint_outcome: Complaint = None,
    as_json: answering.Json = False,
) -> None:
    """Say of a contact, for the figures, whether it was avoidable, why it is late, what came of a complaint.

    What is not named stays as it is. Status 1 where it cannot be said.
    """
    from bot.flows.changes.judge import Judgement
    from bot.flows.changes.judge import judge as keep

    judgement = Judgement(avoidable, cause, complaint_outcome)
    turn, is_new = contacts.change(
        reference, config, lambda c, turn: keep(c, turn.reference, judgement, turn.actor, turn.now)
    )
    sentence = f"{turn.reference}: {'it is noted for the figures.' if is_new else 'it was noted so before.'}"
    answering.say(turn.contact, sentence, turn.zone, as_json=as_json)
