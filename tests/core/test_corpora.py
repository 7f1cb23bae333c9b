"""Mail that others have collected: every one is read and judged, and none that shows itself as automatic is answered.

Nothing of it is copied here: it is read from where Python and the package `bounced` are installed.
"""

import email
import re
from email.message import Message
from pathlib import Path

import pytest

from bot.core.intakes import Facts, Verdict, triage
from bot.core.messages import Inbound
from bot.wire.mail import mime
from tests.corpus_of_python import MAILS, folders_of

BOUNCES = [
    path
    for folder in folders_of("bounced")
    for kind in ("flufl_bounce", "bounce_email/bounces", "bounces")
    for path in sorted((folder / "tests" / kind).glob("*.eml"))
]


def judged(path: Path) -> tuple[Inbound, Verdict]:
    """The mail in this file, and what becomes of it."""
    message = mime.read(path.read_bytes(), channel="inbox", received_at=None)
    return message, triage(message, Facts())


def _values(message: Message, *names: str) -> list[str]:
    return [str(value).strip().lower() for name in names for value in message.get_all(name, [])]


def betrayed(message: Message) -> list[str]:
    """What in a header shows that a program sent it, found by the standard library and without any of our rules."""
    signs = {
        "auto-submitted": any(not value.startswith("no") for value in _values(message, "auto-submitted")),
        "precedence": any(re.match(r"bulk|list|junk|auto.reply", value) for value in _values(message, "precedence")),
        "list": any(name.lower().startswith("list-") for name in message),
        "null sender": "<>" in _values(message, "return-path"),
        "report": any(value.startswith("multipart/report") for value in _values(message, "content-type")),
        "system": any(
            re.search(r"(?:^|[<\s])(?:mailer-daemon|postmaster|majordomo|listserv|no-?reply)@", value)
            for value in _values(message, "from", "return-path")
        ),
        "reply mark": bool(_values(message, "x-autoreply", "x-autorespond", "x-mail-autoreply")),
    }
    return [name for name, shown in signs.items() if shown]


@pytest.mark.parametrize("corpus", ["Python's own tests", "bounced"])
def test_no_collected_mail_is_a_trap(corpus: str) -> None:
    """Each is read without a fault and judged; what a header betrays as automatic is never acknowledged."""
    paths = MAILS if corpus != "bounced" else BOUNCES
    if not paths:
        pytest.skip(f"the mails of {corpus} are not installed")
    shown = 0
    for path in paths:
        message, verdict = judged(path)
        signs = betrayed(email.message_from_bytes(path.read_bytes()))
        shown += bool(signs)
        assert message.fault == "", path
        assert not (signs and verdict.outcome == "acknowledge"), (path, signs, verdict)
    assert len(paths) >= 40
    assert shown >= 5


def test_hardly_any_real_bounce_looks_like_a_person() -> None:
    """Without any automatic header, and from an address like any other, a bounce shows only by where it arrives."""
    taken = [path.stem for path in BOUNCES if judged(path)[1].outcome not in ("log", "undeliverable")]
    assert len(BOUNCES) >= 150
    assert len(taken) <= 5, taken
