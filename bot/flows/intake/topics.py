"""What a new contact is about: its language, whose it is, and whether it can wait."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pycld2

from bot.core import topics
from bot.core.books import Matter
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound
from bot.core.timing import Timing
from bot.core.topics import Destination, Urgency
from bot.flows.rulebook import NO_WAY, OutgoingRules, Rulebook

# Welsh and the languages most often spoken at home in the country; what seems to be any other is not known.
_LANGUAGES = frozenset(
    {"en", "cy", "pl", "ro", "pt", "uk", "pa", "ur", "bn", "gu", "hi", "ta", "ar", "fa", "tr", "so", "zh", "sq", "es"}
    | {"it", "fr", "de", "ru", "bg", "lt", "lv", "hu", "sk", "el"}
)
# With fewer letters at the beginning any answer would be a guess; more characters than these do not change it.
_FEWEST_LETTERS, _BEGINNING = 12, 80
_READ_CHARACTERS = 400


def language_of(text: str) -> str:
    """Return the language of a text as an ISO 639-1 code (en, cy, pl ...), or "" where it cannot be determined."""
    words = [word for word in text[:_READ_CHARACTERS].split() if "@" not in word and "://" not in word]
    plain = " ".join([word for word in words if word.isprintable()])
    if sum(map(str.isalpha, plain[:_BEGINNING])) < _FEWEST_LETTERS:
        return ""
    is_reliable, _, languages = pycld2.detect(plain, isPlainText=True)
    code = languages[0][1].partition("-")[0]
    return code if is_reliable and code in _LANGUAGES else ""


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


def look_into(message: Inbound, book: Rulebook) -> Topic:
    """Everything that the rules of routing and of urgency find in a message."""
    language = language_of(message.text or message.subject)
    way = book.ways.get(message.channel, NO_WAY).for_routing()
    question = topics.query_of(message, way, language, with_postcodes=book.intake.router.asks_postcodes)
    goal = book.intake.router.route(question)
    urgency = topics.urgency_in(question.words, book.intake.urgent)
    return Topic(language, goal if urgency is None else _urgent_goal(goal, urgency, book.outgoing), urgency)


def _urgent_goal(goal: Destination, urgency: Urgency, rules: OutgoingRules) -> Destination:
    """The team that the rule names has it, if there is one of that name."""
    team = urgency.rule.team if urgency.rule.team in rules.teams else ""
    return replace(
        goal, kind=goal.kind or URGENT_KIND, team=team or goal.team, is_decided=bool(team) or goal.is_decided
    )
