"""What staff do beside a contact: write notes on it, make what no program can, join and part contacts."""

from bot.core.roles import Permission
from bot.flows.changes import formats, merge, note, split
from bot.flows.desk.orders import Action, Desk


def _note(desk: Desk) -> str:
    names = note.note(desk.connection, desk.contact, desk.field(note.FIELD), desk.actor, desk.now, desk.book)
    return note.sentence(names)


def _merge(desk: Desk) -> str:
    partner, confirmation = desk.visible(merge.FIELD), desk.field(merge.CONFIRMATION)
    pair = merge.merge(desk.connection, desk.contact, partner, confirmation, desk.actor, desk.now)
    return (
        f"{pair.duplicate.reference} goes on in {pair.survivor.reference}, which is open and due first. "
        "What the person sends to either comes there."
    )


def _unmerge(desk: Desk) -> str:
    partner = desk.visible(merge.FIELD)
    pair = merge.unmerge(desk.connection, desk.contact, partner, desk.actor, desk.now, desk.book)
    return f"{pair.duplicate.reference} is a contact of its own again."


def _split(desk: Desk) -> str:
    numbers = desk.field(split.FIELD)
    new = split.split(desk.connection, desk.contact, numbers, desk.actor, desk.now, desk.book)
    return f"What you chose is {new.reference} now. Say there what it is about. The person is told nothing of it."


def _format_made(desk: Desk) -> str:
    formats.finish(desk.connection, desk.contact, desk.field(formats.FIELD), desk.actor, desk.now)
    return "It is noted that the person has it."


NOTING: dict[str, Action] = {
    "note": Action(Permission.ACT, _note),
    "merge": Action(Permission.ACT, _merge),
    "unmerge": Action(Permission.ACT, _unmerge),
    "split": Action(Permission.ACT, _split),
    "format-made": Action(Permission.ACT, _format_made),
}
