"""The mail of the benchmarks, made as mail to a council comes, and always the same.

Nine in ten are from people, the rest from programs. The median is 6 KB. Most have HTML beside their text, some only the
one or the other; one in ten has an attachment, one in four quotes a mail that it answers. Bodies are in
quoted-printable (half), base64 (a quarter) or as they are; one in eight is in an older charset than UTF-8, where that
can write it. One in eight is not English. Telephones write typographic quotation marks and dashes, so that little is
ASCII alone.
"""

import random
from collections.abc import Iterator
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP

THINGS = (
    "road",
    "street light",
    "bin",
    "council tax",
    "garden",
    "letter",
    "school",
    "bridge",
    "permit",
    "damp",
    "noise",
)
ENGLISH = (
    "The {} in our street has been broken for three weeks and nobody has come.",
    "Please can you tell me when somebody will look at the {} and the {} here?",
    "I rang about the {} on Monday, and I was told that you\u2019d write back.",
    "My neighbours at no. 14 have the same trouble with the {} outside \u2013 it\u2019s been so for ages.",
    "We\u2019ve sent you two letters about the {}, and there was no answer yet.",
    "It isn\u2019t safe for the children who walk past the {} on their way home.",
    "I have a picture of the {} and I can send it to you if that would help.",
    "There was a {} here before, and it was taken away without any notice.",
    "Could you please say who is looking after the {} and what happens next?",
    "I paid \u00a346.50 for the {} in October and haven\u2019t heard anything since.",
)
OTHERS = {
    "pl": (
        "Na naszej ulicy od trzech tygodni nie ma światła i nikt nie przyjechał.",
        "Proszę mi powiedzieć, kiedy ktoś naprawi drogę przed naszym domem.",
        "Dzwoniłam w poniedziałek i powiedziano mi, że dostanę odpowiedź na piśmie.",
    ),
    "ro": (
        "Pe strada noastră nu este lumină de trei săptămâni și nu a venit nimeni.",
        "Vă rog să-mi spuneți când va repara cineva drumul din fața casei noastre.",
    ),
    "cy": (
        "Mae'r golau yn ein stryd wedi torri ers tair wythnos a does neb wedi dod.",
        "Allwch chi ddweud wrthyf pryd bydd rhywun yn trwsio'r ffordd o flaen ein tŷ?",
    ),
    "uk": (
        "На нашій вулиці вже три тижні немає світла, і ніхто не приїхав.",
        "Скажіть, будь ласка, коли хтось полагодить дорогу перед нашим будинком.",
    ),
    "ur": ("ہماری گلی میں تین ہفتوں سے بتی نہیں ہے اور کوئی نہیں آیا۔", "براہ کرم بتائیں کہ سڑک کب ٹھیک ہوگی۔"),
    "bn": ("আমাদের রাস্তায় তিন সপ্তাহ ধরে আলো নেই এবং কেউ আসেনি।", "দয়া করে বলুন রাস্তাটি কবে মেরামত হবে।"),
    "ar": ("لا يوجد ضوء في شارعنا منذ ثلاثة أسابيع ولم يأت أحد.", "من فضلكم أخبروني متى سيتم إصلاح الطريق."),
}
NAMES = (
    "Sam Green",
    "Zoë Hughes",
    "Łukasz Wójcik",
    "Siân Davies",
    "Олена Коваль",
    "محمد علی",
    "রহিমা বেগম",
    "Ana Gonçalves",
)
OLDER = ("iso-8859-1", "windows-1252", "iso-8859-15")
SIGNATURE = "\n\nKind regards\n{}\n14 Mill Lane, Taunton TA1 3DU\n07700 900{:03}\n\nSent from my phone"
STYLE = "<style>p{margin:0 0 12px;font-family:Calibri,Arial,sans-serif;font-size:11pt}a{color:#0563C1}</style>"


def mails(count: int) -> list[bytes]:
    """Return so many mails."""
    chance = random.Random(20261130)
    return [_mail(number, chance) for number in range(count)]


