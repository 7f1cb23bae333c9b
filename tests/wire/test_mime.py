"""Any bytes at all become an `Inbound`: what can be read is read, what cannot is named, nothing raises or hangs."""

import email
import time
from collections.abc import Callable
from email.message import EmailMessage, Message
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.messages import Inbound, Party
from bot.wire import markup
from bot.wire.mail import headers, mime, parts, quoting
from tests.corpus_of_python import MAILS
from tests.thoroughness import cases

OWN_CORPUS = Path(__file__).parent.parent / "payloads" / "mail"
HEADER = b"From: Ann <ann@residents.example>\r\nMessage-ID: <1@residents.example>\r\n"
MILLION = 1_000_000
# From a daemon, about a mail of ours: it is searched for what has failed.
BOUNCE = b"From: mailer-daemon@x.example\nTo: enquiries+b7.abcdefghijkl@example.gov.uk\n\n"


def read(raw: bytes, return_path: str | None = None) -> Inbound:
    """The message as a channel would read it."""
    return mime.read(raw, channel="inbox", received_at=None, return_path=return_path)


def sample(name: str) -> Inbound:
    """A mail of our own corpus."""
    return read((OWN_CORPUS / f"{name}.eml").read_bytes())


# Our own corpus, and the one of Python where it is installed.
SAMPLES = [*sorted(OWN_CORPUS.glob("*.eml")), *MAILS]


def test_headers_are_lower_case_unfolded_and_decoded() -> None:
    """Names in lower case, values on one line with their RFC 2047 words decoded, order and repeats kept."""
    mail = read(b"X-A: one\r\n\ttwo\r\nx-a: =?utf-8?q?J=C3=A1ne?=\r\nX-A : three\r\n\r\nbody").mail
    assert mail is not None
    assert mail.headers == (("x-a", "one two"), ("x-a", "Jáne"), ("x-a", "three"))


def test_a_character_cut_between_two_encoded_words_is_whole_again() -> None:
    """Some senders cut inside a character; neighbours in one charset are joined before they are decoded."""
    assert headers.tidy("=?utf-8?B?w4rD?=\r\n =?UTF-8?B?iQ==?= end") == "ÊÉ end"


def test_no_header_value_holds_a_line_end_or_control_character() -> None:
    """Not even one that RFC 2047 hid: nothing read from a mail can break out of a header that we write."""
    mail = read(
        b"Subject: a=?utf-8?q?=0D=0ABcc:_x=40y=00?=\x1b[1m\r\nFrom: =?utf-8?q?A=0A?= <a@b.example>\r\n\r\n"
    ).mail
    assert mail is not None
    assert all(value.isprintable() for _, value in mail.headers)
    assert mail.from_addresses == (Party("a@b.example", "A"),)


@pytest.mark.parametrize(
    ("value", "address", "name"),
    [
        ("ann@residents.example", "ann@residents.example", ""),
        ('"Lee, Ann" <ann@residents.example>', "ann@residents.example", "Lee, Ann"),
        ("Lee, Ann <ann@residents.example>", "ann@residents.example", "Lee, Ann"),
        ("boss@council.example <ann@residents.example>", "ann@residents.example", "boss@council.example"),
        ('"<boss@council.example>" <ann@residents.example>', "ann@residents.example", ""),
        (
            "=?utf-8?q?boss=40council=2Eexample?= <ann@residents.example>",
            "ann@residents.example",
            "boss@council.example",
        ),
        ("=?utf-8?q?Ann_=3Cann=40residents=2Eexample=3E?=", "ann@residents.example", "Ann"),
        ("Ann [at home] <mailto:ann@residents.example>", "ann@residents.example", "Ann [at home]"),
        ("José <josé@bücher.example>", "josé@bücher.example", "José"),
        ("José <jose\u0301@bücher.example>", "josé@bücher.example", "José"),
    ],
)
def test_the_author_is_found(value: str, address: str, name: str) -> None:
    """However carelessly the field is written, the address is the one that the sender's server vouches for."""
    assert read(b"From: " + value.encode() + b"\r\n\r\n").sender == Party(address, name)


@pytest.mark.parametrize("value", ["", "Ann", "undisclosed-recipients:;", "a@b@c.example", "<>", "@b.example"])
def test_what_is_no_address_is_no_author(value: str) -> None:
    """Nobody is made up out of a broken field."""
    assert read(f"From: {value}\r\n\r\n".encode()).sender is None


def test_the_envelope_tells_the_sender_where_from_does_not() -> None:
    """Of several authors none is chosen; the envelope's sender stands in, and the envelope wins over the field."""
    raw = b"Return-Path: <field@residents.example>\r\nFrom: a@b.example, c@d.example\r\n\r\n"
    assert read(raw).sender == Party("field@residents.example")
    assert read(raw, return_path="envelope@residents.example").sender == Party("envelope@residents.example")


