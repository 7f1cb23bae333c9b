"""Characters that change the direction in which text is displayed (Unicode UAX 9), by which words can be disguised.

`gnp.exe` after U+202E looks like `exe.png`. Scripts that run from right to left need none of these: the letters
themselves say where they go. So they are taken out of everything that comes in, mails and forms, before it is stored;
the marks U+200E and U+200F, which do little harm and which such scripts do need, stay in texts but not in names.
"""

import re

# Embeddings, overrides and isolates.
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
DIRECTIONS_IN_NAMES = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def without_overrides(text: str) -> str:
    """Return a text that is displayed in the order in which it is read."""
    return text if text.isascii() else DIRECTIONS.sub("", text)


def plain_name(name: str) -> str:
    """Return the name of a person or file without any character of direction."""
    return name if name.isascii() else DIRECTIONS_IN_NAMES.sub("", name)