def _mail(number: int, chance: random.Random) -> bytes:
    name, quoted = chance.choice(NAMES), ""
    fields = [*_head(name, number, chance)]
    if number % 4 == 1:
        steps = range(chance.randint(1, 9))
        fields.append(f"In-Reply-To: <thread.{number}@council.test>")
        fields.append("References: " + "\r\n ".join(f"<thread.{number}.{step}@council.test>" for step in steps))
        quoted = "\n\nOn Fri, 20 Nov 2026 at 10:02, Customer Services wrote:\n" + _quoted(_text(chance, ENGLISH))
    sentences = chance.choice([*OTHERS.values()]) if number % 8 == 3 else ENGLISH
    words = f"Hello,\n\n{_text(chance, sentences)}{SIGNATURE.format(name, number % 1000)}"
    mail = EmailMessage(policy=SMTP)
    _fill(mail, words, quoted, number, chance)
    if number % 10 == 4:
        picture = chance.randbytes(30_000)
        mail.add_attachment(picture, maintype="image", subtype="jpeg", filename="photo of the road.jpg")
    return "".join(f"{field}\r\n" for field in fields).encode() + mail.as_bytes()


def _head(name: str, number: int, chance: random.Random) -> Iterator[str]:
    """Yield header fields, written by hand: the library takes longer over them than the service over the mail."""
    for stop in range(chance.randint(2, 5)):
        yield (
            f"Received: from mx{stop}.residents.example (mx{stop}.residents.example [192.0.2.{stop + 1}])\r\n"
            f"\tby mx{stop + 1}.council.test with ESMTPS id {number:08X}{stop}\r\n"
            "\tfor <customer.services@example.gov.uk>; Mon, 23 Nov 2026 09:15:00 +0000"
        )
    yield f"From: {Header(name).encode()} <resident{number}@residents{number % 97}.example>"
    yield "To: Customer Services <customer.services@example.gov.uk>"
    yield f"Subject: {chance.choice(('', 'Re: ', 'FW: '))}{chance.choice(THINGS)} at no. {chance.randint(1, 90)}"
    yield f"Message-ID: <bench.{number}@residents.example>"
    yield "Date: Mon, 23 Nov 2026 09:15:00 +0000"
    yield "Authentication-Results: mx.council.test; spf=pass smtp.mailfrom=residents.example; dkim=pass; dmarc=pass"
    signature = "\r\n\t".join(f"{chance.getrandbits(256):064x}" for _ in range(5))
    yield f"DKIM-Signature: v=1; a=rsa-sha256; d=residents.example; s=m1;\r\n\tbh={'b' * 43}=;\r\n\tb={signature}"
    for detail in range(chance.randint(0, 12)):
        yield f"X-Provider-Detail-{detail}: {chance.getrandbits(160):040x}"
    if number % 10 == 9:
        yield "Auto-Submitted: auto-generated"


def _text(chance: random.Random, sentences: tuple[str, ...]) -> str:
    """Return some paragraphs: most mails are short, a few very long."""
    count = min(int(chance.lognormvariate(2.45, 0.7)) + 1, 80)
    lines = (chance.choice(sentences).format(*chance.choices(THINGS, k=2)) for _ in range(count))
    return "".join(f"{line}{chance.choice((' ', ' ', chr(10) * 2))}" for line in lines).strip()


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _fill(mail: EmailMessage, words: str, quoted: str, number: int, chance: random.Random) -> None:
    charset = _charset(words + quoted, chance)
    encoding = "base64" if number % 4 == 2 else "quoted-printable" if number % 4 != 3 else "8bit"
    page = _page(words, quoted)
    kind = number % 9
    if kind == 0:  # HTML alone
        mail.set_content(page, subtype="html", charset=charset, cte=encoding)
        return
    mail.set_content(words + quoted, charset=charset, cte=encoding)
    if kind > 2:  # the rest is text alone
        mail.add_alternative(page, subtype="html", charset=charset, cte=encoding)


def _charset(text: str, chance: random.Random) -> str:
    charset = chance.choice(OLDER) if chance.random() < 1 / 8 else "utf-8"
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return "utf-8"
    return charset


def _page(words: str, quoted: str) -> str:
    paragraphs = "".join(
        f"<p class=MsoNormal><span lang=EN-GB>{line}</span></p>\n" for line in words.split("\n") if line
    )
    cited = "<br>\n".join(line.removeprefix("> ") for line in quoted.strip().split("\n"))
    quotation = f'<div class="gmail_quote"><blockquote type="cite">{cited}</blockquote></div>' if quoted else ""
    return f"<html><head>{STYLE}</head><body>{paragraphs}{quotation}</body></html>\n"
