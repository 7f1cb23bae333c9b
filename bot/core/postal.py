"""The address of a letter, in the lines that GOV.UK Notify takes (its rest-api.html, "Send a letter")."""

PREFIX = "post:"
FEWEST_LINES, MOST_LINES = 3, 7
_LONGEST_LINE = 100
_NO_BEGINNING = '@()=[]"\\/,<>\u201d'


def address(text: str) -> str:
    """Return the lines that somebody typed as one address; "" where there is none."""
    lines = [" ".join(line.split())[:_LONGEST_LINE] for line in text.splitlines()]
    text_lines = "\n".join(line for line in lines if line)
    return f"{PREFIX}{text_lines}" if text_lines else ""


def lines_of(recipient: str) -> list[str]:
    """Return the lines of an address."""
    return recipient.removeprefix(PREFIX).splitlines()


def why_not(recipient: str) -> str:
    """Return why no letter can be posted there, in words for whoever typed it; "" where one can."""
    lines = lines_of(recipient)
    if not FEWEST_LINES <= len(lines) <= MOST_LINES:
        return f"write the address in {FEWEST_LINES} to {MOST_LINES} lines: the name first, the postcode last"
    if any(line.startswith(tuple(_NO_BEGINNING)) for line in lines):
        return "begin each line of the address with a letter or a number"
    if not all(any(letter.isalnum() for letter in line) for line in lines[:2]):
        return "write a name and a street into the first two lines of the address"
    return ""
