"""What programs send: bodies and queries. The description of the API is generated from these models."""

import re
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from bot.core import judgements
from bot.core.answers import MOST_CHARACTERS as MOST_OF_AN_ANSWER
from bot.core.needs import Need
from bot.flows.changes import urgent
from bot.flows.changes.refusals import MOST_CHARACTERS

REFERENCE = r"^[A-Za-z]{2,4}[- .]?[0-9A-Za-z]{4}[- .]?[0-9A-Za-z]{4}$"
MOST_AT_ONCE = 200
_CURSOR = r"^[0-9]{1,15}$"
# The storage of everything needs text without NUL and without halves of characters.
_TEXT = r"^[^\x00]*$"
# What the verbs themselves refuse, so that they say the same to everybody; here it is described.
_SHORT: dict[str, JsonValue] = {"maxLength": MOST_CHARACTERS}
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt]")


def _as_it_is_described(value: Any) -> Any:
    # Left to itself the library takes seconds since 1970, too, as a number and as its digits.
    if isinstance(value, str) and _WRITTEN.match(value):
        return value
    raise ValueError("must be a time with its offset, as in 2026-11-24T09:15:00+00:00")


def _one_of(name: str) -> str:
    choices = (f"`{code}`: {words}" for code, words in judgements.WORDS[name].items())
    return f"One of {'; '.join(choices)}."


Instant = Annotated[AwareDatetime, BeforeValidator(_as_it_is_described)]


class Sent(BaseModel):
    """What a program sends: unknown fields are refused, so that a slip is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sender(Sent):
    """The person. Without an address and a number staff must find another way to tell them that we have it."""

    name: str = Field(default="", max_length=200, pattern=_TEXT)
    email: str = Field(default="", max_length=254, pattern=_TEXT, examples=["sam@residents.example"])
    phone: str = Field(default="", max_length=40, pattern=_TEXT, examples=["01632 960 001"])


_CODE = f"(?:{'|'.join(Need)})"
_CODES = f"^(?:{_CODE}(?: {_CODE})*)?$"
LanguageCode = Literal["", "en", "cy", "pl", "ro", "pt", "lt", "uk", "ar", "ur", "bn", "zh"]


class NewContact(Sent):
    """A contact that came by phone, letter or visit, or into another system."""

    channel: str = Field(default="desk", pattern=r"^[a-z][a-z0-9-]{0,39}$", description="A channel of kind desk.")
    sender: Sender = Sender()
    subject: str = Field(default="", max_length=200, pattern=_TEXT)
    text: str = Field(min_length=1, max_length=50_000, pattern=_TEXT, description="What they said, in their words.")
    service: str = Field(default="", pattern=_TEXT, description="What it is about; one of your services.")
    postcode: str = Field(default="", max_length=10, pattern=_TEXT)
    how: Literal["phone", "letter", "face_to_face", "voicemail"] = "phone"
    prefers: Literal["", "email", "text", "told", "letter", "phone"] = Field(
        default="",
        description="How they hear that we have it. `told`: they were told the reference and the date at once.",
    )
    language: LanguageCode = Field(default="", description="In which language they want to be written to.")
    needs: str = Field(
        default="",
        pattern=_CODES,
        description="What they need of us: codes with a space between them.",
        examples=["large-print bsl"],
    )
    received_at: Instant | None = Field(default=None, description="When it came; now, where it is left out.")


class Respond(Sent):
    """The person has had a full answer."""

    at: Instant | None = Field(default=None, description="When; now, where it is left out.")
    note: str = Field(
        default="", pattern=_TEXT, json_schema_extra=_SHORT, description="For the history; no personal data."
    )
    cause: str = Field(default="", pattern=_TEXT, description="Why it is late, where it is, as `judge` takes it.")


class Answer(Sent):
    """What the person is to be sent. It leaves in ten seconds; until then `undo` takes it back."""

    kind: Literal["full", "holding"] = Field(description="When a full answer has left, the clock stops.")
    words: str = Field(pattern=_TEXT, json_schema_extra={"maxLength": MOST_OF_AN_ANSWER}, description="Plain text.")
    subject: str = Field(
        default="", pattern=_TEXT, json_schema_extra={"maxLength": 200}, description="Of a mail; else the person's own."
    )
    channel: Literal["", "mail", "platform", "public", "text", "letter", "phone", "post"] = Field(
        default="",
        description="Where the person wrote, where it is left out. `public`: everybody can read it. A letter or a call "
        "waits until `confirm-answer` says that it is done. `post`: it is printed and posted, to `address`.",
    )
    address: str = Field(
        default="", pattern=_TEXT, json_schema_extra={"maxLength": 800}, description="Of a posted letter, in lines."
    )
    by: str = Field(
        default="",
        pattern=_TEXT,
        json_schema_extra={"maxLength": 100},
        description="The author, as the person reads it.",
    )
    cause: str = Field(default="", pattern=_TEXT, description="Why it is late, where it is, as `judge` takes it.")


class Confirm(Sent):
    """The letter is posted, or somebody has rung."""

    at: Instant | None = Field(default=None, description="When; now, where it is left out.")
    cause: str = Field(default="", pattern=_TEXT, description="Why it is late, where it is, as `judge` takes it.")


class Note(Sent):
    """A word for the history."""

    note: str = Field(default="", pattern=_TEXT, json_schema_extra=_SHORT)


class StaffNote(Sent):
    """A note of staff for staff, which the person is never sent."""

    words: str = Field(
        pattern=_TEXT,
        json_schema_extra=_SHORT,
        description="`@` and the name or the address of a colleague names them, and they are alerted.",
    )


class Merge(Sent):
    """Another contact of the same matter. The one that is open and due first goes on; the person is told nothing."""

    contact: str = Field(pattern=_TEXT, description="The reference of the other contact.")
    confirm: Literal["", "yes"] = Field(
        default="", description="`yes` where they seem to be of different people, and one answer is enough for both."
    )


class Unmerge(Sent):
    """Which contact stands by itself again; left out on that one."""

    contact: str = Field(default="", pattern=_TEXT)


class Split(Sent):
    """Messages that are of another matter; not the first of the contact."""

    messages: str = Field(pattern=_TEXT, examples=["12, 15"], description="Their numbers, as `id` of each message.")


class Nothing(Sent):
    """An empty object: there is nothing to say."""


class Extend(Sent):
    """It takes longer, and the person is told; where no message reaches them, `said` says so."""

    to: str = Field(
        pattern=_TEXT, json_schema_extra=_SHORT, examples=["30 working days"], description="How long in all."
    )
    reason: str = Field(
        pattern=_TEXT, json_schema_extra=_SHORT, description="Why, in plain words; the person is sent this."
    )


class Classify(Sent):
    """What it is about. A field that is left out stays as it is; "" takes it away."""

    service: str | None = Field(default=None, pattern=_TEXT)
    kind: str | None = Field(default=None, pattern=_TEXT)
    area: str | None = Field(default=None, pattern=_TEXT)


class Judge(Sent):
    """What staff say of it for the figures, one field at least. What is left out stays; "" takes it back."""

    avoidable: str | None = Field(default=None, pattern=_TEXT, description=_one_of("avoidable"))
    cause: str | None = Field(default=None, pattern=_TEXT, description=f"Why a late answer is late. {_one_of('cause')}")
    complaint_outcome: str | None = Field(
        default=None, pattern=_TEXT, description=f"Of a complaint. {_one_of('complaint_outcome')}"
    )


class Needs(Sent):
    """What the person needs of us; it is shown on everything that they send."""

    needs: str = Field(
        pattern=_TEXT,
        json_schema_extra=_SHORT,
        examples=["large print; British Sign Language"],
        description='All of it, in the place of what is noted; "" where nothing is.',
    )
    language: LanguageCode | None = Field(
        default=None, description='In which language they want to be written to, "" for none; left out, it stays.'
    )


class FormatMade(Sent):
    """Somebody has made a message into the format or the language that the person needs, and the person has it."""

    message: str = Field(pattern=_TEXT, examples=["12"], description="The `message` of one of the `formats`.")


class NewMessage(Sent):
    """What the person has said since, by phone, letter or visit, or in another system.

    It is added as if they had written it: a clock that waits for them runs on, and what was answered opens again.
    """

    channel: str = Field(default="desk", pattern=r"^[a-z][a-z0-9-]{0,39}$", description="A channel of kind desk.")
    text: str = Field(min_length=1, max_length=50_000, pattern=_TEXT, description="What they said, in their words.")
    how: Literal["phone", "letter", "face_to_face", "voicemail"] = "phone"
    received_at: Instant | None = Field(default=None, description="When it came; now, where it is left out.")


class Assign(Sent):
    """Who has it from now on: a team, a person, or both."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["team"]}, {"required": ["owner"]}]})

    team: str = Field(default="", pattern=_TEXT)
    owner: str = Field(
        default="",
        pattern=_TEXT,
        description="The e-mail address of somebody of staff, or of a team or a deputy that is configured.",
    )


