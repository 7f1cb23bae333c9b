"""How a person is to be written to, and what staff have to make for them, as staff look at it on a contact."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core import needs as core
from bot.core.contacts import Contact
from bot.core.languages import LANGUAGES
from bot.core.messages import StoredMessage
from bot.core.needs import Need
from bot.core.roles import Scope
from bot.flows.changes import formats
from bot.flows.changes.needs import FORM
from bot.store import format_tasks, needs
from bot.store.needs import Needs

# What else a form says of an answer by hand: where it goes, and when.
_DETAILS = {"phone": ("phone", "times"), "letter": ("address",)}
_TRANSLATION = "Write plain English; add the translation beneath, or choose a saved answer in"


@dataclass(frozen=True, slots=True)
class WishView:
    """The language and the needs in words, each "" for none. `by_form`: a form alone says so, and proves nobody."""

    language: str = ""
    needs: str = ""
    by_form: bool = False

    @property
    def sentence(self) -> str:
        """Both as staff read them: "Wants Polish. Needs: large print."; "" for neither."""
        parts = (f"Wants {self.language}." if self.language else "", f"Needs: {self.needs}." if self.needs else "")
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class ToMake:
    """One message that is to be made `words`, such as "in braille"."""

    number: int
    words: str


def of(contact: Contact, entry: Needs | None) -> WishView:
    """What this contact obeys, and besides it what is noted for its person in other words."""
    codes = core.of_column(contact.need_codes)
    in_words = core.with_codes(entry.needs if entry else "", codes)
    return WishView(language_name(contact.wished_language), in_words, by_form=_is_by_form(contact, codes, entry))


def language_name(code: str) -> str:
    """What staff call a language; "" for none."""
    return LANGUAGES[code].english_name if code in LANGUAGES else code


def figures(connection: Connection, scope: Scope) -> list[tuple[str, str, int]]:
    """How many open contacts have which need or language: its name, the filter of the queue, the count."""
    by_need, by_language = needs.count_open(connection, scope)
    of_needs = [(core.WORDS[need], "which=needs", by_need[need]) for need in core.Need if by_need[need]]
    return of_needs + [(language_name(code), f"language={code}", count) for code, count in sorted(by_language.items())]


def to_make(connection: Connection, contact: Contact) -> tuple[ToMake, ...]:
    """What is to be made of messages of this contact, the oldest first."""
    tasks = format_tasks.of_contacts(connection, [contact.id])
    return tuple(ToMake(task.delivery_id, formats.in_words(task)) for task in tasks if task.is_waiting)


def preference(arrived: Sequence[StoredMessage]) -> str:
    """The call or the letter by which the person, as they said last, wants to be answered; "" for neither."""
    answers = (json.loads(message.fields) for message in reversed(arrived) if message.written_by == "sender")
    fields: dict[str, object] = next((fields for fields in answers if fields.get("prefers")), {})
    way = str(fields.get("prefers", ""))
    if way not in core.ANSWERS_BY_HAND:
        return ""
    where = ", ".join(str(fields[name]) for name in _DETAILS[way] if fields.get(name))
    return f"{core.ANSWERS_BY_HAND[way]}: {where}" if where else core.ANSWERS_BY_HAND[way]


def reminder(contact: Contact, way: str = "") -> str:
    """What whoever writes an answer must know first; "" for nothing. `way` is the person's `preference`."""
    first = [f"This person asked for {way}."] if way else []
    return " ".join([*first, *_reminders(contact)])


def _reminders(contact: Contact) -> list[str]:
    codes, language = core.of_column(contact.need_codes), contact.wished_language
    lines = []
    if formats.is_wish_for_another(language):
        name = language_name(language)
        lines.append(f"This person wants {name}. {_TRANSLATION} {name}.")
    if Need.BSL in codes:
        lines.append("This person uses British Sign Language: write short sentences, and offer a call by video relay.")
    if Need.EASY_READ in codes:
        lines.append("This person reads Easy Read: short sentences, one idea in each.")
    if Need.LARGE_PRINT in codes:
        lines.append("Mail leaves in large print by itself.")
    if Need.CALL in codes:
        lines.append("This person wants a call instead of writing.")
    if formats_by_hand := [core.WORDS[code].lower() for code in codes if code in core.BY_STAFF]:
        lines.append(f"When it has left, you are asked to make it as {' and '.join(formats_by_hand)}.")
    return lines


def _is_by_form(contact: Contact, codes: tuple[Need, ...], entry: Needs | None) -> bool:
    if entry is None:
        return bool(codes or contact.wished_language)
    by_others = (
        () if entry.noted_by == FORM else core.codes(entry.needs),
        "" if entry.language_by == FORM else entry.language,
    )
    return not set(codes) <= set(by_others[0]) or contact.wished_language not in ("", by_others[1])
