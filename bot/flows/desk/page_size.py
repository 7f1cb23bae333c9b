"""What fits on a page: pages stay under 100 KB, so that they come over a slow line, and the rest is a page further."""

from html import escape


def weight(text: str) -> int:
    """How many bytes a text takes in a page, about."""
    return len(escape(text).encode())


def fit(text: str, most: int) -> str:
    """The beginning of a text that takes at most so many bytes in a page."""
    if weight(text) <= most:
        return text
    low, high = 0, min(len(text), most)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if weight(text[:middle]) <= most else (low, middle - 1)
    return text[:low]


def pieces(text: str, most: int) -> list[str]:
    """A text in pieces that fit; one that is empty is one piece."""
    parts, rest = [], text
    while weight(rest) > most:
        parts.append(fit(rest, most))
        rest = rest[len(parts[-1]) :]
    return [*parts, rest]
