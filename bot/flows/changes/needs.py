"""What a person needs of us and the language that they wish for, kept by every address of theirs and obeyed at once.

Language and needs are two things: who notes the one leaves the other as it is. Of each the latest word counts, whoever
said it; a form, which proves nobody's address, only adds what nobody has noted yet (`remember`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.core import needs as core
from bot.core import phones
from bot.core.contacts import Contact
from bot.core.events import OURSELVES, Event, EventKind
from bot.core.languages import LANGUAGES
from bot.core.needs import SEPARATOR, Need
from bot.flows.changes.refusals import Kind, Refused, short_text
from bot.store import contacts, links, needs
from bot.store.needs import Needs

FIELD, LANGUAGE, MOST_CHARACTERS = "needs", "language", 500
USUAL = tuple(core.WORDS.values())
# The writer of a wish that a form names. It proves no address, so that it never takes the place of anybody's word.
FORM = "form"


@dataclass(frozen=True, slots=True)
class Wish:
    """The language of a person, "" for none, and their needs as `core.needs` stores them."""

    language: str = ""
    need_codes: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The columns of a contact."""
        return {"wished_language": self.language, "need_codes": self.need_codes}


NO_WISH = Wish()


@dataclass(frozen=True, slots=True)
class Wished:
    """The form of a new contact says how its person is to be written to; nothing proves who filled it in."""

    contact_id: int
    of_form: Wish


def needs_of(connection: Connection, contact_id: int) -> Needs | None:
    """What the person of this contact needs, wherever it was noted: on it, on its links, by one of their addresses."""
    return needs.of(connection, _keys(connection, links.group(connection, contact_id)))


def wish(
    connection: Connection, contact: Contact, language: str, codes: Iterable[Need], actor: str, now: datetime
) -> None:
    """Keep the language ("" for none) and the needs that the person has chosen, in place of those that were noted.

    What staff noted in words of their own stays. Raises Refused.
    """
    before = needs_of(connection, contact.id)
    words = core.with_codes(before.needs if before else "", codes)
    note_needs(connection, contact, words, actor, now, language=language)


def note_needs(
    connection: Connection, contact: Contact, words: str, actor: str, now: datetime, *, language: str | None = None
) -> None:
    """Keep it by each address of the person, and with the contact where there is none; no words take it away.

    Without a `language` that stays as it is. Raises Refused.
    """
    words = validate(words)
    if contact.forgotten:
        reason = "its words are gone already, and who wrote them is not known any more"
        raise Refused(reason, FIELD, Kind.CONFLICT)
    before = needs_of(connection, contact.id)
    language_wish = (before.language if before else "") if language is None else known_language(language)
    _keep(connection, contact, before, _after(before, words, language_wish, actor, now), actor, now)


def add_needs(
    connection: Connection, contact: Contact, words: str, actor: str, now: datetime, *, language: str = ""
) -> None:
    """Keep it beside what is noted for the person already, each need once. Raises Refused."""
    before = needs_of(connection, contact.id)
    own_words = before.needs if before else ""
    together = _together(own_words, validate(words))
    if together != own_words or language:
        note_needs(connection, contact, together, actor, now, language=language or None)


def remember(connection: Connection, contact: Contact, of_form: Wish, now: datetime) -> None:
    """Keep what the form of a new contact says for the person, as far as nobody but a form has noted anything yet.

    No other contact of theirs is written to differently: whoever filled it in may be somebody else.
    """
    before = needs_of(connection, contact.id)
    words, language = (before.needs, before.language) if before else ("", "")
    if _is_free(language, before.language_by if before else ""):
        language = of_form.language or language
    if of_form.need_codes and _is_free(words, before.noted_by if before else ""):
        words = core.with_codes(words, core.of_column(of_form.need_codes))
    after = _after(before, words, language, FORM, now)
    if after != before:
        _store(connection, {contact.id}, after)
        _note(connection, contact, after, OURSELVES, now)


def _is_free(value: str, noted_by: str) -> bool:
    """Whether nobody but a form has noted it."""
    return not value or noted_by == FORM


def obey_together(connection: Connection, *contact_ids: int) -> None:
    """Let each of these contacts, and what is tied to it, be written to as is noted for its person now."""
    for contact_id in contact_ids:
        group = links.group(connection, contact_id)
        entry = needs.of(connection, _keys(connection, group))
        columns = wish_of(entry) if entry else _of_forms(connection, group)
        needs.copy(connection, group, (), language=columns.language, need_codes=columns.need_codes)


def obey_what_stands(connection: Connection) -> int:
    """Let contacts be written to as was noted by a program that had no columns for it; returns how many there were."""
    rows = needs.unobeyed(connection)
    ids = [contact_id for contact_id, words, language in rows if language or core.codes(words)]
    obey_together(connection, *ids)
    return len(ids)


