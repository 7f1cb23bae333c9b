"""Classifies a message from staff: full response, holding reply, forward, internal note, or automatic.

A wrong "full response" stops a clock and breaks a promise unnoticed; a wrong "holding reply" only causes an alert. So
a doubtful message is a holding reply, and one command corrects a wrong guess.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bot.core import autoreplies
from bot.core.messages import Inbound


class Kind(StrEnum):
    """The kinds of mail from staff. Only a full response stops the clock, and only one that is proven to be theirs."""

    FULL = "full response"
    HOLDING = "holding reply"
    FORWARD = "forward"
    INTERNAL = "internal note"
    AUTOMATIC = "automatic"
    UNPROVEN = "not proven to be staff's"


# What staff may say that a mail of theirs was.
CHOICES = tuple(kind for kind in Kind if kind is not Kind.UNPROVEN)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The guess, and the evidence for it in plain words."""

    kind: Kind
    evidence: str


# Staff may state the kind: a word in square brackets, in the subject or on a line of its own.
_MARKS = {
    Kind.HOLDING: re.compile(r"\[(?:holding|holding reply|update)\]", re.IGNORECASE),
    Kind.FULL: re.compile(r"\[(?:full|full response|answered|final)\]", re.IGNORECASE),
}
_FORWARD = re.compile(r"(?:fwd?|wg|tr|i|ymlaen)\s*:", re.IGNORECASE)
# A text that defers the answer is not one yet. Gaps in the phrases are short, so that the time stays linear.
_DEFERRALS = (
    r"holding (?:reply|response)",
    r"\b(?:am|are|is|be|been) looking (?:in)?to (?:this|it|your|the|that|what)",
    (
        r"\b(?:will|shall|'ll|\u2019ll) (?:\w+ )?(?:look into|investigate|get back|come back|reply|respond|answer"
        r"|write again|be in touch|contact you|call you|ring you|update you|let you know|send you a (?:full|further))"
    ),
    r"\b(?:aim|hope|expect|intend|going) to (?:\w+ )?(?:reply|respond|answer|get back|come back|let you know|update)",
    r"\bget back to you\b",
    r"\b(?:have|has|'ve|\u2019ve|been) (?:now |been )?(?:passed|forwarded|referred) (?:this|it|your|the|that|on|to)\b",
    r"\bas soon as (?:i|we|they|possible)\b",
    r"\bin the mean ?time\b",
    r"\bneed (?:some |a little )?(?:more|further) time\b",
    r"\b(?:under|further) investigation\b|\bbeing (?:looked at|looked into|investigated|dealt with|considered)\b",
    r"\b(?:could|can|would|will) you (?:please |kindly )?(?:send|tell|confirm|provide|let (?:me|us) know|give|clarify)",
    r"\bplease (?:could|can|would) you\b",
    r"\bplease (?:send|tell|confirm|provide|give) (?:me|us|your|the|whether|which)\b",
    r"\b(?:full|further|substantive) (?:reply|response|answer) (?:will|by|within|in)\b",
    r"\backnowledge (?:receipt|your)\b|\bthis is to confirm (?:that )?(?:we|i) have (?:received|got)",
    r"\bmae['\u2019]n cael ei ystyried\b|\bbyddwn yn (?:ymateb|cysylltu)\b",
)
_PROMISES_MORE = re.compile("|".join(_DEFERRALS), re.IGNORECASE)
_SHOWN_LENGTH = 60
_FEW_WORDS = 3


def judge(message: Inbound, person: str, new_words: str, internal: Collection[str]) -> Judgement:
    """Return the kind of staff's `message` in the contact of `person`.

    `new_words` is its text without quotations; `internal` are the recipients that are our own or staff's addresses.
    """
    if message.post is not None:
        # Written in the person's own thread, on the platform itself.
        return _by_words(message, new_words, has_more=bool(message.post.holds))
    mail = message.mail
    if mail is None or autoreplies.is_automatic(message):
        return Judgement(Kind.AUTOMATIC, "its header says that a program sent it")
    recipients = {address.lower() for address in mail.addressed()}
    if person.lower() not in recipients:
        return _not_to_the_person(message, recipients - {address.lower() for address in internal})
    return _by_words(message, new_words, has_more=_has_attachment(mail.parts))


def _by_words(message: Inbound, new_words: str, *, has_more: bool) -> Judgement:
    for kind, mark in _MARKS.items():
        if match := mark.search(f"{message.subject}\n{new_words}"):
            return Judgement(kind, f"staff marked it {match[0]}")
    if match := _PROMISES_MORE.search(" ".join(new_words.split())):
        return Judgement(Kind.HOLDING, f'it says "{match[0][:_SHOWN_LENGTH]}"')
    if len(new_words.split()) < _FEW_WORDS and not has_more:
        return Judgement(Kind.HOLDING, "it has hardly any words")
    return Judgement(Kind.FULL, "it went to the person, and promises nothing for later")


def _not_to_the_person(message: Inbound, outsiders: Collection[str]) -> Judgement:
    if _FORWARD.match(message.subject.strip()):
        return Judgement(Kind.FORWARD, "it is a forward, and did not go to the person")
    if outsiders:
        return Judgement(Kind.FORWARD, "it went to somebody else, and not to the person")
    return Judgement(Kind.INTERNAL, "it went to staff only")


def _has_attachment(parts: Collection[str]) -> bool:
    return any(not kind.startswith(("text/", "image/")) for kind in parts)
