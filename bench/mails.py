"""The mail of the benchmarks: always the same, with the sizes and the languages of mail to a council."""

import random
from email.message import EmailMessage
from email.policy import SMTP

WORDS = ("road", "light", "bin", "council", "tax", "garden", "letter", "school", "bridge", "permit", "damp", "noise")

# Sentences, because lists of nouns take another path through the code. One mail in twenty is not English.
ENGLISH = (
    "The {} in our street has been broken for three weeks and nobody has come.",
    "Please can you tell me when somebody will look at the {} and the {} here.",
    "I rang about the {} on Monday, and I was told that you would write back.",
    "My neighbours have the same trouble with the {} outside of their house.",
    "We have sent you two letters about the {}, and there was no answer yet.",
    "It is not safe for the children who walk past the {} on their way home.",
    "I have a picture of the {} and I can send it to you if that would help.",
    "There was a {} here before, and it was taken away without any notice.",
    "Could you please say who is looking after the {} and what happens next.",
    "Thank you for the help with the {} last year, that was very kind of you.",
)
POLISH = (
    "Na naszej ulicy od trzech tygodni nie ma światła i nikt nie przyjechał.",
    "Proszę mi powiedzieć, kiedy ktoś naprawi drogę przed naszym domem.",
    "Dzwoniłam w poniedziałek i powiedziano mi, że dostanę odpowiedź na piśmie.",
    "Moi sąsiedzi mają ten sam kłopot i też czekają na wiadomość od państwa.",
)
NOT_ENGLISH = 20


def mails(count: int) -> list[bytes]:
    """Return mails: median about 6 KB, a tenth with an attachment, nine in ten from people, the rest from robots."""
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
    sentences = POLISH if number % NOT_ENGLISH == 3 else ENGLISH
    lines = (chance.choice(sentences).format(*chance.choices(WORDS, k=2)) for _ in range(chance.randint(20, 80)))
    text = "\n".join(lines)
    mail.set_content(text)
    if number % 2:
        mail.add_alternative("<p>" + text.replace("\n", "</p>\n<p>") + "</p>", subtype="html")
    if number % 10 == 4:
        mail.add_attachment(chance.randbytes(30_000), maintype="image", subtype="jpeg", filename="photo.jpg")
    return mail.as_bytes()
