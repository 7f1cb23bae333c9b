"""The words of a contact on its page: the newest of the person first, all others folded below in their order."""

from collections.abc import Mapping
from typing import Any

from bot.flows.desk.page_size import fit
from bot.web.console.files import look_of
from bot.web.console.opening import Opening

# About ten lines: what is longer is folded, so that the time to answer and the reply box stay on the first screen.
_MOST_BYTES_OPEN = 900
_WORD_ENDS = "\n "


def context(opening: Opening) -> Mapping[str, Any]:
    """The message that is read first, and the other ones."""
    messages = opening.view.messages
    of_person = [message for message in messages if message.written_by == "sender"]
    newest = next(reversed(of_person), messages[-1] if messages else None) if opening.view.page == 1 else None
    further = [message for message in messages if message is not newest]
    return {"newest": newest, "others": further, "in_two": in_two, "look_of": look_of}


def in_two(words: str) -> tuple[str, str]:
    """The beginning of long words, up to the end of one, and the rest; all and nothing where they are short."""
    beginning = fit(words, _MOST_BYTES_OPEN)
    if len(beginning) == len(words):
        return words, ""
    end = max(beginning.rfind(mark) for mark in _WORD_ENDS)
    beginning = beginning[:end] if end > len(beginning) // 2 else beginning
    return beginning, words[len(beginning) :].lstrip("\n")
