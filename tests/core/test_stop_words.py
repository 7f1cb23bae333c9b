"""Which text messages ask for no more of them, and which for more: those that say nothing else."""

import pytest

from bot.core import intakes
from bot.core.messages import Inbound, Party, Post
from bot.core.rules import Facts, RuleName
from bot.core.stop_words import says_start, says_stop


def text(words: str, address: str = "tel:+447700900123") -> Inbound:
    """A text message of somebody."""
    return Inbound("texts", "1", "d", Party(address), text=words, post=Post(conversation=address))


@pytest.mark.parametrize(
    "words",
    [
        "STOP",
        "stop",
        " Stop. ",
        "STOP!",
        "Please stop",
        "stop please",
        "STOP ALL",
        "Opt-out",
        "Unsubscribe",
        "Stop, thanks",
    ],
)
def test_words_that_stop(words: str) -> None:
    """In any case, with what people write around them."""
    assert says_stop(text(words))
    verdict = intakes.triage(text(words), Facts())
    assert (verdict.outcome, verdict.rule) == ("log", RuleName.STOP_WORD)
    assert intakes.triage(text(words), Facts(thread="EX-1")).outcome == "attach"


@pytest.mark.parametrize(
    "words",
    [
        *("", "stop it", "Please stop the lorries in Mill Lane", "bus stop", "the end", "STOP\nThe bin was missed."),
        *("cancel my garden bin", "stop " * 50, "no"),
    ],
)
def test_words_that_say_more(words: str) -> None:
    """Somebody wants something else of us: it is a contact."""
    assert not says_stop(text(words))
    assert intakes.triage(text(words), Facts()).outcome == "acknowledge"


@pytest.mark.parametrize("words", ["START", "unstop", "Start please", "opt in"])
def test_words_that_start(words: str) -> None:
    """They want them again."""
    assert says_start(text(words))
    assert intakes.triage(text(words), Facts()).rule is RuleName.START_WORD


def test_only_text_messages_have_such_words() -> None:
    """On a platform whoever wants no answer does not write."""
    assert not says_stop(text("STOP", "whatsapp:447700900123"))
    assert intakes.triage(text("STOP", "whatsapp:447700900123"), Facts()).outcome == "acknowledge"
