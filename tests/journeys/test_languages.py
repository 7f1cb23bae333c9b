"""A person who writes in Polish to a running service is answered in Polish, with the English beneath."""

import re
import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from bot.render.language_words import of_code
from tests.components import service as configured
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until
from tests.components.service import Service
from tests.flows.test_languages import SENTENCES
from tests.render.letters import parts

WAYS = "customer.services@example.gov.uk"


def _letters(directory: Path) -> dict[str, EmailMessage]:
    """Every mail that has left, by its recipient."""
    letters = (message_from_bytes(path.read_bytes(), policy=policy.default) for path in directory.rglob("*.eml"))
    return {str(letter["To"]): letter for letter in letters}


def test_each_person_is_answered_in_their_own_language(tmp_path: Path) -> None:
    """In by LMTP, out as a mail: Polish first, Arabic from right to left, offers where nothing is known."""
    port = free_port()
    people = {"pl": SENTENCES["pl"], "ar": SENTENCES["ar"], "unknown": "OK"}
    service = Service(tmp_path, [configured.LMTP.format(port=port), configured.LOOPBACK])
    path = service.config / "ackbot.toml"
    languages = '[organisation]\nlanguages = ["en", "cy", "pl", "ar"]'
    path.write_text(path.read_text(encoding="utf-8").replace("[organisation]", languages, 1), encoding="utf-8")
    with service, smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_SECONDS) as client:
        for name, words in people.items():
            sender = f"{name}@residents.example"
            head = f"From: <{sender}>\r\nTo: <{WAYS}>\r\nMessage-ID: <{sender}>\r\n"
            kind = "Content-Type: text/plain; charset=utf-8\r\n"
            client.sendmail(sender, [WAYS], f"{head}Subject: A bin\r\n{kind}\r\n{words}\r\n".encode())
        wait_until(lambda: len(_letters(tmp_path)) == len(people), what="every receipt has left")
    letters = {name: _letters(tmp_path)[f"{name}@residents.example"] for name in people}
    polish, arabic, english = (parts(letters[name]) for name in people)
    assert re.fullmatch(r"Mamy .+ / We have your message: EX-\w{4}-\w{4}", str(letters["pl"]["Subject"]))
    assert polish[0].startswith(of_code("pl").english_beneath)
    assert "Your reference: EX-" in polish[0]
    assert '<html lang="ar" dir="rtl">' in arabic[1]
    assert '<div lang="en" dir="ltr">' in arabic[1]
    assert re.search(r'<bdi dir="ltr">EX-\w{4}-\w{4}</bdi>', arabic[1])
    assert of_code("cy").offer in english[0]
