"""What somebody may have meant by a name that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, names: Iterable[str], likeness: float = 0.6) -> str:
    """Return the name that was probably meant by a word; "" where none is near. A `likeness` of 1 is the same word."""
    by_form = {name.lower().replace("-", "_"): name for name in names}
    forms = get_close_matches(word.lower().replace("-", "_"), list(by_form), n=1, cutoff=likeness)
    return by_form[forms[0]] if forms else ""


def suggestion(name: str | None, choices: Iterable[str]) -> str:
    """Return the nearest of the choices as the end of a sentence on the name; "" where none is near."""
    near = nearest(name or "", choices)
    return f"; did you mean {near!r}?" if near else ""


def in_brackets(name: str, choices: Iterable[str]) -> str:
    """Return the same to stand behind the name within a sentence."""
    near = nearest(name, choices)
    return f" (did you mean {near}?)" if near else ""


def choose_one(word: str, choices: Iterable[str]) -> str:
    """Return the words for whoever named none of the choices, with the one that was probably meant."""
    names = list(choices)
    return f"choose one of {', '.join(names)}{in_brackets(word, names)}"
