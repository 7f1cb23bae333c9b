"""Constraints of settings that say in plain words what is allowed."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator


@dataclass(frozen=True, slots=True)
class Form:
    """How a text must be written, for `Annotated[str, Form(...)]`: the whole of it matches `pattern`.

    `words` say the same to people, who never see the pattern, as in "up to 40 letters".
    """

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Check the form after the type."""
        return AfterValidator(self._check).__get_pydantic_core_schema__(source, handler)

    def _check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise ValueError(f"allowed: {self.words}")
        return value


NAME = Form(r"[a-z][a-z0-9-]{0,39}", "up to 40 small letters, digits and hyphens, beginning with a letter")
# Names of the figures, which may hold an underscore, too; "" is none.
WORD = Form(r"([a-z][a-z0-9_-]{0,39})?", "up to 40 small letters, digits, - and _, beginning with a letter")
ONE_LINE = Form(r"[^\x00-\x1f\x7f]+", "one line of text, not empty")
PAGE = Form(r"(https?://\S+)?", "an address of a page, such as https://www.example.gov.uk/page")
SECURE_PAGE = Form(r"(https://[^\s?#]+)?", "an address that begins with https://, without ? and #")
NUMBER = Form(r"\d{1,30}", "up to 30 digits")
LANGUAGE = Form(r"[a-z]{2}", "two small letters, as in cy")
ADDRESS = Form(r"[^@\s]+@[^@\s]+", "one e-mail address, such as enquiries@example.gov.uk")


def _a_port(value: str) -> str:
    if int(value.rpartition(":")[2]) > 65_535:
        raise ValueError("allowed: a port from 0 to 65535")
    return value


_PLACE = Form(r"(\[[0-9a-fA-F:.]+\]|[^:\s\[\]]+):\d{1,5}", "an address and a port, as in 127.0.0.1:8080")
Listen = Annotated[str, _PLACE, AfterValidator(_a_port)]
"""Where to listen, as in 127.0.0.1:8080."""
