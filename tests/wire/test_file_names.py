"""A file has the name that its sender gave it, in whatever form that was written, and no name does harm."""

from email.header import Header
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wire.mail import mime
from bot.wire.mail.attached import file_name
from tests.thoroughness import cases

LETTERS = st.characters(categories=("L", "N"), include_characters=" .'%&+()[]{}!#$^~`@=,-_;*") | st.sampled_from(
    "éł議한😁"
)
NAMES = st.text(LETTERS, min_size=1, max_size=60).map(lambda name: f"a{name.strip()}.pdf")


def _percent(name: str, charset: str = "utf-8") -> str:
    return quote(name.encode(charset), safe="")


def _pieces(name: str, size: int) -> str:
    octets = name.encode()
    several = [octets[at : at + size] for at in range(0, len(octets), size)]
    written = [
        f"filename*{n}*={'' if n else chr(39).join(('utf-8', 'en', ''))}{quote(o, safe='')}"
        for n, o in enumerate(several)
    ]
    return ";\r\n ".join(written)


@settings(max_examples=cases(100, 1_000), deadline=None)
@given(NAMES, st.integers(1, 9))
def test_a_name_is_the_same_in_every_form(name: str, size: int) -> None:
    """RFC 2231 in one piece, in pieces that cut characters, in any order; RFC 2047; quoted with its escapes."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    forms = [
        f"filename*=utf-8''{_percent(name)}",
        f"filename*=UTF-8'en'{_percent(name)}; filename=\"other.pdf\"",
        f"filename=\"other.pdf\"; filename*=UTF-8''{_percent(name)}",
        _pieces(name, size),
        ";".join(reversed(_pieces(name, size).split(";"))),
        f'filename="{escaped}"',
        f'filename="{Header(name, "utf-8", maxlinelen=60).encode()}"',
    ]
    expected = " ".join(name.split()) if "  " in name else name
    for form in forms:
        # A fold, and white space between encoded words, may be widened or lost.
        assert " ".join(file_name(f"attachment; {form}", "").split()) == expected


@pytest.mark.parametrize(
    ("disposition", "content_type", "name"),
    [
        ("attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan%20B.pdf", "", "plan B.pdf"),
        ("attachment; filename*=utf-8''Rosie%20O'Brien.pdf", "", "Rosie O'Brien.pdf"),
        ("attachment; filename*=iso-8859-1''caf%E9.pdf", "", "café.pdf"),
        ("attachment; filename*=x-unknown''caf%E9.pdf", "", "café.pdf"),
        ("attachment; filename*=plan%20B.pdf", "", "plan B.pdf"),
        ('attachment; filename*1="-2.pdf"; filename*0="part1"', "", "part1-2.pdf"),
        (
            "attachment; filename*0*=us-ascii'en'This%20is%20; filename*1=\"isn't%20it.pdf\"",
            "",
            "This is isn't%20it.pdf",
        ),
        ('attachment; filename*0="=?UTF-8?Q?p=F0=9F=98="; filename*1="81.pdf?="', "", "p😁.pdf"),
        ("attachment", 'image/png; name="=?utf-8?B?w6k=?=\n =?utf-8?B?w6k=?=.png"', "éé.png"),
        ("attachment; filename==?utf-8?q?caf=C3=A9.pdf?=", "", "café.pdf"),
        ("attachment; filename=scan of page 1.pdf", "", "scan of page 1.pdf"),
        ('attachment; filename="a;b=c.pdf"; size=7', "", "a;b=c.pdf"),
        (r'attachment; filename="say \"hi\".pdf"', "", 'say "hi".pdf'),
        ('attachment; filename="never closed.pdf', "", "never closed.pdf"),
        ('attachment; filename="invoice%20march.pdf"', "", "invoice%20march.pdf"),
        ('attachment; FileName = "a.pdf" ; filename="b.pdf"', "", "a.pdf"),
        ('attachment; filename=""', "application/pdf; name=a.pdf", "a.pdf"),
        ("inline", "application/pdf; name*=utf-8''%C3%A9.pdf", "é.pdf"),
        (r'attachment; filename="C:\Users\Ann\plan.pdf"', "", "plan.pdf"),
        (r'attachment; filename="C:\\Users\\plan.pdf"', "", "plan.pdf"),
        ('attachment; filename="../../etc/passwd"', "", "passwd"),
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd%00.pdf", "", "passwd.pdf"),
        ('attachment; filename="=?utf-8?q?..=2F..=2Fetc=2Fpasswd=00?="', "", "passwd"),
        ("attachment; filename=..", "", ""),
        ("attachment; filename=.", "", ""),
        ("attachment; filename=/", "", ""),
        ("attachment; filename*=utf-8''%0D%0AX-A%3A%20b%1b%5B1m", "", "X-A: b[1m"),
        ("attachment; filename*=utf-8''gnp%E2%80%AE.exe", "", "gnp.exe"),
        ("attachment; filename*=utf-8''a%E2%80%8F%E2%80%8E.exe", "", "a.exe"),
        ("", "", ""),
    ],
)
def test_names_as_senders_write_them(disposition: str, content_type: str, name: str) -> None:
    """Each form of a name, right or wrong, and names that were made to deceive."""
    assert file_name(disposition, content_type) == name


@settings(max_examples=cases(100, 1_000), deadline=None)
@given(st.text(max_size=80), st.sampled_from(["filename*=utf-8''", "filename*0*=utf-8''", 'filename="', "filename="]))
def test_no_name_does_harm(value: str, form: str) -> None:
    """Whatever stands there: one component, short, without controls or characters of direction."""
    raw = f"attachment; {form}{quote(value, safe='', errors='ignore') if '*' in form else value}"
    name = file_name(raw, "")
    assert len(name) <= 200
    assert name not in {".", ".."}
    assert not set(name) & {*map(chr, range(32)), *"\x7f/\\\u202e\u2066\u200f"}
    mail = f"From: a@b.example\nContent-Type: application/pdf\nContent-Disposition: {raw}\n\nx"
    assert len(mime.attachments(mail.encode("utf-8", "replace"))) <= 1
