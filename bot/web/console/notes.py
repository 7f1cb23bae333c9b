"""The notes of staff on the page of a contact."""

from collections.abc import Mapping
from typing import Any

from bot.flows.changes.note import FIELD
from bot.flows.desk.page_size import fit, weight
from bot.store import merging, notes
from bot.store.notes import Note
from bot.web.console.opening import Opening

MOST = 50
# All of them together: a page must stay small on a slow line, and the history has each of them whole.
MOST_BYTES = 12_000


def context(opening: Opening) -> Mapping[str, Any]:
    """The newest notes, as many as fit on the page, and the one that was refused."""
    view, refusal = opening.view, opening.refusal
    together = merging.together(opening.connection, view.contact.id)
    entries = notes.of(opening.connection, together, MOST) if view.page == 1 else []
    is_refused = refusal.at == "note"
    return {
        "notes": [_view(note, view.contact.reference) for note in _first(entries)],
        "note_typed": refusal.typed.get(FIELD, "") if is_refused else "",
        "note_fault": refusal.sentence if is_refused and refusal.name == FIELD else "",
    }


def _first(entries: list[Note]) -> list[Note]:
    page_notes, room = list[Note](), MOST_BYTES
    for note in entries:
        room -= weight(note.words)
        if page_notes and room < 0:
            break
        page_notes.append(note)
    return page_notes


def _view(note: Note, reference: str) -> dict[str, Any]:
    """A note as it is shown; `of` is the merged contact on which it was written, "" for the one that is open."""
    author, of = note.actor.removeprefix("staff:"), note.reference if note.reference != reference else ""
    return {"at": note.at, "author": author, "of": of, "words": fit(note.words, MOST_BYTES)}
