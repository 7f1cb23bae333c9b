"""Outgoing mail: exactly what the library would make of it, complete in both parts, and proof against every value."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from bot.render.compose import MOST_BYTES, SAMPLES, Composer, Envelope
from bot.render.environment import BadTemplate

ROOT = Path(__file__).parents[2]
CONSTANTS = {"organisation": "Cyngor Sir Ynys Môn", "phone": "0300 123 2224", "website": "https://www.example.gov.uk"}
ENVELOPE = Envelope(
    sender="Exampleshire Council <customer.services@example.gov.uk>",
    recipient="sam@residents.example",
    message_id="<ack.1@example.gov.uk>",
    date=datetime(2026, 11, 23, 9, 15, tzinfo=UTC),
    auto_submitted="auto-replied",
    reply_to="customer.services@example.gov.uk",
    in_reply_to="<2@residents.example>",
    references=("<1@residents.example>", "<2@residents.example>"),
    loop="b1.abc",
)
COMPOSER = Composer([ROOT / "templates"], CONSTANTS)


def parsed(raw: bytes) -> EmailMessage:
    """The mail as a mail program reads it."""
    return message_from_bytes(raw, policy=policy.default)


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Its text and its HTML."""
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    return text.get_content().replace("\r\n", "\n"), page.get_content().replace("\r\n", "\n")


def acknowledgement(**changes: str) -> bytes:
    """An acknowledgement with some values changed."""
    return COMPOSER.compose("acknowledgement", SAMPLES["acknowledgement"] | changes, ENVELOPE)


def test_the_packaged_templates_are_good() -> None:
    """Each writes on its sample values, in both parts, in at most 20 KB."""
    assert COMPOSER.check() == []
    for name, values in SAMPLES.items():
        assert len(COMPOSER.compose(name, values, ENVELOPE)) <= MOST_BYTES


def test_an_acknowledgement_says_what_it_must_in_this_order() -> None:
    """We have it, the reference, what next, by when with the promise, urgent, other ways, formats, automatic."""
    text, page = parts(parsed(acknowledgement()))
    shown = LexborHTMLParser(page).text(separator=" ")
    for words in (text, " ".join(shown.split())):
        places = [
            words.index(part)
            for part in (
                "We have your message",
                "EX-7K3M-9QPH",
                "What happens next",
                "Wednesday 6 January 2027",
                "10 working days",
                "999",
                "0300 123 2224",
                "18001",
                "https://www.example.gov.uk",
                "large print",
                "automatic message",
            )
        ]
        assert places == sorted(places)
    assert "complaint" not in text.lower()


def test_the_headers_are_those_of_a_polite_robot() -> None:
    """RFC 3834 and RFC 5322: one recipient, what is answered, fixed Message-ID, no Precedence, no List-."""
    mail = parsed(acknowledgement())
    assert mail["Subject"] == "We have your message: EX-7K3M-9QPH"
    assert mail["To"] == "sam@residents.example"
    assert mail["Message-ID"] == "<ack.1@example.gov.uk>"
    assert mail["In-Reply-To"] == "<2@residents.example>"
    assert mail["References"].split() == ["<1@residents.example>", "<2@residents.example>"]
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert mail["Reply-To"] == "customer.services@example.gov.uk"
    assert mail["Date"].datetime == ENVELOPE.date
    assert "Precedence" not in mail
    assert not any(name.lower().startswith("list-") for name in mail)
    assert len(mail["Subject"]) <= 60


VALUES = st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=200)


@settings(max_examples=150, deadline=None)
@given(VALUES, VALUES)
def test_the_body_is_byte_for_byte_the_librarys(reference: str, promise: str) -> None:
    """The quick way makes what email.message makes of the same text, the same HTML and the same boundary."""
    raw = acknowledgement(reference=reference, promise=promise)
    mail = parsed(raw)
    text, page = parts(mail)
    library = EmailMessage(policy=policy.SMTP)
    library.set_content(text, cte="quoted-printable")
    library.add_alternative(page, subtype="html", cte="quoted-printable")
    library.set_boundary(mail.get_boundary() or "")
    mine, theirs = raw.partition(b"\r\n\r\n")[2], library.as_bytes().partition(b"\r\n\r\n")[2]
    # The library says MIME-Version once more in each part; RFC 2045 section 4 asks for it at the top only.
    assert mine == theirs.replace(b"MIME-Version: 1.0\r\n", b"")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_no_value_becomes_markdown_html_or_a_header(value: str) -> None:
    """Whatever a value holds, it stays words: the same headers, tags and links as ever."""
    plain, hostile = parsed(acknowledgement()), parsed(acknowledgement(reference=value or "x", promise=value))
    assert hostile.keys() == plain.keys()
    assert _tags(parts(hostile)[1]) == _tags(parts(plain)[1])


