"""Every word of a mail is read, however the mail is put together, and what is no words is listed as a file."""

import base64
import quopri
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.messages import Inbound
from bot.wire.mail import mime, quoting
from tests.thoroughness import cases

HEADER = b"From: Dan <dan@residents.example>\nSubject: Help\nMIME-Version: 1.0\n"
PLEA = "My landlord threw us out tonight."
FOOTER = "This message has been scanned for viruses by the gateway of Example Ltd."
STUBS = (
    FOOTER,
    "This is a message in HTML. Please use a mail client that can display it.",
    "Diese Nachricht ist in HTML verfasst.",
    "Ce message est au format HTML",
    "Ta wiadomość jest w formacie HTML.",
    "Confidential: this e-mail is intended only for its addressee. If it came to you in error, delete it. " * 6,
)


def read(raw: bytes) -> Inbound:
    """The mail as a channel reads it."""
    return mime.read(raw, channel="inbox", received_at=None)


def leaf(text: str, kind: str = "text/plain", charset: str = "utf-8", encoding: str = "8bit", extra: str = "") -> bytes:
    """A part of one text, in a charset and an encoding."""
    octets = text.encode(charset)
    if encoding == "base64":
        octets = base64.encodebytes(octets)
    elif encoding == "quoted-printable":
        octets = quopri.encodestring(octets)
    fields = f"Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n{extra}\n"
    return fields.encode() + octets


