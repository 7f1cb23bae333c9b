"""Rules for posts on a platform that must not be answered: by programs, reactions, comments, or by configuration.

They are tested like those for mail; the row numbers are those of the table in docs/triage.md.
"""

from bot.core.messages import Inbound
from bot.core.rules import Facts, Rule, RuleName


def _is_by_program(message: Inbound, _: Facts) -> bool:
    return message.post is not None and message.post.by_program


def _is_reaction(message: Inbound, _: Facts) -> bool:
    return message.post is not None and message.post.kind == "reaction"


def _is_comment(message: Inbound, _: Facts) -> bool:
    return message.post is not None and message.post.kind == "comment"


def may_be_answered(message: Inbound, facts: Facts) -> bool:
    """Tell whether the account answers private, or public, messages automatically."""
    return facts.receipts in ("both", message.visibility)


def _is_not_answered_here(message: Inbound, facts: Facts) -> bool:
    return message.post is not None and facts.thread is None and not may_be_answered(message, facts)


RULES: tuple[Rule, ...] = (
    Rule(RuleName.PROGRAMS_POST, "the platform says that a program wrote it", "RFC 3834 section 2", _is_by_program),
    Rule(RuleName.REACTION, "it is a reaction without words", "our standard", _is_reaction),
    Rule(RuleName.COMMENT, "it stands under something that we published", "our standard", _is_comment),
    Rule(
        RuleName.NOT_ANSWERED_HERE,
        "the configuration says that this account does not answer such messages by itself",
        "our standard",
        _is_not_answered_here,
        outcome="ask",
    ),
)
