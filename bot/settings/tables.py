"""The base of every table of a configuration file."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from bot.core.phrases import fold


class Table(BaseModel):
    """A table of a configuration file: unknown keys are errors, and values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _words(value: tuple[str, ...]) -> tuple[str, ...]:
    for phrase in value:
        if not any(character.isalnum() for character in fold(phrase)):
            raise ValueError(f"{phrase!r} has no word in it")
    return value


Words = Annotated[tuple[str, ...], AfterValidator(_words)]
