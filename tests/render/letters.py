"""An organisation's composer, and its mail as a mail program reads it."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from bot.render.compose import Composer
from bot.render.mail_bytes import Envelope
from bot.render.samples import SAMPLES

TEMPLATES = Path(__file__).parents[2] / "templates"
CONSTANTS = {
    "organisation": "Cyngor Sir Ynys Môn",
    "phone": "0300 123 2224",
    "website": "https://www.example.gov.uk",
    "bsl_url": "https://www.example.gov.uk/bsl",
    "site": "https://contact.example.gov.uk",
}
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
COMPOSER = Composer([TEMPLATES], CONSTANTS)


def acknowledgement(envelope: Envelope = ENVELOPE, **changes: object) -> bytes:
    """An acknowledgement with some values changed."""
    return COMPOSER.compose("acknowledgement", SAMPLES["acknowledgement"] | changes, envelope)


def own_template(folder: Path, body: str, *, subject: str = "x", name: str = "acknowledgement") -> Composer:
    """The composer of an organisation that has written one template itself."""
    front = f"+++\nsubject = '{subject}'\npurpose = 'To try it.'\n+++\n"
    return own_file(folder, front + body, name=name)


def own_file(folder: Path, source: str, *, name: str = "acknowledgement") -> Composer:
    """Likewise, with its front matter as given."""
    (folder / "messages" / "en").mkdir(parents=True, exist_ok=True)
    (folder / "messages" / "en" / f"{name}.md").write_text(source, encoding="utf-8")
    return Composer([folder, TEMPLATES], CONSTANTS)


def parsed(raw: bytes) -> EmailMessage:
    """The mail as a mail program reads it."""
    return message_from_bytes(raw, policy=policy.default)


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Its text and its HTML."""
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    return text.get_content().replace("\r\n", "\n"), page.get_content().replace("\r\n", "\n")