@pytest.mark.parametrize(("field", "path"), [("", None), ("Return-Path: <>\r\n", ""), ("Return-Path: oops\r\n", None)])
def test_an_unknown_envelope_is_not_the_null_sender(field: str, path: str | None) -> None:
    """`<>` must not be answered; no envelope at all says nothing."""
    mail = read(field.encode() + b"From: a@b.example\r\n\r\n").mail
    assert mail is not None
    assert mail.return_path == path


def test_ids_are_found_for_threads() -> None:
    """Message-ID with its brackets, In-Reply-To and References as lists; of a long thread the first and the last."""
    long = " ".join(f"<{n}@x.example>" for n in range(1000))
    raw = f"Message-ID:  <id@x.example> \r\nIn-Reply-To: your mail <a@x> of May\r\nReferences: {long}\r\n\r\n"
    mail = read(raw.encode()).mail
    assert mail is not None
    assert (mail.message_id, mail.in_reply_to) == ("<id@x.example>", ("<a@x>",))
    assert mail.references[-1] == "<999@x.example>"
    assert len(mail.references) <= 50


def test_the_same_words_have_the_same_digest_on_every_road() -> None:
    """With a Message-ID only the body counts, whatever its line ends; without one the whole message is its name."""
    by_lmtp = read(b"Received: a\r\n" + HEADER + b"\r\nHello\r\nyou\r\n")
    by_imap = read(HEADER.replace(b"\r\n", b"\n") + b"\nHello\nyou\n")
    nameless = read(b"From: a@b.example\r\n\r\nHello")
    assert (by_lmtp.external_id, by_lmtp.digest) == (by_imap.external_id, by_imap.digest)
    assert nameless.external_id == f"sha256:{nameless.digest}"


def test_words_are_found_in_every_script_and_encoding() -> None:
    """Quoted-printable, base64, old charsets, no charset, a wrong charset, HTML alone."""
    assert "zapisać córkę" in sample("acknowledge-24-polish").text
    assert "ليس لدي مكان" in sample("acknowledge-24-arabic").text
    assert "безкоштовні продукти" in sample("acknowledge-24-ukrainian-koi8").text
    assert "申请停车证" in sample("acknowledge-24-chinese-gb2312").text
    assert "日曜日" in sample("acknowledge-24-japanese-iso-2022").text
    assert "Trädgård" in sample("acknowledge-24-lying-charset").subject
    assert "vägen – vem" in sample("acknowledge-24-lying-charset").text
    assert sample("acknowledge-24-turkish-html-only").text.splitlines()[0] == "Merhaba,"
    assert "Çöpler iki haftadır toplanmadı." in sample("acknowledge-24-turkish-html-only").text
    assert "alert" not in sample("acknowledge-24-turkish-html-only").text


def test_attached_texts_and_forwarded_mails_are_not_the_senders_words() -> None:
    """Only what the person wrote themselves; a boundary that begins like another one confuses nothing."""
    nested = sample("acknowledge-24-nested-with-picture")
    assert nested.text.strip() == "The pothole by the school is getting deeper. It cost me £80."
    assert nested.mail is not None
    assert nested.mail.parts == ("text/plain", "text/html", "image/gif", "text/plain")
    forwarded = sample("acknowledge-24-forwarded-bounce").text
    assert "could not be delivered" not in quoting.new_words(forwarded)


def test_a_text_cut_in_the_middle_of_a_character_is_no_other_charset() -> None:
    """A long text in UTF-8 stays UTF-8 where we stop reading."""
    raw = HEADER + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "é".encode() * MILLION
    assert set(read(raw).text) == {"é"}
    assert set(read(raw.replace(b"\r\n\r\n", b"\r\n\r\nx")).text) == {"é", "x"}


def test_rfc_2231_parameters_are_put_together() -> None:
    """A boundary in pieces, and one in percent-encoding."""
    value = "multipart/mixed; boundary*0=\"ab c\"; boundary*1*=utf-8''d%20e; charset=us-ascii (plain)"
    assert headers.parameters(value) == {"boundary": "ab cd e", "charset": "us-ascii"}


def _words_by_the_library(message: Message) -> str | None:
    """The first text/plain that the standard library finds, or None where it complains of the message."""
    if any(part.defects for part in message.walk()):
        return None
    for part in message.walk():
        if part.get_content_maintype() == "message":
            return None
        if part.get_content_type() == "text/plain" and not part.get_filename():
            content = part.get_payload(decode=True)
            return headers.decode(content, part.get_content_charset("")) if isinstance(content, bytes) else None
    return None