def _tags(page: str) -> list[tuple[str | None, str | None]]:
    return [(node.tag, node.attributes.get("href")) for node in LexborHTMLParser(page).css("*")]


HOSTILE = [
    "\r\nBcc: x@y.example",
    "[x](https://evil.example)",
    "<script>",
    "# h",
    "{{ 7*7 }}",
    "\ue000\ue001",
    "x\n.\n",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_every_header_takes_hostile_values(value: str) -> None:
    """Line ends and markup in any header value add no header and no line."""
    envelope = replace(ENVELOPE, recipient=f"a{value}@b.example", reply_to=value, loop=value, in_reply_to=value)
    envelope = replace(envelope, references=(value, value), message_id=f"<{value}>", sender=f"{value} <a@b.example>")
    raw = COMPOSER.compose("acknowledgement", SAMPLES["acknowledgement"], envelope)
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\n" not in head.replace(b"\r\n", b"")
    names = {line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"}
    assert b"Bcc" not in names
    assert "evil.example" not in parts(parsed(raw))[1]


def test_a_long_name_in_another_script_is_folded_and_read_back() -> None:
    """Non-ASCII header values are encoded words, and every header line is short."""
    name = "Ynys Môn ⟨Isle of Anglesey⟩ " * 6
    raw = COMPOSER.compose("notice", {**SAMPLES["notice"], "subject": name}, ENVELOPE)
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
    assert parsed(raw)["Subject"] == name.strip()


def test_a_digest_lists_every_contact_and_leaves_out_empty_parts() -> None:
    """Only what is owed is shown."""
    listed = [{"reference": f"EX-{n}", "channel": "inbox", "due": "Monday"} for n in range(300)]
    text, page = parts(
        parsed(COMPOSER.compose("digest", SAMPLES["digest"] | {"overdue": listed, "soon": []}, ENVELOPE))
    )
    assert all(f"EX-{n}," in text and f"EX-{n}," in page for n in range(300))
    assert "Due in the next" not in text


def test_the_page_can_be_read_by_everybody() -> None:
    """Language, one h1, large text, no image, nothing remote, nothing wider than a phone."""
    page = LexborHTMLParser(parts(parsed(acknowledgement()))[1])
    assert page.css_first("html").attributes["lang"] == "en"  # type: ignore[union-attr]  # the document has one
    assert len(page.css("h1")) == 1
    assert not page.css("img, script, link, iframe, form")
    sizes = [int(size) for size in re.findall(r"font-size: (\d+)px", page.html or "")]
    assert min(sizes) >= 16


FAULTS = {
    "unknown": '+++\nsubject = "x"\n+++\n{{ nobody_knows }}\n',
    "syntax": '+++\nsubject = "x"\n+++\n{% if %}\n',
    "front": "No front matter\n",
    "subject": "+++\ntitle = 1\n+++\nx\n",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_template_is_named(tmp_path: Path, fault: str) -> None:
    """A template of one's own is checked before it is used: the words name the file."""
    folder = tmp_path / "messages" / "en"
    folder.mkdir(parents=True)
    (folder / "acknowledgement.md").write_text(FAULTS[fault], encoding="utf-8")
    own = Composer([tmp_path, ROOT / "templates"], CONSTANTS)
    (said,) = own.check()
    assert "acknowledgement.md" in said
    with pytest.raises(BadTemplate):
        own.compose("acknowledgement", SAMPLES["acknowledgement"], ENVELOPE)


def test_notify_placeholders_and_parts_are_understood(tmp_path: Path) -> None:
    """((reference)) is {{ reference }}; headings, lists, lines, insets and links come out in both parts."""
    folder = tmp_path / "messages" / "en"
    folder.mkdir(parents=True)
    source = '+++\nsubject = "((reference))"\n+++\n# H\n\n1. one\n2. ((reference))\n\n^ inset\n\n---\n\n[Go](https://a.example)\n'
    (folder / "acknowledgement.md").write_text(source, encoding="utf-8")
    own = Composer([tmp_path, ROOT / "templates"], CONSTANTS)
    mail = parsed(own.compose("acknowledgement", SAMPLES["acknowledgement"], ENVELOPE))
    text, page = parts(mail)
    assert mail["Subject"] == "EX-7K3M-9QPH"
    assert "1. one\n2. EX-7K3M-9QPH\n" in text
    assert "Go: https://a.example" in text
    assert LexborHTMLParser(page).css_first("blockquote p") is not None
