"""What a new contact is about: its language, whose it is, and whether it can wait."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from bot.core import topics
from bot.core.books import Matter
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound
from bot.core.timing import Timing
from bot.core.topics import Destination, Urgency
from bot.flows.rulebook import NO_WAY, OutgoingRules, Rulebook

# Each language costs memory and time. These are Welsh and the languages most often spoken at home in the country.
_KNOWN = (
    *(Language.ENGLISH, Language.WELSH, Language.POLISH, Language.ROMANIAN, Language.PORTUGUESE, Language.UKRAINIAN),
    *(Language.PUNJABI, Language.URDU, Language.BENGALI, Language.GUJARATI, Language.HINDI, Language.TAMIL),
    *(Language.ARABIC, Language.PERSIAN, Language.TURKISH, Language.SOMALI, Language.CHINESE, Language.ALBANIAN),
    *(Language.SPANISH, Language.ITALIAN, Language.FRENCH, Language.GERMAN, Language.RUSSIAN, Language.BULGARIAN),
    *(Language.LITHUANIAN, Language.LATVIAN, Language.HUNGARIAN, Language.SLOVAK, Language.GREEK),
)
# Below this confidence, or with fewer letters, any answer would be a guess.
_SURE = 0.8
_FEWEST_LETTERS = 12
_READ_CHARACTERS = 100
# English words that no other language of the list has: three different ones settle it without the detector.
_ENGLISH = frozenset(
    {"the", "and", "is", "are", "was", "my", "have", "has", "you", "not", "that", "this", "with", "for"}
    | {"been", "they", "there", "their", "your", "please", "would", "could", "which", "from", "when", "what", "about"}
    | {"road", "street", "council", "thank", "thanks", "outside", "nobody", "again", "week", "house"}
)
_WORD = re.compile(r"[^\W\d_]+")
_ENOUGH_WORDS, _LOOKED_THROUGH = 3, 400


@cache
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(*_KNOWN).with_low_accuracy_mode().build()


def load_languages() -> None:
    """Load the models now (0.1 s), so that the first message in another language does not wait for them."""
    _detector().compute_language_confidence_values("Dzień dobry, bonjour, guten Tag")


def language_of(text: str) -> str:
    """Return the language of a text as an ISO 639-1 code (en, cy, pl ...), or "" where it cannot be determined."""
    if len(_ENGLISH.intersection(_WORD.findall(text[:_LOOKED_THROUGH].lower()))) >= _ENOUGH_WORDS:
        return "en"
    start = " ".join(text[: 4 * _READ_CHARACTERS].split())[:_READ_CHARACTERS]
    if sum(character.isalpha() for character in start) < _FEWEST_LETTERS:
        return ""
    best = _detector().compute_language_confidence_values(start)[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= _SURE else ""


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
