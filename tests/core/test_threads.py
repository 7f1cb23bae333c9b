"""Which contact a message belongs to: what points to it, and who may follow that."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date

import pytest

from bot.core import acknowledgements, threads
from bot.core.contacts import Contact, State
from bot.core.messages import Inbound, Mail, Party, Post
from bot.core.threads import LoggedMessage, Parent, Pointers, Threads, reference_of

SECRET = b"s" * 32
SAM, ANN, STAFF = "sam@residents.example", "ann@residents.example", "us@example.gov.uk"


def contact(number: int = 1, sender: str = SAM, **values: object) -> Contact:
    """An open contact of this person's."""
    columns = dict.fromkeys((field.name for field in fields(Contact)), "")
    return Contact(
        **columns  # type: ignore[arg-type]
        | {"id": number, "reference": reference_of(number, "EX"), "channel": "inbox", "sender_key": sender}
        | {"state": State.OPEN, "subject": "A hole", **values}
    )


def mail(sender: str = SAM, *, text: str = "It grew.", subject: str = "A hole", **values: object) -> Inbound:
    """A mail to us."""
    about = Mail((), None, **({"to": (STAFF,)} | values))  # type: ignore[arg-type]
    return Inbound("inbox", "<2@residents.example>", "d2", Party(sender), subject=subject, text=text, mail=about)


def post(sender: str = SAM, *, outgoing: bool = False, **values: object) -> Inbound:
    """A message on a platform."""
    about = Post(**values)  # type: ignore[arg-type]
    return Inbound("page", "p2", "d2", Party(sender), text="It grew.", post=about, outgoing=outgoing)


def thread(message: Inbound, stored: Threads) -> Contact | None:
    """The contact with which the message goes on."""
    return threads.thread_of(message, threads.pointers_of(message, "EX", SECRET), stored)


def of_staff(message: Inbound, stored: Threads) -> Contact | None:
    """The contact to which mail of staff's belongs."""
    return threads.staffs_thread(message, threads.pointers_of(message, "EX", SECRET), stored)


# The same message again -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "entry", "is_same"),
    [
        (mail(), LoggedMessage("inbox", "d2", "EX-1", 1), True),
        (mail(), LoggedMessage("inbox", "another", "EX-1", 1), False),
        (mail(), LoggedMessage("second", "d2", "EX-1", 1), True),
        (post(), LoggedMessage("page", "another", "EX-1", 1), True),
        (post(), LoggedMessage("inbox", "d2", "EX-1", 1), False),
        (replace(mail(), mail=None), LoggedMessage("second", "d2", "EX-1", 1), False),
    ],
)
def test_a_mail_is_the_same_on_every_channel_and_a_post_on_its_own(
    message: Inbound, entry: LoggedMessage, *, is_same: bool
) -> None:
    """A mail by name and content, wherever it came; a post by its name alone, for calls describe it in several ways."""
    stored = Threads(log={message.external_id: (entry,)})
    assert (threads.again(message, stored) is not None) == is_same


def test_what_is_here_by_this_very_way_counts_first() -> None:
    """A mail that came both ways is the one of its own channel."""
    ways = (LoggedMessage("second", "d2", "EX-1", 1), LoggedMessage("inbox", "d2", "EX-2", 2))
    assert threads.again(mail(), Threads(log={"<2@residents.example>": ways})) == ways[1]


# Pointers -------------------------------------------------------------------------------------------------------------


def test_a_message_names_contacts_and_deliveries() -> None:
    """A signed address names a contact or a mail of ours, a report its envelope sender, words a reference."""
    named = contact().reference
    message = mail(
        subject=f"Re: {named}",
        to=(acknowledgements.signed_subaddress(STAFF, named.lower(), SECRET),),
        recipients=(acknowledgements.signed_subaddress(STAFF, "b7", SECRET),),
        envelope_senders=(acknowledgements.signed_subaddress(STAFF, "b8", SECRET), "b9@elsewhere.example"),
    )
    assert threads.pointers_of(message, "EX", SECRET) == Pointers((named,), (named,), (7, 8))
    assert threads.pointers_of(message, "EX", b"another secret") == Pointers(references=(named,))
    assert threads.pointers_of(post(), "EX", SECRET) == Pointers()


# With which contact a message goes on ---------------------------------------------------------------------------------


def test_an_address_that_only_we_can_make_is_enough() -> None:
    """Whoever writes to it: the person may have another address."""
    message = mail(ANN, to=(acknowledgements.signed_subaddress(STAFF, contact().reference.lower(), SECRET),))
    assert thread(message, Threads(references={contact().reference: contact()})) == contact()


@pytest.mark.parametrize(
    ("written_by", "sender", "goes_on"),
    [("ackbot", ANN, True), ("staff", ANN, True), ("sender", ANN, False), ("sender", SAM, True)],
)
def test_our_words_may_be_answered_by_anybody_and_theirs_by_themselves(
    written_by: str, sender: str, *, goes_on: bool
) -> None:
    """A neighbour who was copied in answers the person's mail: that is a contact of their own."""
    stored = Threads(parents={"<1@example.gov.uk>": Parent(contact(), written_by)})
    for message in (
        mail(sender, in_reply_to=("<1@example.gov.uk>",)),
        mail(sender, references=("<0@example.gov.uk>", "<1@example.gov.uk>")),
    ):
        assert (thread(message, stored) == contact()) is goes_on


