"""A full response, or not: in doubt it is none."""

from dataclasses import replace
from time import thread_time

import pytest

from bot.core.messages import Inbound, Mail, Party
from bot.core.responses import Kind, judge

PERSON, STAFF = "ann@residents.example", "jo@example.gov.uk"

FULL = """
We have repaired the street light outside your house. Thank you for telling us.
Your council tax band is D. You can find the form at https://www.example.gov.uk/tax.
I am sorry that your bin was missed. The crew came back on Tuesday and emptied it.
Your permit is enclosed. It is valid until 31 March.
No, the library is closed on Sundays. It opens on Monday at 9am.
We cannot agree to your request, because the tree is protected. You can appeal to the Planning Inspectorate.
If you have any other questions, please contact us. The pothole was filled this morning.
The garden waste service costs £65 a year. You can pay on our website.
We have refunded £40 to your card. It can take five days to show.
Mae'r golau stryd wedi'i drwsio.
""".strip().splitlines()
HOLDING = """
Thank you for your email. We are looking into this and will get back to you by Friday.
I have passed your report to our highways team.
Your complaint has been forwarded to the housing department.
I'll let you know as soon as I hear from the contractor.
Please can you send us a photo of the damage?
Could you tell us which street this is in?
This is under investigation. A full reply will follow.
In the meantime please keep children away from the wall.
We aim to respond within 10 working days.
We need more time to look at your case, and shall write again next week.
Thank you. An officer will be in touch.
I acknowledge receipt of your letter.
Your request is being considered by the panel.
Thanks!
""".strip().splitlines()


def wrote(text: str = "The light is repaired now.", *, subject: str = "Re: Light", **more: object) -> Inbound:
    """A mail of staff's to the person."""
    fields: dict[str, object] = {"to": (PERSON,)} | more
    about = Mail((), None, from_addresses=(Party(STAFF),), **fields)  # type: ignore[arg-type]
    return Inbound("inbox", "<1@example.gov.uk>", "d" * 64, Party(STAFF), subject=subject, text=text, mail=about)


def kind(message: Inbound) -> Kind:
    """What it is taken for."""
    return judge(message, PERSON, message.text, [STAFF, "sam@example.gov.uk"]).kind


@pytest.mark.parametrize("text", FULL)
def test_an_answer_is_a_full_response(text: str) -> None:
    """It says what was asked for, and promises nothing for later."""
    assert kind(wrote(text)) is Kind.FULL


@pytest.mark.parametrize("text", HOLDING)
def test_what_is_promised_for_later_is_a_holding_reply(text: str) -> None:
    """The clock must run on, and the evidence says why."""
    message = wrote(text)
    judged = judge(message, PERSON, text, [])
    assert judged.kind is Kind.HOLDING
    assert judged.evidence


def test_staff_may_say_it_themselves() -> None:
    """A mark counts more than any word."""
    assert kind(wrote("[full] We will write again only if you ask us to.")) is Kind.FULL
    assert kind(wrote(subject="Re: Light [HOLDING]")) is Kind.HOLDING


def test_only_what_goes_to_the_person_is_an_answer() -> None:
    """Whoever else gets it: a forward; staff only: a note."""
    assert kind(wrote(to=("roads@contractor.example",))) is Kind.FORWARD
    assert kind(wrote(to=("sam@example.gov.uk",), subject="FW: Light")) is Kind.FORWARD
    assert kind(wrote(to=("sam@example.gov.uk",))) is Kind.INTERNAL
    assert kind(wrote(to=("sam@example.gov.uk",), cc=(PERSON.upper(),))) is Kind.FULL


def test_a_programs_words_are_no_answer() -> None:
    """Out of office, our own receipt, a read report: whatever its words."""
    automatic = wrote()
    assert automatic.mail is not None
    for headers in ((("auto-submitted", "auto-replied"),), (("x-ackbot-loop", "b1.x"),)):
        assert kind(replace(automatic, mail=replace(automatic.mail, headers=headers))) is Kind.AUTOMATIC
    assert kind(wrote(subject="Automatic reply: Light")) is Kind.AUTOMATIC
    assert kind(wrote(subject="Automatic reply: Re: Light")) is Kind.AUTOMATIC


@pytest.mark.parametrize("subject", ["RE: Automatic reply: Light", "Re: Out of office until Monday", "AW: Autosvar"])
def test_an_answer_to_what_looks_automatic_is_staffs_own(subject: str) -> None:
    """Staff answer people whose subject is one that programs use; the program's own has nothing before it."""
    assert kind(wrote(subject=subject)) is Kind.FULL


def test_an_attachment_may_be_the_answer() -> None:
    """A letter with a word of greeting."""
    assert kind(wrote("See attached.", parts=("text/plain", "application/pdf"))) is Kind.FULL
    assert kind(wrote("See attached.", parts=("text/plain", "image/png"))) is Kind.HOLDING


@pytest.mark.slow
def test_long_text_takes_no_long_time() -> None:
    """The phrases have no two ways to match: a hostile text of 100 KB is judged at once."""
    for piece in ("will ", "looking to ", "please could ", "'ll a ", "passed "):
        began = thread_time()
        assert judge(wrote(), PERSON, piece * 20_000, []).kind is Kind.FULL
        assert thread_time() - began < 1
