"""`ackbot contacts needs`: how a person is to be written to."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import answering, contacts
from bot.cli.configuration import Directory
from bot.cli.contacts import Reference

if TYPE_CHECKING:
    from sqlalchemy import Connection

Words = Annotated[
    str | None,
    typer.Option("--needs", help='All of them, such as "Large print; British Sign Language"; "" for none.'),
]
Language = Annotated[
    str | None, typer.Option(help='The language that they want, by its code, such as pl; "" for none.')
]


def needs(
    reference: Reference,
    config: Directory = None,
    words: Words = None,
    language: Language = None,
    as_json: answering.Json = False,
) -> None:
    """Show how the person of a contact is to be written to, or change it: what is not named stays as it is."""
    from bot.flows.changes.needs import needs_of, note_needs
    from bot.flows.desk import wishes
    from bot.store import contacts as stored

    if words is not None or language is not None:

        def change(c: "Connection", turn: contacts.Turn) -> None:
            (contact,) = stored.with_references(c, [turn.reference]).values()
            before = needs_of(c, contact.id)
            new_words = words if words is not None else before.needs if before else ""
            note_needs(c, contact, new_words, turn.actor, turn.now, language=language)

        contacts.change(reference, config, change)
    configured, store = contacts.open_store(config)
    contact = contacts.contact_or_exit(store, configured, reference)
    entry = store.read_now(lambda c: needs_of(c, contact.id))
    answering.say(
        contact,
        f"{contact.reference}: {wishes.of(contact, entry).sentence or 'nothing is noted.'}",
        configured.organisation.zone,
        as_json=as_json,
        needs=entry.needs if entry else "",
        need_codes=contact.need_codes.split(),
    )
