"""What goes to an outlet that forms mails of words: all that the mail would say, and to a telephone the short text."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest

from bot.channel import Batch
from bot.core.deliveries import Purpose
from bot.core.messages import Outbound
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import ClaimTerms
from bot.flows.rulebook import Rulebook
from bot.render.compose import Composer
from bot.settings.reading import PACKAGED
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.rulebooks import altered

CONSTANTS: Mapping[str, str] = {
    "organisation": "Exampleshire Council",
    "phone": "0300 123 2224",
    "website": "",
    "bsl_url": "",
    "site": "",
}
COMPOSER = Composer([d / "templates" for d in PACKAGED if (d / "templates").is_dir()], CONSTANTS)


@pytest.fixture
def receipt(store: Store, book: Rulebook, mail: Make) -> Claimed:
    """The receipt for a mail."""
    with writing(store) as connection:
        room = Capacity({"post": 1}, ClaimTerms(timedelta(minutes=5)))
        (claimed,) = receive(connection, Batch((mail(),)), Reading("inbox"), NOW, book, room).claimed
        return claimed


def written(claimed: Claimed, book: Rulebook) -> Outbound:
    """As it leaves."""
    return MessageWriter(COMPOSER, book, b"s").write(claimed, NOW)


def test_the_words_are_those_of_the_mail(book: Rulebook, receipt: Claimed) -> None:
    """The same subject and the same text, and the key that stays the same over every attempt."""
    as_mail = written(receipt, book)
    as_words = written(receipt, altered(book, words=frozenset({"post"})))
    whole = message_from_bytes(as_mail.content, policy=SMTP)
    part = whole.get_body(("plain",))
    assert part is not None
    assert as_words.subject == whole["Subject"]
    assert as_words.content.decode().split() == part.get_content().split()
    assert (as_words.idempotency_key, as_words.recipient) == (as_mail.idempotency_key, as_mail.recipient)


def test_a_telephone_has_the_short_text(book: Rulebook, receipt: Claimed) -> None:
    """With the reference and the date, too."""
    by_phone = replace(receipt, delivery=replace(receipt.delivery, recipient="+447700900123"))
    words = written(by_phone, altered(book, words=frozenset({"post"}))).content.decode()
    assert len(words) <= 440
    assert receipt.contact is not None
    assert receipt.contact.reference in words
    assert book.clocks.respond_by(receipt.contact) in words


def test_staff_are_alerted_that_way_too(book: Rulebook, receipt: Claimed) -> None:
    """A notice has a subject and words."""
    details = {"subject": "Nothing can be sent", "happened": "It broke.", "action": "Mend it."}
    notice = replace(
        receipt.delivery, purpose=Purpose.NOTICE, contact_id=None, details=details, recipient="s@example.gov.uk"
    )
    sent = written(Claimed(notice), altered(book, words=frozenset({"post"})))
    assert sent.subject == "Nothing can be sent"
    assert "Mend it." in sent.content.decode()