def obey_own(connection: Connection, contact_id: int) -> None:
    """Let this contact, which somebody else wrote than what it is tied to, be written to as its own person wishes."""
    columns = wish_of(needs.of(connection, _keys(connection, {contact_id})))
    needs.copy(connection, [contact_id], (), language=columns.language, need_codes=columns.need_codes)


def wish_in(fields: Mapping[str, object]) -> Wish:
    """What the fields of a form say; what nobody knows is left out."""
    language = str(fields.get(LANGUAGE) or "")
    codes = core.as_column(core.of_column(str(fields.get(FIELD) or "")))
    return Wish(language if language in LANGUAGES else "", codes)


def validate(words: str) -> str:
    """What was typed, without spaces around it. Raises Refused for what is too long to stand above every message."""
    return short_text(words, FIELD, MOST_CHARACTERS)


def known_language(code: str) -> str:
    """The code of a language in which we can write, or "". Raises Refused."""
    code = code.strip()
    if code and code not in LANGUAGES:
        raise Refused(f"choose one of these languages: {', '.join(LANGUAGES)}", LANGUAGE)
    return code


def _after(before: Needs | None, words: str, language: str, actor: str, now: datetime) -> Needs | None:
    """What is noted from now on; whose word stands as it was keeps it, unless it was a form's."""
    if not words and not language:
        return None
    after = Needs(words, actor, now)
    if before and words == before.needs and before.noted_by != FORM:
        after = replace(after, noted_by=before.noted_by, noted_at=before.noted_at)
    if not language:
        return after
    if before and language == before.language and before.language_by != FORM:
        return replace(after, language=language, language_by=before.language_by, language_at=before.language_at)
    return replace(after, language=language, language_by=actor, language_at=now)


def _keep(
    connection: Connection, contact: Contact, before: Needs | None, after: Needs | None, actor: str, now: datetime
) -> None:
    if after == before:
        return
    group = links.group(connection, contact.id)
    keys, columns = _store(connection, group, after), wish_of(after)
    needs.copy(connection, group, keys, language=columns.language, need_codes=columns.need_codes)
    _note(connection, contact, after, actor, now)


def _store(connection: Connection, ids: set[int], after: Needs | None) -> set[str]:
    """Keep it by each address of these contacts' person, or take it away; returns the addresses."""
    keys_by_contact = needs.keys_of(connection, ids)
    addresses = {key for keys in keys_by_contact.values() for key in keys}
    of_contacts = {needs.key_of_contact(number) for number in ids}
    if after is None:
        needs.drop(connection, addresses | of_contacts)
    else:
        nameless = {needs.key_of_contact(number) for number, keys in keys_by_contact.items() if not keys}
        needs.note(connection, addresses | nameless, after)
    return addresses


def wish_of(entry: Needs | None) -> Wish:
    """What is noted as the columns of a contact have it."""
    return Wish(entry.language, core.as_column(core.codes(entry.needs))) if entry else Wish()


def _of_forms(connection: Connection, ids: set[int]) -> Wish:
    """What the forms of these contacts say, the last word of each."""
    wishes = [
        wish_in({LANGUAGE: remark.language, FIELD: remark.need_codes}) for remark in needs.remarks(connection, ids)
    ]
    languages, codes = [wish.language for wish in wishes], [wish.need_codes for wish in wishes]
    return Wish(next(filter(None, reversed(languages)), ""), next(filter(None, reversed(codes)), ""))


def _note(connection: Connection, contact: Contact, after: Needs | None, actor: str, now: datetime) -> None:
    """Add the event: which needs by their codes, for figures, and no word that anybody typed."""
    columns = wish_of(after)
    details = {name: value for name, value in ((FIELD, columns.need_codes), (LANGUAGE, columns.language)) if value}
    contacts.note(connection, [Event(contact.id, now, EventKind.NEEDS_NOTED, actor, details)])


def person_of(connection: Connection, contact: Contact) -> Mapping[str, str]:
    """Name, email address and telephone of a person, as far as this contact tells."""
    person = {"name": contact.sender_name, "email": "", "phone": ""}
    for key in sorted(needs.keys_of(connection, [contact.id])[contact.id], reverse=True):
        is_phone = key.startswith(phones.PREFIX)
        if is_phone or "@" in key:
            person["phone" if is_phone else "email"] = key.removeprefix(phones.PREFIX)
    return person


def usual_and_other(words: str) -> tuple[list[str], str]:
    """Which of the usual needs are noted, and what else."""
    parts = words.split(SEPARATOR) if words else []
    return [need for need in parts if need in USUAL], SEPARATOR.join(need for need in parts if need not in USUAL)


def _together(words: str, addition: str) -> str:
    parts = [part for text in (words, addition) if text for part in text.split(SEPARATOR)]
    return SEPARATOR.join(dict.fromkeys(parts))


def _keys(connection: Connection, ids: set[int]) -> set[str]:
    of_contacts = needs.keys_of(connection, ids)
    return {key for keys in of_contacts.values() for key in keys} | {needs.key_of_contact(number) for number in ids}
