"""What staff do beside a contact: write notes on it, and join or part contacts of one matter."""

from bot.core.roles import Permission
from bot.flows.changes import note
from bot.flows.desk.orders import Action, Desk


def _note(desk: Desk) -> str:
    names = note.note(desk.connection, desk.contact, desk.field(note.FIELD), desk.actor, desk.now, desk.book)
    return note.sentence(names)


NOTING: dict[str, Action] = {
    "note": Action(Permission.ACT, _note),
}
