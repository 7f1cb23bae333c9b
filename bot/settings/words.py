"""Words and phrases that somebody lists in a table."""

from typing import Annotated

from pydantic import AfterValidator

from bot.core.phrases import fold


def _words(value: tuple[str, ...]) -> tuple[str, ...]:
    for phrase in value:
        if not any(character.isalnum() for character in fold(phrase)):
            raise ValueError(f"{phrase!r} has no word in it")
    return value


Words = Annotated[tuple[str, ...], AfterValidator(_words)]
