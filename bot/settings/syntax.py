"""What the library says of a file that is no TOML -> plain words with line and column."""

import re

from bot.core.mistakes import Mistake

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BACKSLASH = "write \\\\ for each \\, or put the text in single quotes"
_WORDS = (
    (r"Cannot overwrite a value", "this key stands there twice: take one of them out"),
    (r"Cannot declare \(([^)]*?),?\) twice", "the table [{}] stands there twice: put its keys together"),
    (r"Duplicate inline table key '(.*)'", "the key {} stands there twice: take one of them out"),
    (r"Invalid value", 'what follows = is no value: text stands in quotes, as in name = "Exampleshire"'),
    (r"Expected '=' after a key.*", "after a key there must be = and its value"),
    (r"Invalid initial character for a key part", 'after a key there must be = and its value, as in name = "Bo"'),
    (r"Invalid statement", 'this line is neither a table such as [web] nor key = "value"'),
    (r"Unclosed array", "a list is not closed: ] is missing"),
    (r"Unclosed inline table", "a table in braces is not closed: } is missing"),
    (r"Unterminated string", "a text is not closed: a quotation mark is missing"),
    (r"Illegal character '\\n'.*", "a text is not closed on its line: a quotation mark is missing"),
    (r"Illegal character .*", "there is a character here that no text may hold: delete it and type it again"),
    (r"Found invalid character .*", "there is a character here that no text may hold: delete it and type it again"),
    (r"Unescaped '\\\\' in a string", _BACKSLASH),
    (r"Invalid hex value", _BACKSLASH),
    (r"Expected '\]+' at the end of a table.*", "the name of a table is not closed: ] is missing"),
    (r"Expected newline or end of document.*", "something follows the value: begin a line, or put the text in quotes"),
    (r"Invalid date or datetime", "this day does not exist"),
)


def mistake(words: str) -> Mistake:
    """Return the mistake that the library words so, without its file."""
    place = _PLACE.search(words)
    message = words[: place.start()] if place else words
    matches = ((re.fullmatch(pattern, message), plain) for pattern, plain in _WORDS)
    match, plain = next(((m, p) for m, p in matches if m), (None, "this is not as TOML is written"))
    name = match[1].replace("', '", ".").strip("'") if match and match.groups() else ""
    sentence = plain.replace("{}", name)
    if place is None or place[1] is None:
        return Mistake(message="the file ends in the middle of a value: a bracket or a quotation mark is missing")
    return Mistake(message=f"{sentence} (column {place[2]})", line=int(place[1]))
