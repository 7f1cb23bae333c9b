"""Joins the lines of a text that its sender's program broke (RFC 3676, format=flowed)."""


def joined(text: str, *, delete_space: bool) -> str:
    """Return the paragraphs of a flowed text, each on one line; `delete_space` is its parameter DelSp."""
    lines, depth_before, is_open = list[list[str]](), -1, False
    for raw in text.split("\n"):
        depth, line = _unquoted(raw.removesuffix("\r"))
        flows = line.endswith(" ") and line != "-- "
        content = line[:-1] if flows and delete_space else line
        if is_open and depth == depth_before and line != "-- ":
            lines[-1].append(content)
        else:
            lines.append(["> " * depth, content])
        depth_before, is_open = depth, flows
    return "\n".join(map("".join, lines))


def _unquoted(line: str) -> tuple[int, str]:
    """Return how often a line is quoted, and the line without quotation marks and without the space before it."""
    content = line.lstrip(">")
    return len(line) - len(content), content.removeprefix(" ")
