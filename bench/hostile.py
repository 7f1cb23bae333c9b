"""Mail designed to be expensive: the cost of reading and judging it and finding its new words, from 10 KB to 10 MB.

    python -m bench.hostile SHAPE OCTETS    (one measurement, as JSON; each has a process of its own)

`exponent` is the power of the size with which the time grows from 1 MB to 10 MB, `steepest` the greatest between any
two sizes of which the larger takes a millisecond: 1 is linear, 0 is capped. A steep one is only harmless below a cap.
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from time import process_time

from bench import rig
from bot.core.intakes import Facts, triage
from bot.wire.mail import mime, quoting
from tests.components.forked import ROOT

SIZES = {"10_kb": 10_000, "100_kb": 100_000, "1_mb": 1_000_000, "10_mb": 10_000_000}
_NOISE = 0.001  # seconds
_FACTS = Facts(frozenset({"enquiries@example.gov.uk"}), authserv_id="mx.example.gov.uk")
_HEADER = b"From: Ann <ann@residents.example>\r\nMessage-ID: <1@residents.example>\r\n"
_HTML = _HEADER + b"Content-Type: text/html; charset=utf-8\r\n\r\n"
_MIXED = _HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
_PART = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n'
_BOUNCE = b"From: mailer-daemon@x.example\r\nTo: enquiries+b7.abcdefghijkl@example.gov.uk\r\n\r\n"
_RESULT = b"Authentication-Results: mx.example.gov.uk; spf=pass (p=none) smtp.mailfrom=a.example; dkim=none;\r\n"


def _fill(before: bytes, piece: bytes, size: int, after: bytes = b"\r\n\r\nhello\r\n") -> bytes:
    return before + piece * max(1, (size - len(before) - len(after)) // len(piece)) + after


def _nest(size: int) -> bytes:
    levels = size // len(_PART % (10_000, 10_000))
    return _HEADER + b"".join(_PART % (level, level) for level in range(levels)) + b"\r\nhello\r\n"


def _look_alikes(size: int) -> bytes:
    """Return 29 levels, where each boundary begins the next: the lines concern all of them."""
    headers = (
        b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n" % (b"b" * n, b"b" * n) for n in range(1, 29)
    )
    return _fill(_HEADER + b"".join(headers) + b"\r\n", b"--" + b"b" * 29 + b"x\r\n", size)


SHAPES: dict[str, Callable[[int], bytes]] = {
    "many header fields": lambda size: _fill(_HEADER, b"X-A: b\r\n", size),
    "one long folded field": lambda size: _fill(_HEADER + b"X-A: b", b"\r\n b", size),
    "a long Received field": lambda size: _fill(_HEADER + b"Received: from a", b" (by b (c", size),
    "nested parts": _nest,
    "parts in a row": lambda size: _fill(_MIXED, b"--b\r\n\r\nx\r\n", size),
    "base64 body": lambda size: _fill(
        _HEADER + b"Content-Transfer-Encoding: base64\r\n\r\n", b"QUJD" * 18 + b"\r\n", size
    ),
    "broken base64": lambda size: _fill(_HEADER + b"Content-Transfer-Encoding: base64\r\n\r\n", b"Q=UJD-", size),
    "quoted-printable body": lambda size: _fill(
        _HEADER + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n", b"=C3=A9=\r\n", size
    ),
    "octets of no charset": lambda size: _fill(_HEADER + b"\r\n", b"\x81\x8d\xfe", size),
    "encoded words": lambda size: _fill(_HEADER + b"Subject:", b" =?utf-8?q?=C3=A9?=\r\n", size),
    "encoded words in many fields": lambda size: _fill(_HEADER, b"X-A: =?utf-8?b?w6k=?= =?x\r\n", size),
    "unfinished encoded words": lambda size: _fill(_HEADER + b"Subject: ", b"=?a?q?", size),
    "boundary look-alikes": lambda size: _fill(_MIXED, b"--bx\r\n", size),
    "boundary look-alikes at every level": _look_alikes,
    "half boundaries": lambda size: _fill(_MIXED, b"\r\n--b ", size),
    "references": lambda size: _fill(_HEADER + b"References:", b" <1@x.example>\r\n", size),
    "unfinished references": lambda size: _fill(_HEADER + b"References: ", b"<a", size),
    "many references fields": lambda size: _fill(_HEADER, b"References: <1@x.example>\r\n", size),
    "addresses": lambda size: _fill(b"From: ", b"a@b.example, ", size),
    "names and comments": lambda size: _fill(b"From: ", b'"a" (b) <a@b>,\r\n ', size),
    "open comments": lambda size: _fill(b"From: ", b"(", size),
    "many From fields": lambda size: _fill(b"", b"From: a@b.example\r\n", size),
    "recipients": lambda size: _fill(_HEADER + b"To: ", b"a@b.example,\r\n ", size),
    "parameters": lambda size: _fill(_HEADER + b"Content-Type: text/plain", b";a=b", size),
    "authentication results": lambda size: _fill(_HEADER, _RESULT, size),
    "long authentication results": lambda size: _fill(_HEADER, _RESULT.strip() + b" spf=pass;" * 380 + b"\r\n", size),
    "comments in an authentication result": lambda size: _fill(_HEADER + _RESULT.strip(), b" (", size),
    "one long authentication result": lambda size: _fill(_HEADER + _RESULT.strip(), b" (a) spf=pass;", size),
    "nested HTML": lambda size: _fill(_HTML, b"<div>", size),
    "HTML attributes": lambda size: _fill(_HTML + b"<p", b" a=b", size),
    "HTML tables": lambda size: _fill(_HTML, b"<table><tr><td>a", size),
    "broken HTML": lambda size: _fill(_HTML, b"<a <b '", size),
    "a bounce of empty lines": lambda size: _fill(_BOUNCE, b"\r\n", size),
    "a bounce of addresses": lambda size: _fill(_BOUNCE, b"550 5.1.1 <a@b.example>... User unknown\r\n", size),
    "empty lines": lambda size: _fill(_HEADER + b"\r\n", b"\r\n", size),
    "one line": lambda size: _fill(_HEADER + b"\r\n", b"a", size),
    "NULs": lambda size: _fill(b"", b"\0", size),
    "carriage returns": lambda size: _fill(b"", b"X-A: b\r", size),
}


def growth() -> None:
    """Measure every shape in every size."""
    for shape in SHAPES:
        costs = {name: _measure_apart(shape, size) for name, size in SIZES.items()}
        seconds = [cost["seconds"] for cost in costs.values()]
        steps = [_exponent(a, b) for a, b in pairwise(seconds)]
        rig.show(
            benchmark="hostile mail",
            shape=shape,
            **{f"seconds_{name}": cost["seconds"] for name, cost in costs.items()},
            **{f"megabytes_{name}": cost["megabytes"] for name, cost in costs.items()},
            exponent=steps[-1],
            steepest=max(steps),
            ratio=seconds[-1] / seconds[-2],
        )


def _exponent(smaller: float, larger: float) -> float:
    """Return the exponent of growth for ten times the size; times below a millisecond are too short to compare."""
    return max(0.0, math.log10(larger / max(smaller, _NOISE / 10))) if larger > _NOISE else 0.0


def _measure_apart(shape: str, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.hostile", shape, str(size)]
    output = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600, check=True).stdout
    result: dict[str, float] = json.loads(output)
    return result


def measure(shape: str, size: int) -> None:
    """Print the CPU seconds of reading and judging (the best of three), and the memory beyond the mail itself."""
    _judge(_HEADER + b"\r\n\x81\xfe hello")  # load what is loaded on first use
    raw = SHAPES[shape](size)
    resident_before = rig.resident_megabytes(os.getpid())
    best = min(_judge(raw) for _ in range(3))
    print(json.dumps({"seconds": best, "megabytes": max(0.0, rig.cost(os.getpid()).peak_megabytes - resident_before)}))


def _judge(raw: bytes) -> float:
    start = process_time()
    message = mime.read(raw, channel="inbox", received_at=None)
    triage(message, _FACTS)
    quoting.new_words(message.text)
    return process_time() - start


if __name__ == "__main__":
    measure(sys.argv[1], int(sys.argv[2]))
