"""The mail of the benchmarks: the same every time, with the sizes that a council sees."""

import random
from email.message import EmailMessage
from email.policy import SMTP

WORDS = ("road", "light", "bin", "council", "tax", "garden", "letter", "school", "bridge", "permit", "damp", "noise")


def mails(count: int) -> list[bytes]:
    """`count` mails: median about 6 KB, a tenth with an attachment, nine in ten from people, the rest from robots."""
    chance = random.Random(20261123)
    return [_mail(number, chance) for number in range(count)]


def _mail(number: int, chance: random.Random) -> bytes:
    mail = EmailMessage(policy=SMTP)
    sender = f"resident{number}@residents{number % 97}.example"
    mail["Received"] = (
        f"from mx.residents.example by mx.council.test with ESMTP id {number:08X}; Mon, 23 Nov 2026 09:15:00 +0000"
    )
    mail["From"] = f"Resident {number} <{sender}>"
    mail["To"] = "customer.services@example.gov.uk"
    mail["Subject"] = f"About the {chance.choice(WORDS)} and the {chance.choice(WORDS)}"
    mail["Message-ID"] = f"<bench.{number}@residents.example>"
    mail["Date"] = "Mon, 23 Nov 2026 09:15:00 +0000"
    if number % 10 == 9:
        mail["Auto-Submitted"] = "auto-generated"
    text = "\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(chance.randint(20, 80)))
    mail.set_content(text)
    if number % 2:
        mail.add_alternative("<p>" + text.replace("\n", "</p>\n<p>") + "</p>", subtype="html")
    if number % 10 == 4:
        mail.add_attachment(chance.randbytes(30_000), maintype="image", subtype="jpeg", filename="photo.jpg")
    return mail.as_bytes()