class Close(Sent):
    """Nothing more is to be done."""

    reason: str = Field(
        default="",
        pattern=_TEXT,
        json_schema_extra=_SHORT,
        description="In words for the person, who is sent it; needed where they have had no answer.",
    )
    outcome: str = Field(
        default="",
        pattern=_TEXT,
        description="How it ends: `finished`, or, without a word to the person: `told`, `withdrawn`, `duplicate`, "
        "`spam`, `test`.",
    )
    note: str = Field(
        default="",
        pattern=_TEXT,
        json_schema_extra=_SHORT,
        description="How they were `told`, or the reference with which a `duplicate` goes on; for the history.",
    )
    cause: str = Field(default="", pattern=_TEXT, description="Why it is late, where it is, as `judge` takes it.")


class Urgent(Sent):
    """It cannot wait: people are called."""

    reason: str = Field(
        default="",
        pattern=_TEXT,
        json_schema_extra={"minLength": 1, "maxLength": urgent.MOST_CHARACTERS},
        description="Why it cannot wait; whoever is called reads it on a telephone.",
    )


Cursor = Annotated[str, Field(pattern=_CURSOR)]


class Paging(Sent):
    """Which part of a list."""

    cursor: Cursor | None = None
    limit: int = Field(default=50, ge=1, le=MOST_AT_ONCE)


class Replay(Sent):
    """From which event on a webhook is told again."""

    after: Cursor = Field(description="The number of the last event that it has; `0` for all.", examples=["4711"])


class Search(Paging):
    """Which contacts."""

    state: Literal["open", "answered", "closed", "logged", "any"] = "any"
    which: Literal["", "urgent", "late", "unassigned", "paused", "suppressed", "undeliverable", "needs", "formats"] = ""
    team: str = Field(default="", max_length=40, pattern=_TEXT)
    owner: str = Field(default="", max_length=254, pattern=_TEXT)
    service: str = Field(default="", max_length=40, pattern=_TEXT)
    area: str = Field(default="", max_length=40, pattern=_TEXT)
    channel: str = Field(default="", max_length=40, pattern=_TEXT)
    language: LanguageCode = Field(default="", description="The language that the person wants.")
    received_from: Instant | None = Field(default=None, description="Received then or later.")
    received_before: Instant | None = Field(default=None, description="Received before then.")
    q: str = Field(
        default="", max_length=200, pattern=_TEXT, description="Words of a reference, name, address or text."
    )
