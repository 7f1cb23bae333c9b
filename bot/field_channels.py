"""The contract of ways in that convert fields to a message: our own form, and the desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.core.files import File
from bot.core.messages import Inbound


class Refusal(Protocol):
    """The reasons why nothing was recorded: (field, remedy)."""

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """At least one reason, each field at most once, in the order of the page."""
        ...


@runtime_checkable
class Form(Protocol):
    """Converts the fields of a form, and the files with it, into a message; no I/O."""

    name: str

    @property
    def sends_texts(self) -> bool:
        """Whether people can be sent text messages."""
        ...

    def read(self, fields: Mapping[str, str], files: Sequence[File] = ()) -> Inbound | Refusal:
        """Return the message that they make."""
        ...


@runtime_checkable
class Desk(Protocol):
    """Converts what staff recorded into a message; no I/O."""

    name: str

    @property
    def sends_texts(self) -> bool:
        """Whether people can be sent text messages."""
        ...

    def record(self, fields: Mapping[str, str], key: str, received_at: datetime | None) -> Inbound | Refusal:
        """Return the message that the fields make; the same `key` is the same contact."""
        ...
