"""Where a receipt goes, in which thread, and how its envelope sender proves that a bounce is ours."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.acknowledgements import recipient, signed_subaddress, signed_tag, threading
from bot.core.messages import Mail, Party

SECRET = b"a secret of the test"


def mail(*authors: str, return_path: str | None = None) -> Mail:
    """A mail by these authors."""
    return Mail((), return_path, from_addresses=tuple(map(Party, authors)), reply_to=("other@elsewhere.example",))


@pytest.mark.parametrize(
    ("return_path", "expected"),
    [
        (None, "ann@town.example"),
        ("ann@town.example", "ann@town.example"),
        ("ANN@TOWN.EXAMPLE", "ann@town.example"),
        ("bounce@mail.town.example", "ann@town.example"),
        ("ann@gmail.example", "ann@gmail.example"),
        ("ann@nottown.example", "ann@nottown.example"),
        ("SRS0=HHH=TT=town.example=ann@forward.example", "ann@town.example"),
        ("SRS1=GGG=first.example==HHH=TT=town.example=ann@second.example", "ann@town.example"),
        ("prvs=0123456789=ann@town.example", "ann@town.example"),
        ("prvs=0123456789=other@else.example", "other@else.example"),
        ("news-ann=town.example@lists.example", "ann@town.example"),
        ("news+ann=town.example@lists.example", "ann@town.example"),
        ("eve=town.example@evil.example", "eve=town.example@evil.example"),
        ("me+caf_=box=example.gov.uk@gmail.example", "me+caf_=box=example.gov.uk@gmail.example"),
        ("", None),
    ],
)
def test_the_author_is_answered_where_the_envelope_bears_it_out(return_path: str | None, expected: str | None) -> None:
    """Else the envelope's sender, who really sent it; never the null sender, never the Reply-To."""
    assert recipient(mail("ann@town.example", return_path=return_path)) == expected


def test_of_two_authors_the_envelope_chooses() -> None:
    """And where it names neither, nobody is answered."""
    assert recipient(mail("a@x.example", "b@x.example", return_path="B@x.example")) == "b@x.example"
    assert recipient(mail("a@x.example", "b@x.example", return_path="c@x.example")) is None
    assert recipient(mail("a@x.example", "b@x.example")) is None
    assert recipient(mail()) is None


def test_a_thread_follows_rfc_5322() -> None:
    """References are the parent's and its id; the parent's single In-Reply-To stands in for missing References."""
    parent = "<p@x.example>"
    assert threading(Mail((), None, message_id=parent)) == (parent, (parent,))
    with_references = Mail((), None, message_id=parent, references=("<a@x>", "<b@x>"), in_reply_to=("<c@x>",))
    assert threading(with_references) == (parent, ("<a@x>", "<b@x>", parent))
    assert threading(Mail((), None, message_id=parent, in_reply_to=("<c@x>",))) == (parent, ("<c@x>", parent))
    assert threading(Mail((), None, message_id=parent, in_reply_to=("<c@x>", "<d@x>"))) == (parent, (parent,))
    assert threading(Mail((), None, references=("<a@x>",))) == ("", ("<a@x>",))


def test_a_long_thread_keeps_its_first_and_last_ids() -> None:
    """As many as fit a header that every program reads."""
    _, references = threading(Mail((), None, message_id="<p@x>", references=tuple(f"<{n}@x>" for n in range(500))))
    assert len(references) == 20
    assert (references[0], references[-2:]) == ("<0@x>", ("<499@x>", "<p@x>"))


@settings(max_examples=50)
@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_nothing_can_be_injected_through_an_id(message_id: str, references: list[str]) -> None:
    """What is passed on is printable ASCII in angle brackets, whatever the mail said."""
    parent, ancestors = threading(Mail((), None, message_id=f"<{message_id}@x>", references=tuple(references)))
    for value in (parent, *ancestors):
        assert value.isascii()
        assert value.isprintable()
        assert " " not in value


@given(st.from_regex(r"[a-z0-9-]{1,30}", fullmatch=True))
def test_what_we_signed_we_open(tag: str) -> None:
    """Also when a server on the way has changed the case; the local part keeps to RFC 5321's 64 octets."""
    signed = signed_subaddress("Customer.Services@Example.gov.uk", tag, SECRET)
    assert signed_tag(signed, SECRET) == tag
    assert signed_tag(signed.upper(), SECRET) == tag
    assert len(signed.partition("@")[0]) <= 64


def test_addresses_signed_by_the_secret_itself_are_still_ours() -> None:
    """Until there was a key for it they were signed so, and mail comes back to them for months."""
    address = "us+ex-7k3m-9qph.wehd7xrthqyv@example.gov.uk"
    assert signed_tag(address, b"s" * 32) == "ex-7k3m-9qph"
    assert signed_tag(address, b"t" * 32) is None
    assert signed_subaddress("us@example.gov.uk", "ex-7k3m-9qph", b"s" * 32) != address


def test_nobody_else_can_sign() -> None:
    """Another secret, tag, address or length does not open."""
    signed = signed_subaddress("us@example.gov.uk", "b17", SECRET)
    assert signed_tag(signed, b"another secret") is None
    assert signed_tag(signed.replace("b17", "b18"), SECRET) is None
    assert signed_tag(signed.replace("us+", "them+"), SECRET) is None
    assert signed_tag(signed.replace("example", "another"), SECRET) is None
    for other in (
        "",
        "us@example.gov.uk",
        "us+b17@example.gov.uk",
        "us+b17.@example.gov.uk",
        "\udc80+x.y@z",
        "é+b.é@x",
    ):
        assert signed_tag(other, SECRET) is None


def test_an_address_without_room_is_used_as_it_is() -> None:
    """A receipt without a signed envelope sender is better than none."""
    long = "customer.services.and.complaints.of.the.whole.county@example.gov.uk"
    assert signed_subaddress(long, "b17", SECRET) == long


@pytest.mark.parametrize("tag", ["", "a.b", "a+b", "a@b", "A", "a b", "x" * 31])
def test_a_tag_is_letters_digits_and_hyphens(tag: str) -> None:
    """Anything else could be taken for another part of the address."""
    with pytest.raises(ValueError, match="a tag is"):
        signed_subaddress("us@example.gov.uk", tag, SECRET)
