"""What a new contact is about: its language, whose it is, and whether it can wait."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.core import speech, topics
from bot.core.books import Matter
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound
from bot.core.timing import Timing
from bot.core.topics import Destination
from bot.core.urgencies import Urgency, urgency_in
from bot.flows.rulebook import NO_WAY, OutgoingRules, Rulebook
from bot.wire.mail import quotations, quoting
from bot.wire.text_language import READ_CHARACTERS, language_of

Values = dict[str, Any]
# With one team everything is its own.
_SEVERAL = 2
URGENT_KIND = "urgent"
# What people wrote, and would only be logged: not the mail of programs, which writes of anything.
_RULES_OF_PEOPLES_MAIL = frozenset(
    {
        RuleName.MALFORMED_MAIL,
        RuleName.NO_ADDRESS,
        RuleName.UNWANTED_MAIL,
        RuleName.NOT_ADDRESSED_TO_US,
        RuleName.COPIED_IN,
    }
)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a message is about; `urgency` only where it says that somebody may be in danger."""

    language: str
    goal: Destination
    urgency: Urgency | None

    def matter(self, message: Inbound, book: Rulebook) -> Matter:
        """By which its standard is chosen."""
        medium = message.medium or book.ways.get(message.channel, NO_WAY).medium
        return Matter(medium, self.goal.service, self.goal.kind, self.goal.area, message.visibility)

    def heeded(self, verdict: Verdict) -> Verdict:
        """The verdict; what a person wrote and cannot wait is never only logged."""
        if self.urgency is None or verdict.outcome != "log" or verdict.rule not in _RULES_OF_PEOPLES_MAIL:
            return verdict
        return replace(verdict, outcome="ask", reason=f"{verdict.reason}, but somebody may be in danger")

    def columns(self, received_at: datetime, now: datetime, book: Rulebook) -> Values:
        """What the contact keeps of it; every time the same columns, as the rows of a batch are stored together."""
        goal = self.goal
        return {
            "language": self.language,
            "team": goal.team,
            "service": goal.service or None,
            "kind": goal.kind,
            "area": goal.area,
            "assigned_at": received_at if goal.is_decided or len(book.outgoing.teams) < _SEVERAL else None,
            **self._urgent_columns(received_at, now, book.clocks.timing),
        }

    def _urgent_columns(self, received_at: datetime, now: datetime, timing: Timing) -> Values:
        """What came long ago (a mailbox that is read for the first time) is marked; nobody is called in the night."""
        if self.urgency is None:
            return {"urgent": "", "urgent_words": "", "urgent_at": None, "urgent_step": 0}
        is_news = now - received_at < timing.urgent_within
        return {
            "urgent": self.urgency.rule.name,
            "urgent_words": self.urgency.phrase,
            "urgent_at": now + timing.urgent_again_after if is_news else None,
            "urgent_step": 1 if is_news else 0,
        }

    def because(self) -> dict[str, str]:
        """What was found out, and how, for the history of the contact."""
        words = f"{self.urgency.rule.name}: {self.urgency.phrase}" if self.urgency else ""
        findings = {"routed": "; ".join(self.goal.because), "language": self.language, "urgent": words}
        return {key: value for key, value in findings.items() if value}


def _new_words_of(message: Inbound) -> str:
    """Return the text without the mail that it quotes; most quote none where the language is looked for."""
    beginning = message.text[:READ_CHARACTERS]
    may_quote = message.mail is not None and any(map(beginning.__contains__, quotations.SIGNS))
    return quoting.new_words(message.text) if may_quote else beginning


def look_into(message: Inbound, book: Rulebook, earlier: tuple[str, ...] = ()) -> Topic:
    """Everything that the rules of routing and of urgency find in a message that comes after these texts."""
    language = language_of(_new_words_of(message).strip() or message.subject)
    way = book.ways.get(message.channel, NO_WAY).for_routing()
    question = topics.query_of(message, way, language, with_postcodes=book.intake.router.asks_postcodes)
    goal = book.intake.router.route(question)
    urgency = urgency_in(question.words, book.intake.urgent)
    if urgency is not None:
        urgency = urgency_of(message, book, earlier)
    return Topic(language, goal if urgency is None else _urgent_goal(goal, urgency, book.outgoing), urgency)


def urgency_of(message: Inbound, book: Rulebook, earlier: tuple[str, ...], but: str = "") -> Urgency | None:
    """What cannot wait of what the person says now, besides the danger `but`; asked where a rule fires at anything."""
    ours = (*book.intake.words_of_ours, *book.outgoing.board.notices.words_of_ours)
    fields = tuple(message.fields.values())
    return speech.urgency_of(
        speech.Message(message.subject, message.text, fields, ours, earlier), book.intake.urgent, but
    )


def _urgent_goal(goal: Destination, urgency: Urgency, rules: OutgoingRules) -> Destination:
    """The team that the rule names has it, if there is one of that name."""
    team = urgency.rule.team if urgency.rule.team in rules.teams else ""
    return replace(
        goal, kind=goal.kind or URGENT_KIND, team=team or goal.team, is_decided=bool(team) or goal.is_decided
    )
