"""JSON Pointer (RFC 6901): names one value within a JSON document."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator

# Section 4: no sign, and no zero before other digits.
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_NOTHING = object()


def _checked(value: str) -> str:
    if value and not value.startswith("/"):
        raise ValueError("is not a JSON pointer: it begins with / (RFC 6901), such as /answers/name")
    if re.search(r"~(?![01])", value):
        raise ValueError("is not a JSON pointer: write ~0 for ~ and ~1 for / within a name (RFC 6901)")
    return value


Pointer = Annotated[str, AfterValidator(_checked)]


def value_at(document: Any, pointer: str) -> Any:
    """Return the value there; None where there is none, or where it is null."""
    value = document
    for token in pointer.split("/")[1:]:
        # Section 4: in this order, so that ~01 becomes ~1.
        value = _child(value, token.replace("~1", "/").replace("~0", "~"))
        if value is _NOTHING:
            return None
    return value


def _child(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name, _NOTHING)
    if isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
        return value[int(name)]
    return _NOTHING