def test_the_words_are_those_that_the_standard_library_finds() -> None:
    """Our walk over the parts agrees with Python's parser on every sample that the parser has nothing against."""
    compared = 0
    for path in SAMPLES:
        raw = path.read_bytes()
        expected = _words_by_the_library(email.message_from_bytes(raw))
        if expected is not None:
            compared += 1
            assert read(raw).text.split()[: len(expected.split())] == expected.split(), path
    assert compared >= 50


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_read_without_a_fault(path: Path) -> None:
    """Broken as some are meant to be, each gives a digest and ids, and no fault."""
    message = read(path.read_bytes())
    assert message.fault == ""
    assert len(message.digest) == 64
    assert "\0" not in message.text


def _nested(levels: int) -> bytes:
    opening = (b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(levels))
    return HEADER + b"".join(opening) + b"Content-Type: text/plain\r\n\r\n"


def _look_alikes(levels: int) -> bytes:
    """Each boundary begins the next, so that a line that begins as the longest does concerns all of them."""
    opening = (
        b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n" % (b"b" * n, b"b" * n) for n in range(1, levels)
    )
    return HEADER + b"".join(opening) + b"\r\n" + (b"--" + b"b" * levels + b"x\n") * (MILLION // (levels + 4))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "NULs": lambda: b"\0" * MILLION,
    "every octet": lambda: bytes(range(256)) * 4000,
    "30 MB of text": lambda: HEADER + b"\r\n" + b"hello world\r\n" * 2_300_000,
    "10,000 headers": lambda: HEADER + b"X-A: b\r\n" * 10_000 + b"\r\nhi",
    "10 MB of headers": lambda: HEADER + b"X-A: bbbbbbbbbbbbbb\r\n" * 500_000,
    "10 MB in one header": lambda: HEADER + b"X-A: " + b"b" * 10 * MILLION + b"\r\n\r\nhi",
    "10 MB of folds": lambda: HEADER + b"X-A: b" + b"\r\n b" * 2 * MILLION,
    "encoded words": lambda: HEADER + (b"X: " + b"=?utf-8?b?a?= " * 280 + b"\r\n") * 250,
    "unfinished encoded words": lambda: HEADER + (b"X: " + b"=?a?q?" * 660 + b"\r\n") * 250,
    "charsets that do not exist": lambda: HEADER + b"".join(b"X: =?x%d?b?w4A=?=\r\n" % n for n in range(50_000)),
    "comments": lambda: b"From: " + b"(" * MILLION + b"\r\n\r\nhi",
    "quotes": lambda: (b"From: " + b'"\\' * 1900 + b"\r\n") * 250,
    "addresses": lambda: (b"From: " + b"a@b.example," * 330 + b"\r\n") * 250,
    "parameters": lambda: HEADER + b"Content-Type: text/plain (;" + b'";' * MILLION,
    "1,000 nested parts": lambda: _nested(1000) + b"hello",
    "nesting over a megabyte": lambda: _nested(29) + b"\n" * MILLION,
    "100,000 parts": lambda: HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\n\nx\n" * 100_000,
    "false boundaries": lambda: HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx\n" * 200_000,
    "a bounce of empty lines": lambda: BOUNCE + b"\n" * MILLION,
    "a bounce of parts": lambda: BOUNCE.replace(b"\n\n", b"\n") + _nested(29)[len(HEADER) :] + b"\n" * MILLION,
    "false boundaries at every level": lambda: _look_alikes(29),
    "base64 that is none": lambda: HEADER + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"A=B=" * MILLION,
    "punycode as charset": lambda: HEADER + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-b" * MILLION,
    "mails inside mails": lambda: HEADER + b"Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n" * 20_000,
    "a signature of openings": lambda: (
        HEADER + b"Content-Type: application/pkcs7-mime\r\n\r\n" + b"\x30\x80" * 2 * MILLION
    ),
    "openings of RTF": lambda: HEADER + b"Content-Type: text/rtf\r\n\r\n" + b"{\\f1" * (MILLION // 4),
    "flowed lines": lambda: HEADER + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> a \n" * (MILLION // 5),
    "delimiters that no field names": lambda: (
        HEADER + b"Content-Type: multipart/mixed\r\n\r\n" + b"--a\nb\n" * (MILLION // 6)
    ),
    "a charset in every part": lambda: (
        HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + (b"--b\n\n" + b"\xe4\xb3a\xff" * 500) * 480
    ),
    "forms that differ": lambda: (
        HEADER
        + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\n\n"
        + b"".join(b"%d\n" % n for n in range(60_000))
        + b"\n--b\nContent-Type: text/html\n\n"
        + b"".join(b"x%d<br>" % n for n in range(60_000))
    ),
    "quotations of HTML": lambda: HEADER + b"Content-Type: text/html\r\n\r\n" + b"<blockquote>x" * 70_000,
    "nested HTML": lambda: HEADER + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
    "HTML attributes": lambda: (
        HEADER + b"Content-Type: text/html\r\n\r\n<p " + b" ".join(b"a%d=1" % n for n in range(60_000))
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_takes_bounded_time(name: str) -> None:
    """Each is a contact within seconds of CPU, whatever runs beside it (a tenth of one is usual), its text capped."""
    raw = HOSTILE[name]()
    began = time.process_time()
    message = read(raw)
    assert time.process_time() - began < 5
    assert len(message.text) <= parts.MAX_TEXT
    assert message.mail is not None
    assert len(message.mail.headers) <= headers.MAX_FIELDS


def test_a_thousand_nested_parts_are_named_as_the_fault() -> None:
    """Staff are told why there is no text; who wrote is known all the same."""
    message = read(_nested(1000) + b"hello")
    assert "too many parts" in message.fault
    assert message.sender == Party("ann@residents.example", "Ann")


@pytest.mark.slow
@pytest.mark.parametrize(
    "raw",
    [
        BOUNCE.replace(b"mailer", b"J\xfcrgen <mailer"),
        BOUNCE.replace(b"From: mailer-daemon@x.example", b"Return-Path: <>"),
        BOUNCE.replace(b"\n\n", b"\n") + _nested(1000)[len(HEADER) :],
        BOUNCE.replace(b"\n\n", b"\n") + b"Content-Type: message/rfc822\n\n" * 3_000,
    ],
    ids=["a name in eight bits", "nobody", "parts inside parts", "mails inside mails"],
)
def test_a_bounce_that_breaks_its_detectors_is_read_all_the_same(raw: bytes) -> None:
    """What flufl.bounce or the standard library's parser cannot bear costs the report, not the mail."""
    message = read(raw)
    assert message.fault != "the message could not be read"
    assert message.mail
    assert message.mail.reports == ()


SYNTAX = rb"""From: |a@b.example|=?utf-8?b?|?=|=?utf-16?q?=D8=00?=|--b|--b--|Content-Type: multipart/mixed; boundary=b|
Content-Transfer-Encoding: base64|Content-Type: text/html|charset=utf-7|utf-32|+2AA-|<p>|"|<|>|(|;|=|Message-ID: |*0*=|
Content-Type: text/plain; charset=|References: """
OCTETS = [b"\r\n", b"\n", b"\n ", b"\r", b"\0", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80"]
PIECES = st.sampled_from([*SYNTAX.split(b"|"), *OCTETS])


@settings(max_examples=cases(100, 2_000), deadline=None)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=40).map(b"".join))
def test_no_bytes_at_all_break_it(raw: bytes) -> None:
    """Whatever comes: a result that can be stored as text, without NUL, without half a character."""
    message = read(raw)
    mail = message.mail
    assert mail is not None
    stored = [message.text, message.subject, message.external_id, message.fault, *mail.references, mail.message_id]
    stored += [name for file in mime.attachments(raw) for name in (file.name, file.kind)]
    stored += [value for _, value in mail.headers] + [party.address + party.name for party in mail.from_addresses]
    for value in stored:
        assert "\0" not in value
        value.encode()


def test_markup_becomes_readable_lines() -> None:
    """Blocks become lines, list entries get a dash, styles and scripts are left out."""
    page = "<title>t</title><style>p{}</style><p style='a>b'>Hello&nbsp;<b>bo</b>ld<br>line</p><ul><li>one<li>two</ul>"
    assert markup.to_text(page).split("\n") == ["Hello bold", "line", "", "- one", "- two"]


def test_what_came_with_a_mail_is_named() -> None:
    """Files by their name, type and size, pictures between the words too; the words themselves are none."""
    mail = EmailMessage()
    mail.set_content("See both.")
    mail.add_alternative("<p>See both.</p>", subtype="html")
    mail.add_attachment(b"0" * 3_000, maintype="application", subtype="pdf", filename="Plan über alles.pdf")
    mail.add_attachment("a,b", subtype="csv", filename="list.csv")
    mail.add_attachment(b"GIF", maintype="image", subtype="gif", disposition="inline")
    files = mime.attachments(mail.as_bytes())
    assert [(file.name, file.kind) for file in files] == [
        ("Plan über alles.pdf", "application/pdf"),
        ("list.csv", "text/csv"),
        ("", "image/gif"),
    ]
    assert files[0].size == 3_000
    assert mime.attachments(b"From: a@b.example\n\nNo files.") == []