def test_the_nearest_answered_message_counts() -> None:
    """In-Reply-To before References, and the last of those before the first."""
    parents = {f"<{n}@example.gov.uk>": Parent(contact(n), "ackbot") for n in (1, 2, 3)}
    names = ("<1@example.gov.uk>", "<2@example.gov.uk>")
    assert thread(mail(references=names), Threads(parents=parents)) == contact(2)
    assert thread(mail(references=names, in_reply_to=("<3@example.gov.uk>",)), Threads(parents=parents)) == contact(3)


@pytest.mark.parametrize(("sender", "goes_on"), [(SAM, True), (ANN, False)])
def test_a_reference_is_for_who_wrote_it(sender: str, *, goes_on: bool) -> None:
    """Seen over somebody's shoulder it opens no door."""
    stored = Threads(references={contact().reference: contact()})
    assert (thread(mail(sender, text=f"About {contact().reference}."), stored) == contact()) is goes_on
    assert thread(replace(mail(text=contact().reference), sender=None), stored) is None


def test_a_form_goes_on_with_nothing() -> None:
    """Whoever types a reference there has proven nothing."""
    stored = Threads(references={contact().reference: contact()})
    assert thread(replace(mail(text=contact().reference), mail=None), stored) is None


def test_what_is_taken_down_goes_on_with_what_staff_say() -> None:
    """Whoever takes a message down names the contact: whoever wrote it, and whatever its words name."""
    named, in_words = contact(1), contact(2)
    stored = Threads(references={each.reference: each for each in (named, in_words)})
    call = Inbound("desk", "phone:1", "d3", None, text=f"About {in_words.reference}", of=named.reference)
    assert thread(call, stored) == named
    assert thread(replace(call, of=""), stored) is None


@pytest.mark.parametrize(
    ("message", "goes_on"),
    [
        (post(answers=("p1",)), True),
        (post(about="p1", kind="reaction"), True),
        (post(ANN, answers=("p1",)), False),
        (post(ANN, answers=("p1",), outgoing=True), True),
        (post(conversation="c"), True),
        (post(ANN, conversation="c"), False),
        (post(ANN, conversation="c", outgoing=True), True),
        (post(conversation="another"), False),
        (replace(post(answers=("p1",), conversation="c"), channel="another page"), False),
    ],
)
def test_a_post_goes_on_with_what_it_answers_or_with_its_private_thread(message: Inbound, *, goes_on: bool) -> None:
    """The writer's own, on the same channel; what staff write there goes wherever it is an answer."""
    here = contact(channel="page")
    stored = Threads(parents={"p1": Parent(here, "sender")}, conversations={("page", "c"): here})
    assert (thread(message, stored) == here) is goes_on


# Mail of staff's ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contacts", "belongs"),
    [((contact(),), True), ((contact(), contact(2)), False), ((), False)],
)
def test_staffs_mail_to_a_person_belongs_to_their_only_open_contact(
    contacts: tuple[Contact, ...], *, belongs: bool
) -> None:
    """With two open ones nobody knows which is meant."""
    stored = Threads(open_contacts={SAM: contacts})
    assert (of_staff(mail(STAFF, to=(SAM.upper(),)), stored) == contact()) is belongs


def test_staffs_mail_belongs_to_what_it_answers_or_names() -> None:
    """Whoever wrote that: staff may write in every contact."""
    stored: Mapping[str, Threads] = {
        "parent": Threads(parents={"<1@residents.example>": Parent(contact(), "sender")}),
        "reference": Threads(references={contact().reference: contact()}),
    }
    assert of_staff(mail(STAFF, in_reply_to=("<1@residents.example>",)), stored["parent"]) == contact()
    assert of_staff(mail(STAFF, subject=f"Re: {contact().reference}"), stored["reference"]) == contact()
    assert of_staff(mail(STAFF), Threads()) is None
    assert of_staff(post(STAFF, answers=("p1",)), Threads(parents={"p1": Parent(contact(), "sender")})) is None


# Whether it goes on at all --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "answered_on", "reopen_days", "goes_on"),
    [
        (State.OPEN, None, 0, True),
        (State.ANSWERED, date(2026, 11, 1), 28, True),
        (State.ANSWERED, date(2026, 10, 31), 28, False),
        (State.ANSWERED, date(2026, 11, 28), 0, False),
        (State.CLOSED, None, 28, False),
        (State.LOGGED, None, 28, False),
    ],
)
def test_what_was_answered_goes_on_for_some_days(
    state: State, answered_on: date | None, reopen_days: int, *, goes_on: bool
) -> None:
    """The last of the days counts; with 0 days every message after the answer is a new matter."""
    assert threads.goes_on(state, date(2026, 11, 29), answered_on, reopen_days) is goes_on


@pytest.mark.parametrize(
    ("message", "earlier", "is_same"),
    [
        (mail(), contact(), True),
        (mail(), contact(sender=ANN), False),
        (mail(), contact(subject="Another hole"), False),
        (mail(), contact(state=State.ANSWERED), False),
        (mail(text=" \n"), contact(), False),
        (replace(mail(), mail=None), contact(), False),
    ],
)
def test_a_mail_sent_again_joins_its_open_contact(message: Inbound, earlier: Contact, *, is_same: bool) -> None:
    """The same person, subject and words; two mails without words are not the same."""
    assert (threads.same_words(message, [earlier]) is not None) is is_same
