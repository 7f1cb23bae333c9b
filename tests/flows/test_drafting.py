"""What an officer is writing: kept and put back, filled from saved answers, with files that could leave."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.files import File
from bot.flows.changes import answer
from bot.flows.changes.answer import Answer
from bot.flows.changes.refusals import Refused
from bot.flows.desk import drafting
from bot.flows.desk.drafting import Pen
from bot.flows.rulebook import Rulebook
from bot.render.answers import SavedAnswer
from bot.store import drafts
from bot.store.drafts import DraftFile
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import logged
from tests.rulebooks import altered

JO = "jo@example.gov.uk"
LATER = NOW + timedelta(hours=1)
HOLE = SavedAnswer("hole", "A hole", "Dear {{ name }}, we mend it by [day]. {{ service }}. {{ officer }}")


def test_a_saved_answer_stands_below_what_is_typed(store: Store, book: Rulebook, mail: Make) -> None:
    """Filled in for this contact and officer; one that is not there is refused, and so is what becomes too long."""
    book_with_hole = altered(book, answers=(HOLE,))
    with writing(store) as c:
        pen = Pen(logged(c, book_with_hole, mail()), JO, "Jo Ellis")
        drafting.keep(c, pen, {"words": "Hello.\r\n", "kind": "holding"}, None, LATER)
        drafting.insert(c, pen, "hole", {}, LATER, book_with_hole)
        draft = drafts.of(c, pen.contact.id, JO)
        assert draft is not None
        words = "Dear Resident 1, we mend it by [day]. [service]. Jo Ellis"
        assert (draft.words, draft.kind) == (f"Hello.\n\n{words}", "holding")
        with pytest.raises(Refused, match="choose one of the saved answers"):
            drafting.insert(c, pen, "bins", {}, LATER, book_with_hole)
        drafting.keep(c, pen, {"words": "x" * 60_000}, None, LATER)
        with pytest.raises(Refused, match="use 50,000 characters or fewer"):
            drafting.insert(c, pen, "hole", {}, LATER, book_with_hole)


@pytest.mark.parametrize("gap", ["[day]", "[service]"])
def test_what_a_saved_answer_leaves_open_is_not_sent(store: Store, book: Rulebook, mail: Make, gap: str) -> None:
    """Whoever sends it, and by whatever door; other square brackets are the officer's own."""
    book_with_hole = altered(book, answers=(HOLE,))
    with writing(store) as c:
        contact = logged(c, book_with_hole, mail())
        with pytest.raises(Refused, match=r"put words of your own in place of \[") as refusal:
            answer.answer(c, contact.reference, Answer("full", f"We come {gap}."), f"staff:{JO}", LATER, book_with_hole)
        assert refusal.value.field == "words"
        answer.answer(c, contact.reference, Answer("full", "We come [sic]."), f"staff:{JO}", LATER, book_with_hole)


def test_an_answer_that_is_taken_back_is_a_draft_again(store: Store, book: Rulebook, mail: Make) -> None:
    """With its files, its kind and its way; what a page keeps late of it is left out."""
    with writing(store) as c:
        pen = Pen(logged(c, book, mail()), JO, "Jo Ellis")
        letter = Answer("holding", "We look.", "Hole", "letter", "Jo Ellis")
        answer.answer(c, pen.contact.reference, letter, f"staff:{JO}", LATER, book)
        assert not drafting.keep(c, pen, {"words": "We loo"}, 0, LATER)
        drafting.take_back(c, pen, f"staff:{JO}", LATER)
        draft = drafts.of(c, pen.contact.id, JO)
        assert draft is not None
        assert (draft.words, draft.subject, draft.kind, draft.way) == ("We look.", "Hole", "holding", "letter")
        with_file = replace(letter, channel="", files=(File("map.pdf", b"%PDF"),))
        answer.answer(c, pen.contact.reference, with_file, f"staff:{JO}", LATER, book)
        drafting.take_back(c, pen, f"staff:{JO}", LATER)
        assert [replace(file, id=0) for file in drafts.files_of(c, pen.contact.id, JO)] == [DraftFile(0, "map.pdf", 4)]


def test_files_that_could_not_leave_are_not_kept(store: Store, book: Rulebook, mail: Make) -> None:
    """None of those that were chosen together, and what is kept already counts; a name is one component."""
    with writing(store) as c:
        pen = Pen(logged(c, book, mail()), JO, "Jo Ellis")
        drafting.add_files(c, pen, [File("../../a/map.pdf", b"x" * 6_000_000)], book)
        for refused in ([File("a.pdf", b"1"), File("run.exe", b"1")], [File("large.pdf", b"x" * 6_000_000)]):
            with pytest.raises(Refused) as refusal:
                drafting.add_files(c, pen, refused, book)
            assert refusal.value.field == "files"
        assert [file.name for file in drafts.files_of(c, pen.contact.id, JO)] == ["map.pdf"]


def test_several_colleagues_are_named_together(store: Store, book: Rulebook, mail: Make) -> None:
    """With the hour since when each has been writing, in our time; without an account by their address."""
    zone = book.clocks.default_calendar.zone
    with writing(store) as c:
        contact = logged(c, book, mail())
        for name in ("al", "bo", "cy"):
            drafting.keep(c, Pen(contact, f"{name}@example.gov.uk", ""), {"words": "We"}, None, LATER)
        words = "bo@example.gov.uk (since 10:15) and cy@example.gov.uk (since 10:15) are writing here."
        assert drafting.colleagues(c, Pen(contact, "al@example.gov.uk", ""), zone, LATER) == words
        drafts.drop(c, contact.id, "cy@example.gov.uk")
        words = "bo@example.gov.uk has been writing here since 10:15."
        assert drafting.colleagues(c, Pen(contact, "al@example.gov.uk", ""), zone, LATER) == words
