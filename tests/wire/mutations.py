"""Mail as accidents and enemies leave it: our own corpus with octets changed, lost, doubled and put elsewhere.

One seed makes one mail, always the same, so that a seed is all that a report of a fault needs.
"""

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "payloads" / "mail"

Mutation = Callable[[bytes, random.Random], bytes]

_ENCODINGS = rb"base64 quoted-printable 7bit 8bit binary x-uuencode =?utf-8?q?base64?= BASE64;".split()
_CHARSETS = (
    rb"utf-8 utf-7 utf-16 utf-32 us-ascii iso-2022-jp iso-2022-kr hz koi8-u gb18030 big5 cp037 idna punycode"
    rb" unicode_escape rot13 zlib undefined utf-8-sig latin-1 x-unknown"
).split()
_VALUE = re.compile(rb"(?i)(?<=charset=)[^\s;]+|(?<=transfer-encoding: )\S+")
_STRUCTURE = re.compile(rb"[<>@\"()=?;:,\r\n]|--|boundary|=\?")
# What the corpus has little of: the fields that the rules ask about, broken in the ways that break parsers.
_FIELDS = rb"""Authentication-Results: mx.example.gov.uk; dmarc=pass (p=none) header.from=a.example; spf=fail
Authentication-Results: mx.example.gov.uk 1; dkim=pass header.d="a;b" policy.x=; (((
Authentication-Results: mx.example.gov.uk; none; =; dmarc
Message-ID: <[x@microsoft.com]>
Content-Type: text/plain; name*
Content-Type: multipart/mixed; boundary*0="a; boundary*1*=%0d%0a
Content-Type: message/rfc822
Content-Type: multipart/report; report-type=delivery-status; boundary=""
Content-Disposition: attachment; filename*=utf-16''%ff
From: "
From: (c):
From: !an??:=m==fr2@[C
From: =?utf-8?q?=00=0d=0a?= <a@b.example>, ;:<
Reply-To: <@@>, undisclosed:;
Return-Path: <prvs=0=@>
Return-Path: <SRS0=a=b=c=@x.example>
Auto-Submitted: (no (no) no
Precedence:
References: <<<>>> <a@b> <
Subject: =?utf-8?b?w4rD?= =?utf-8?b?=?= =?x?q?""".split(b"\n")

# Deeper than parsers that call themselves can bear.
_DEEP = (
    b"Authentication-Results: mx.example.gov.uk; spf=" + b" (" * 1_900,
    b"From: " + b"(" * 1_900,
    b"Auto-Submitted: " + b"(" * 1_900,
)


@cache
def corpus() -> tuple[bytes, ...]:
    """The mails that are mutated."""
    return tuple(path.read_bytes() for path in sorted(CORPUS.glob("*.eml")))


def mutated(seed: int) -> bytes:
    """The mail of this seed: one of the corpus after one to six mutations."""
    chance = random.Random(seed)
    raw = chance.choice(corpus())
    for _ in range(chance.randint(1, 6)):
        raw = chance.choice(MUTATIONS)(raw, chance)
    return raw


def _place(raw: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(raw))


def _flipped(raw: bytes, chance: random.Random) -> bytes:
    octets = bytearray(raw or b"\0")
    for _ in range(chance.randint(1, 12)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


def _cut(raw: bytes, chance: random.Random) -> bytes:
    start, end = sorted((_place(raw, chance), _place(raw, chance)))
    return chance.choice((raw[:start], raw[end:], raw[:start] + raw[end:]))


def _doubled(raw: bytes, chance: random.Random) -> bytes:
    start = _place(raw, chance)
    block, at = raw[start : start + chance.randint(1, 400)], _place(raw, chance)
    return raw[:at] + block * chance.choice((1, 2, 30)) + raw[at:]


def _spliced_header(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    other = chance.choice(corpus()).partition(b"\n\n")[0].split(b"\n")
    lines.insert(chance.randint(0, min(len(lines), 20)), chance.choice((*_FIELDS, *_DEEP, chance.choice(other))))
    return b"\n".join(lines)


def _crossed(raw: bytes, chance: random.Random) -> bytes:
    other = chance.choice(corpus())
    return raw[: _place(raw, chance)] + other[_place(other, chance) :]


def _encoded_otherwise(raw: bytes, chance: random.Random) -> bytes:
    return _VALUE.sub(lambda _: chance.choice((*_ENCODINGS, *_CHARSETS)), raw, count=chance.randint(1, 4))


def _transcoded(raw: bytes, chance: random.Random) -> bytes:
    head, blank, body = raw.partition(b"\n\n")
    text = body.decode("utf-8", "replace")
    return head + blank + text.encode(chance.choice(("utf-16", "utf-7", "cp1251", "shift_jis", "cp037")), "replace")


def _without_structure(raw: bytes, chance: random.Random) -> bytes:
    marks = list(_STRUCTURE.finditer(raw))
    if not marks:
        return raw
    mark = chance.choice(marks)
    return raw[: mark.start()] + chance.choice((b"", mark[0] * 2, b"\0", b"\r", b"\xff")) + raw[mark.end() :]


MUTATIONS: tuple[Mutation, ...] = (
    _flipped,
    _cut,
    _doubled,
    _spliced_header,
    _spliced_header,
    _crossed,
    _encoded_otherwise,
    _transcoded,
    _without_structure,
)
