"""Words in S/MIME that signs and in Outlook's TNEF are read; what cannot be opened is a file."""

import base64
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from compressed_rtf import compress
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from bot.core.messages import Inbound
from bot.wire.mail import mime, rtf
from tests.wire.test_words_of_mail import HEADER, leaf, several

PLEA = "My landlord threw us out tonight."


def read(raw: bytes) -> Inbound:
    """The mail as a channel reads it."""
    return mime.read(raw, channel="inbox", received_at=None)


@cache
def identity() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key, and a certificate that it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Person")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, day, day + timedelta(days=3_650))
    return key, builder.sign(key, SHA256())


def signed(content: bytes) -> bytes:
    """The content in a CMS message that holds it and its signature, in DER."""
    key, certificate = identity()
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def streamed(content: bytes) -> bytes:
    """The same as programs write it that do not know its length beforehand (BER, indefinite lengths)."""
    end = b"\0\0"
    pieces = b"".join(
        b"\x04" + _length(len(content[at : at + 50])) + content[at : at + 50] for at in range(0, len(content), 50)
    )
    data, signed_data = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    inner = b"\x30\x80" + data + b"\xa0\x80\x24\x80" + pieces + end * 3
    return b"\x30\x80" + signed_data + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00" + inner + b"\x31\x00" + end * 3


def _length(size: int) -> bytes:
    return bytes([size])


def sealed(octets: bytes, kind: str = "application/pkcs7-mime; smime-type=signed-data") -> bytes:
    """A mail of this content and nothing else."""
    fields = f'Content-Type: {kind}; name="smime.p7m"\nContent-Transfer-Encoding: base64\n\n'
    return HEADER + fields.encode() + base64.encodebytes(octets)


ENTITIES = {
    "plain": leaf(PLEA),
    "base64": leaf(PLEA, encoding="base64"),
    "page": leaf(f"<p>{PLEA}</p>", "text/html"),
    "with a file": several("mixed", leaf(PLEA), leaf("x", "application/pdf; name=a.pdf")),
}


@pytest.mark.parametrize("seal", [signed, streamed])
@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize(
    "kind",
    [
        "application/pkcs7-mime; smime-type=signed-data",
        "application/x-pkcs7-mime",
        "application/pkcs7-mime",
        "application/octet-stream",
    ],
)
def test_what_is_signed_is_read(entity: str, seal: object, kind: str) -> None:
    """Whoever signed it: the words and files inside are those of the mail."""
    assert callable(seal)
    raw = sealed(seal(ENTITIES[entity]), kind)
    assert read(raw).text.strip() == PLEA
    assert [file.name for file in mime.attachments(raw)] == (["a.pdf"] if entity == "with a file" else [])


def test_a_large_signed_mail_is_read() -> None:
    """The structure is complete only with its last octet, far behind where other mail is read to."""
    content = several("mixed", leaf(PLEA), leaf("x" * 2_000_000, "application/pdf; name=a.pdf"))
    assert PLEA in read(sealed(signed(content))).text


@pytest.mark.parametrize("octets", [b"", b"\x30\x80" * 2_000, signed(b"")[:-40], b"no ASN.1 at all", bytes(400)])
def test_what_cannot_be_opened_is_a_file(octets: bytes) -> None:
    """Broken, cut off, or encrypted."""
    raw = sealed(octets)
    assert read(raw).fault == ""
    assert [file.name for file in mime.attachments(raw)] == ["smime.p7m"]
    encrypted = sealed(signed(ENTITIES["plain"]), "application/pkcs7-mime; smime-type=enveloped-data")
    assert read(encrypted).text.strip() == ""


def attribute(number: int, data: bytes, level: int = 1) -> bytes:
    """An attribute of TNEF (MS-OXTNEF section 2.1.3)."""
    return struct.pack("<BHHI", level, number, 0, len(data)) + data + struct.pack("<H", sum(data) % 65_536)


def property_of(number: int, kind: int, data: bytes) -> bytes:
    """A MAPI property of variable length, the octets padded to four."""
    return struct.pack("<HHII", kind, number, 1, len(data)) + data + bytes(-len(data) % 4)


