"""The mail that carries what staff typed: plain words, whatever stands in them."""

import email
import email.policy
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.answers import sender
from bot.core.files import File
from bot.render import answer_mail
from bot.render.mail_bytes import Envelope
from tests.render.letters import COMPOSER
from tests.thoroughness import cases

HEAD = Envelope(
    sender=sender("Ann", "Council", "us@example.gov.uk"),
    recipient="you@example.org",
    message_id="<answer.1@example.gov.uk>",
    date=datetime(2026, 11, 23, tzinfo=UTC),
    auto_submitted="",
)


def test_words_are_never_markup() -> None:
    """A tag is shown as it was typed, a line is a line, an empty one ends a paragraph."""
    page = answer_mail.page("One <b>two</b>\nthree & four\n\n\n# five {{ six }} $title")
    assert "One &lt;b&gt;two&lt;/b&gt;<br>\nthree &amp; four</p>" in page
    assert page.count("<p ") == 2
    assert "# five {{ six }} $title" in page


def test_only_harmless_addresses_are_links() -> None:
    """Those of pages, mail and telephones; the full stop after one belongs to the sentence."""
    words = 'See https://a.example/x?y=1&z=2. mailto:us@a.example or tel:+441632960888; javascript:alert(1) "data:x"'
    page = answer_mail.page(words)
    assert '<a href="https://a.example/x?y=1&amp;z=2" ' in page
    assert '<a href="mailto:us@a.example" ' in page
    assert '<a href="tel:+441632960888" ' in page
    assert page.count("<a ") == 3
    assert "onmouseover" not in answer_mail.page('https://a.example/"onmouseover="x').split(">")[1]


@settings(max_examples=cases(30, 1_000), deadline=None)
@example(words="", subject="", name="a page of a manual.T")
@given(words=st.text(max_size=300), subject=st.text(max_size=80), name=st.text(min_size=1, max_size=80))
def test_whatever_is_typed_makes_one_readable_mail(words: str, subject: str, name: str) -> None:
    """The header cannot be broken out of, and the words and the file come out as they went in."""
    raw = answer_mail.mail(words, subject, HEAD, COMPOSER.layout, [File(name.strip() or "x", b"\x00\xff")])
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail.keys().count("Subject") <= 1
    assert not mail.defects
    assert mail.get_content_type() == "multipart/mixed"
    (file,) = mail.iter_attachments()
    assert file.get_payload(decode=True) == b"\x00\xff"
    body = mail.get_body(("plain",))
    assert body is not None
    expected = [line.rstrip() for line in answer_mail.cleaned(words).split("\n")]
    assert [line.rstrip() for line in body.get_content().split("\r\n")][: len(expected)] == expected