def several(kind: str, *parts: bytes, boundary: str = "b") -> bytes:
    """A multipart of these parts."""
    mark = boundary.encode()
    body = b"".join(b"\n--" + mark + b"\n" + part for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n'.encode() + body + b"\n--" + mark + b"--\n"


def page(text: str) -> str:
    """The same as a page of HTML, as mail programs make it."""
    return f"<html><head><style>p{{margin:0}}</style></head><body><div>{text.replace('&', '&amp;')}</div></body></html>"


@dataclass(frozen=True)
class Tree:
    """A mail that was made up: its octets, the words that must be read in this order, and its files."""

    octets: bytes
    words: tuple[str, ...]
    files: tuple[str, ...]


CHARSETS = st.sampled_from(["utf-8", "iso-8859-1", "windows-1252", "us-ascii", "iso-8859-15"])
ENCODINGS = st.sampled_from(["8bit", "base64", "quoted-printable"])


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Draw mails of any structure: each text has a word of its own, each file a name of its own."""
    numbers = count(1)

    def grown(depth: int) -> Tree:
        number = next(numbers)
        shape = draw(st.sampled_from(["plain", "page", "file", "forms", "mixed", "related"][: 6 if depth < 4 else 3]))
        word, charset, encoding = f"word{number}x", draw(CHARSETS), draw(ENCODINGS)
        if shape == "plain":
            name = draw(st.sampled_from(["", f'Content-Disposition: inline; filename="n{number}.txt"\n']))
            return Tree(leaf(f"Says {word}.", "text/plain", charset, encoding, name), (word,), ())
        if shape == "page":
            return Tree(leaf(page(f"Says {word}."), "text/html", charset, encoding), (word,), ())
        if shape == "file":
            extra = f'Content-Disposition: attachment; filename="f{number}.pdf"\n'
            return Tree(leaf("none", "application/pdf", "utf-8", encoding, extra), (), (f"f{number}.pdf",))
        if shape == "forms":
            both = (
                leaf(f"Says {word}.", charset=charset, encoding=encoding),
                leaf(page(f"Says {word}."), "text/html", charset, encoding),
            )
            return Tree(several("alternative", *both, boundary=f"b{number}x"), (word,), ())
        inner = [grown(depth + 1) for _ in range(draw(st.integers(1, 4)))]
        octets = several(shape, *(tree.octets for tree in inner), boundary=f"b{number}x")
        return Tree(octets, sum((tree.words for tree in inner), ()), sum((tree.files for tree in inner), ()))

    return grown(0)


@settings(max_examples=cases(50, 1_000), deadline=None)
@given(trees(), st.sampled_from([b"\n", b"\r\n"]))
def test_every_text_of_any_structure_is_read_in_order_and_once(tree: Tree, line_end: bytes) -> None:
    """All texts, of two forms of one text one; every other leaf is listed."""
    raw = (HEADER + tree.octets).replace(b"\n", line_end)
    words = [word.strip(".") for word in read(raw).text.split() if word.startswith("word")]
    assert words == list(tree.words)
    assert [file.name for file in mime.attachments(raw)] == list(tree.files)


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("stub", STUBS)
def test_a_stub_hides_nothing(stub: str, encoding: str) -> None:
    """Neither as the plain form of a page, nor before or behind it, nor where the page ends with it as well."""
    html = leaf(page(PLEA), "text/html", encoding=encoding)
    both = leaf(page(f"<p>{PLEA}</p><p>{stub}</p>"), "text/html", encoding=encoding)
    plain = leaf(stub, encoding=encoding)
    for body in (
        several("alternative", plain, html),
        several("alternative", plain, both),
        several("alternative", plain, several("related", html, leaf("GIF", "image/gif"), boundary="c")),
        several("mixed", html, plain),
        several("mixed", plain, html),
    ):
        assert PLEA in read(HEADER + body).text


def test_the_plain_form_is_taken_where_both_say_the_same() -> None:
    """Broken into other lines, with links written out, or as a second part instead of a second form."""
    plain = "Dear council,\n\nthe light is broken\nsince Monday: see this page <http://x.example/1> .\n"
    link = '<a href="http://x.example/1">this page</a>'
    html = f"<p>Dear council,</p><p>the light is <b>broken</b> since Monday: see {link}.</p>"
    for kind in ("alternative", "mixed"):
        raw = HEADER + several(kind, leaf(plain), leaf(page(html), "text/html"))
        assert read(raw).text.split() == plain.split()


def test_words_that_only_one_form_has_are_kept() -> None:
    """Where the plain form says one thing and the page another, both are read."""
    raw = HEADER + several("alternative", leaf("The boiler is broken."), leaf(page("I smell gas."), "text/html"))
    assert "The boiler is broken." in read(raw).text
    assert "I smell gas." in read(raw).text


@pytest.mark.parametrize(
    "fields",
    [
        'Content-Type: multipart/mixed;\nboundary="b"\n',
        'Content-Type: multipart/mixed;\nBOUNDARY = "b"\nX-Later: yes\n',
        "Content-Type: multipart/mixed;\nboundary=b\nX-Later: yes\n",
        "Content-Type: multipart/mixed\n",
        'Content-Type: multipart/mixed; boundary=""\n',
        'Content-Type: multipart/mixed; boundary="another"\n',
        "Content-Type: multipart; boundary=b\n",
        "Content-Type: text/plain; boundary=b\n",
    ],
)
@pytest.mark.parametrize("preamble", ["", "This is a message in MIME format.\n", "-- \nDan\n"])
def test_the_first_delimiter_of_the_body_tells_where_no_field_does(fields: str, preamble: str) -> None:
    """Whether the parameter is missing, wrong, empty, or on a line that nobody indented."""
    body = several("mixed", leaf(PLEA, encoding="base64"), leaf("x", "application/pdf", encoding="base64"))
    raw = HEADER + fields.encode() + b"\n" + preamble.encode() + body[body.index(b"--b") :]
    message = read(raw)
    assert message.text.strip() == PLEA
    assert message.mail is not None
    assert message.mail.parts == ("text/plain", "application/pdf")


@pytest.mark.parametrize("blank", [" \n", "\t\n", "  \t \n", ""])
@pytest.mark.parametrize("line", [PLEA, f'"{PLEA}"', "We: the family of Ann, were thrown out."])
def test_a_line_that_is_no_field_ends_the_header(blank: str, line: str) -> None:
    """In a mail and in a part of it, with white space where the empty line should be, or with nothing."""
    fields = "Content-Type: text/plain; charset=utf-8\n"
    words = line if " " in line.partition(":")[0] else PLEA
    assert words in read(HEADER + f"{fields}{blank}{words}\n\nMore.\n".encode()).text
    part = several("mixed", f"{fields}{blank}{words}\n\nMore.\n".encode())
    assert words in read(HEADER + part).text
    assert words in read(HEADER + several("mixed", f"{words}\n\nMore.\n".encode())).text


@pytest.mark.parametrize("junk", [" \n", "HTTP/1.1 200 OK\n", "continued without a space\n", "X-Größe: 7\n"])
def test_an_author_below_a_line_that_is_no_field_is_found(junk: str) -> None:
    """It is damage in the header: whoever wrote is answered, and the words are those below the empty line."""
    message = read(f"{junk}From: Dan <dan@residents.example>\nSubject: Help\n\n{PLEA}".encode())
    assert message.sender is not None
    assert message.sender.address == "dan@residents.example"
    assert message.text == PLEA


@pytest.mark.parametrize("footer", ["____\nThis list is run by X.\n", "\n-- \nScanned by a gateway.\n"])
@pytest.mark.parametrize("text", [PLEA, "Nie mamy gdzie spać.", "x" * 200])
def test_a_footer_below_base64_spoils_nothing(text: str, footer: str) -> None:
    """Old lists and gateways write it below the encoded text."""
    message = read(HEADER + leaf(text, encoding="base64") + footer.encode())
    assert message.text == f"{text}\n{footer.strip()}"


@pytest.mark.parametrize("encoding", ["8bit", "base64"])
@pytest.mark.parametrize("own", ["", "Please see below."])
def test_an_enclosed_mail_is_read_and_introduced(own: str, encoding: str) -> None:
    """Alone or beside words, in a mail or as the whole of it; where there are own words these are the new ones."""
    inner = b"From: Ann <ann@residents.example>\nSubject: =?utf-8?q?Caf=C3=A9?=\n" + leaf(PLEA, encoding=encoding)
    enclosed = b"Content-Type: message/rfc822\n\n" + inner
    message = read(HEADER + several("mixed", leaf(own), enclosed))
    assert PLEA in message.text
    assert "From: Ann <ann@residents.example>\nSubject: Café\n" in message.text
    assert message.mail is not None
    assert message.mail.parts == ("text/plain", "message/rfc822")
    assert quoting.new_words(message.text).strip() == (own or message.text.strip())
    assert PLEA in read(HEADER + enclosed).text
    twice = b"Content-Type: message/rfc822\n\nFrom: Bo <bo@residents.example>\n" + several("mixed", enclosed)
    assert PLEA in read(HEADER + twice).text


def test_a_mail_in_a_file_that_has_only_a_name_is_read() -> None:
    """Some programs call everything octets."""
    fields = b'Content-Type: application/octet-stream; name="help.eml"\nContent-Disposition: attachment\n'
    inner = b"From: Ann <ann@residents.example>\n" + leaf(PLEA)
    raw = HEADER + several("mixed", leaf("See."), fields + b"Content-Transfer-Encoding: 8bit\n\n" + inner)
    assert PLEA in read(raw).text
    assert [file.name for file in mime.attachments(raw)] == ["help.eml"]


def test_a_mail_that_a_report_returns_is_not_what_its_sender_says() -> None:
    """Our own receipt comes back in a bounce; the bounce says something else."""
    returned = b"Content-Type: message/rfc822\n\nSubject: x\n\n" + PLEA.encode()
    status = b"Content-Type: message/delivery-status\n\nAction: failed\n"
    raw = HEADER + several("report", leaf("It could not be delivered."), status, returned)
    assert read(raw).text.strip() == "It could not be delivered."


def test_mails_inside_mails_end_somewhere() -> None:
    """What was forwarded again and again is read to a depth, then it is a file; that is no fault."""
    raw = HEADER + b"Content-Type: message/rfc822\n\n" + b"From: a@b.example\nContent-Type: message/rfc822\n\n" * 12
    message = read(raw + b"Subject: x\n\nnever read")
    assert "never read" not in message.text
    assert message.fault == ""


def test_the_files_inside_an_enclosed_mail_are_listed() -> None:
    """After the mail itself."""
    photo = leaf("x", "image/png", extra='Content-Disposition: attachment; filename="roof.png"\n')
    inner = b"Content-Type: message/rfc822\n\nFrom: a@b.example\n" + several("mixed", leaf("See."), photo, boundary="c")
    files = mime.attachments(HEADER + several("mixed", inner))
    assert [(file.name, file.kind) for file in files] == [("", "message/rfc822"), ("roof.png", "image/png")]


@pytest.mark.parametrize("disposition", ["inline", "INLINE; filename=a.txt", 'inline; filename="message.html"', ""])
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/enriched", "text/markdown", "text/x-unknown"])
def test_text_that_is_shown_in_its_place_is_words(kind: str, disposition: str) -> None:
    """With a file's name as well, and of whatever type that people read."""
    extra = f"Content-Disposition: {disposition}\n" if disposition else ""
    raw = HEADER + several("mixed", leaf(PLEA, f'{kind}; name="a.txt"', extra=extra))
    assert PLEA in read(raw).text
    assert mime.attachments(raw) == []


@pytest.mark.parametrize("kind", ["text/calendar", "text/vcard", "text/x-vcard", "application/pgp-signature"])
def test_data_is_a_file(kind: str) -> None:
    """Text for programs says nothing to people."""
    raw = HEADER + several("mixed", leaf("Hello."), leaf("BEGIN:X", kind))
    assert read(raw).text.strip() == "Hello."
    assert [file.kind for file in mime.attachments(raw)] == [kind]


def test_a_text_that_is_sent_as_a_file_is_words_where_there_are_no_others() -> None:
    """Somebody who sends nothing but letter.txt is heard; beside other words it is a file."""
    file = leaf(PLEA, extra='Content-Disposition: attachment; filename="letter.txt"\n')
    assert read(HEADER + several("mixed", file)).text.strip() == PLEA
    assert read(HEADER + file).text.strip() == PLEA
    assert read(HEADER + several("mixed", leaf("Hello."), file)).text.strip() == "Hello."
    assert [attachment.name for attachment in mime.attachments(HEADER + file)] == ["letter.txt"]


@pytest.mark.parametrize(
    ("parameters", "sent", "text"),
    [
        ("", "We have \nno heating \nat all.\n\nDan", "We have no heating at all.\n\nDan"),
        ("; delsp=yes", "We have  \nno heat \ning.", "We have no heating."),
        ("", "> It is \n> cold.\nYes.", "> It is cold.\nYes."),
        ("", ">> deep \n> less \nnone", "> > deep \n> less \nnone"),
        ("", " >no quotation\n From here", ">no quotation\nFrom here"),
        ("", "Dan \n-- \nDan Lee", "Dan \n-- \nDan Lee"),
    ],
)
def test_flowed_lines_are_joined(parameters: str, sent: str, text: str) -> None:
    """RFC 3676: soft line ends, quotations, stuffed spaces, the separator of a signature."""
    raw = HEADER + f"Content-Type: text/plain; format=flowed{parameters}\n\n{sent}".encode()
    assert read(raw).text == text


def test_enriched_text_is_read_without_its_commands() -> None:
    """RFC 1896: commands, parameters, a doubled angle bracket, line ends."""
    text = "<bold>I am</bold> <color><param>red</param>cold</color>\nnow <<3\n\nDan"
    assert read(HEADER + leaf(text, "text/enriched")).text == "I am cold now <3\nDan"


@pytest.mark.parametrize("beginning", ["Dear Sir or Madam,", "Dear housing team, I am writing to you because my"])
def test_a_plain_text_that_stops_early_hides_nothing_of_the_page(beginning: str) -> None:
    """Such as a greeting alone, or the preview of a mail program."""
    page = f"<html><body><p>{beginning} husband has left.</p><p>{PLEA}</p></body></html>"
    assert PLEA in read(HEADER + several("alternative", leaf(beginning), leaf(page, "text/html"))).text