def properties(*items: bytes) -> bytes:
    """These properties, behind one of a fixed length and one with a name."""
    fixed = struct.pack("<HHI", 3, 0x0017, 1)
    text = "x-id".encode("utf-16-le") + b"\0\0"
    named = struct.pack("<HH", 3, 0x8001) + bytes(16) + struct.pack("<II", 1, len(text)) + text + bytes(-len(text) % 4)
    named += struct.pack("<I", 7)
    return struct.pack("<I", len(items) + 2) + fixed + named + b"".join(items)


def winmail(*attributes: bytes) -> bytes:
    """A file winmail.dat of these attributes."""
    return struct.pack("<IH", 0x223E9F78, 1) + attribute(0x9007, struct.pack("<II", 1251, 0)) + b"".join(attributes)


CYRILLIC = "Нам ніде ночувати."
RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}{\*\generator none;}"
    rb"{\info{\author Nobody}}\pard\f0 caf\'e9 \u8364?20\par\f1 "
    + "".join(f"\\'{octet:02x}" for octet in CYRILLIC.encode("cp1251")).encode()
    + rb"\par}"
)


def forms() -> Iterator[tuple[str, bytes]]:
    """The words in each form in which TNEF has them."""
    yield "body", attribute(0x800C, CYRILLIC.encode("cp1251") + b"\0")
    yield "unicode", attribute(0x9003, properties(property_of(0x1000, 0x1F, CYRILLIC.encode("utf-16-le"))))
    yield "string", attribute(0x9003, properties(property_of(0x1000, 0x1E, CYRILLIC.encode("cp1251") + b"\0")))
    html = f"<p>{CYRILLIC}</p>".encode("koi8-u")
    page = struct.pack("<HHI", 3, 0x3FDE, 21866)
    yield "page", attribute(0x9003, properties(page, property_of(0x1013, 0x102, html)))
    yield "rtf", attribute(0x9003, properties(property_of(0x1009, 0x102, compress(RTF))))


@pytest.mark.parametrize("form", dict(forms()))
@pytest.mark.parametrize("own", ["", "Scanned by a gateway."])
def test_words_in_tnef_are_read(form: str, own: str) -> None:
    """In whatever form, beside a footer or alone, with its files by their own names."""
    file = attribute(0x9002, bytes(14), 2) + attribute(0x8010, b"plan.pdf\0", 2) + attribute(0x800F, b"x" * 9, 2)
    long = attribute(0x9005, properties(property_of(0x3707, 0x1F, "план.pdf\0".encode("utf-16-le"))), 2)
    octets = winmail(dict(forms())[form], file, attribute(0x9002, bytes(14), 2), long)
    part = b'Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\n'
    raw = HEADER + several("mixed", leaf(own), part + base64.encodebytes(octets))
    assert CYRILLIC in read(raw).text
    assert own in read(raw).text
    assert [(file.name, file.size) for file in mime.attachments(raw)] == [("plan.pdf", 9), ("план.pdf", 0)]


def test_tnef_that_repeats_the_text_is_read_once() -> None:
    """Outlook writes the plain text into the open as well."""
    part = b"Content-Type: application/octet-stream; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
    octets = winmail(attribute(0x800C, PLEA.encode()))
    raw = HEADER + several("mixed", leaf(PLEA), part + base64.encodebytes(octets))
    assert read(raw).text.strip() == PLEA


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_broken_tnef_is_no_fault(cut: int) -> None:
    """Wherever it ends, the mail is read."""
    octets = winmail(*dict(forms()).values())[:cut]
    part = b"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
    message = read(HEADER + several("mixed", leaf(PLEA), part + base64.encodebytes(octets)))
    assert message.text.startswith(PLEA)
    assert message.fault == ""


def test_rtf_between_the_words_is_read() -> None:
    """As a part of its own."""
    raw = HEADER + several("mixed", b"Content-Type: text/rtf\n\n" + RTF)
    assert CYRILLIC in read(raw).text


def test_rtf_is_read_without_its_look() -> None:
    """Signs by their number and by their octets, in the charset of their font, without tables and notes."""
    assert rtf.to_text(RTF) == f"café €20\n{CYRILLIC}"
