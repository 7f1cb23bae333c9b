"""Header fields: what is in them is what was meant, on short lines, and nothing more."""

from dataclasses import fields, replace
from email import message_from_string, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.samples import SAMPLES
from bot.render.values import address_field, clean, message_id_field, text_field
from tests.render.letters import COMPOSER, ENVELOPE, acknowledgement, parsed, parts


def read(field: str) -> EmailMessage:
    """A field as the library reads it."""
    return message_from_string(field + "\r\n", policy=policy.default)


def test_the_headers_are_those_of_a_polite_robot() -> None:
    """RFC 3834 and RFC 5322: one recipient, what is answered, fixed Message-ID, no Precedence, no List-."""
    mail = parsed(acknowledgement())
    assert mail["From"] == "Exampleshire Council <customer.services@example.gov.uk>"
    assert mail["To"] == "sam@residents.example"
    assert mail["Subject"] == "We have your message: EX-7K3M-9QPH"
    assert mail["Date"].datetime == ENVELOPE.date
    assert mail["Message-ID"] == "<ack.1@example.gov.uk>"
    assert mail["In-Reply-To"] == "<2@residents.example>"
    assert mail["References"].split() == ["<1@residents.example>", "<2@residents.example>"]
    assert mail["Reply-To"] == "customer.services@example.gov.uk"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert mail["X-Ackbot-Loop"] == "b1.abc"
    assert len(mail["Subject"]) <= 60
    assert {name.lower() for name in mail} == {
        *("from", "to", "subject", "date", "message-id", "in-reply-to", "references", "reply-to"),
        *("auto-submitted", "x-auto-response-suppress", "x-ackbot-loop", "mime-version", "content-type"),
    }


def test_empty_fields_are_left_out() -> None:
    """An alert answers nobody and comes back to nobody: no such header stands there empty."""
    bare = replace(ENVELOPE, reply_to="", in_reply_to="", references=(), loop="", auto_submitted="auto-generated")
    mail = parsed(COMPOSER.compose("alert", SAMPLES["alert"], bare))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "EX-7K3M-9QPH: half of the time to answer is used"
    assert not {"Reply-To", "In-Reply-To", "References", "X-Ackbot-Loop"} & set(mail.keys())


HOSTILE = [
    "\r\nBcc: x@y.example",
    "\nBcc: x@y.example\n\n<script>",
    "\u2028Bcc: x@y.example\x0b\x0c\x85",
    "a@b.example, c@d.example",
    "[x](https://evil.example)",
    "=?utf-8?q?=0D=0ABcc=3A_x=40y.example?=",
    "\ue000\U000f0000",
    "\udcff",
    "x" * 3000,
    "ä" * 3000,
    "<>" * 500,
]


@pytest.fixture(scope="module")
def usual() -> EmailMessage:
    """The acknowledgement of a harmless envelope."""
    return parsed(acknowledgement())


@pytest.mark.slow
@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("field", [field.name for field in fields(ENVELOPE) if field.name not in ("date",)])
def test_no_value_can_add_a_header(usual: EmailMessage, field: str, value: str) -> None:
    """Line ends, markup and much of it, in each header value in turn: the same headers or fewer, one recipient."""
    for hostile in (value, f"a{value}@b.example", f"<{value}@b.example>", f"{value} <a@b.example>"):
        change: dict[str, Any] = {field: (hostile, hostile) if field == "references" else hostile}
        raw = acknowledgement(replace(ENVELOPE, **change))
        head = raw.partition(b"\r\n\r\n")[0]
        assert b"\n" not in head.replace(b"\r\n", b"")
        assert b"\r" not in head.replace(b"\r\n", b"")
        mail = parsed(raw)
        assert {name.lower() for name in mail} <= {name.lower() for name in usual}
        assert len(set(mail.keys())) == len(mail.keys())
        assert parts(mail) == parts(usual)


@given(st.text(max_size=300))
def test_a_text_is_read_back_whatever_it_holds(value: str) -> None:
    """Folded and encoded where it must be; no line is over 78 characters; only white space may differ."""
    field = text_field("Subject", value)
    if not clean(value):
        assert field == ""
        return
    assert field.isascii()
    assert max(map(len, field.split("\r\n"))) <= 78
    assert read(field)["Subject"].split() == clean(value).split()


@given(st.text(st.characters(exclude_characters="<>@"), max_size=120))
def test_a_display_name_is_read_back(name: str) -> None:
    """Commas, quotation marks, brackets and other scripts do not make it another address."""
    field = address_field("From", str(Address(clean(name), "a", "b.example")))
    (address,) = read(field)["From"].addresses
    assert address.addr_spec == "a@b.example"
    assert "".join(address.display_name.split()) == "".join(clean(name).split())


def test_an_address_in_another_script_stays_as_it_is() -> None:
    """It leaves as UTF-8 (RFC 6532), for servers that can take it."""
    raw = acknowledgement(replace(ENVELOPE, recipient="siân@enghraifft.cymru"))
    assert "\r\nTo: siân@enghraifft.cymru\r\n".encode() in raw


def test_message_ids_are_never_broken() -> None:
    """However long, each stands whole on a line; what is no Message-ID is left out."""
    long = f"<{'x' * 200}@example.org>"
    assert (
        message_id_field("References", ["<1@a.example>", "nonsense", long])
        == f"References: <1@a.example>\r\n {long}\r\n"
    )
    assert message_id_field("In-Reply-To", ["<a b@c.example>"]) == ""
