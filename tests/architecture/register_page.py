"""`make register`: writes the tables of docs/data-protection.md from the register of personal data and the settings."""

from collections.abc import Iterator
from pathlib import Path

from bot.settings.retention import PACKAGED_DAYS, RetentionSettings
from bot.store.personal_data import REGISTER, Cell, Datum, Whose

PAGE = Path(__file__).parents[2] / "docs" / "data-protection.md"
_TITLES = {
    Whose.RESIDENT: "Whoever writes",
    Whose.STAFF: "Staff",
    Whose.STRANGER: "Whoever cannot be told: who tried a door, and who wrote what could not be logged",
}
_YEAR = 365.25


def page(text: str) -> str:
    """Return the page with what stands between its marks written anew."""
    for name, lines in (("register", _register()), ("times", _times())):
        begin, end = f"<!-- {name}: written by `make register` -->", f"<!-- end of {name} -->"
        head, begin_mark, rest = text.partition(begin)
        _, end_mark, tail = rest.partition(end)
        if not (begin_mark and end_mark):
            raise ValueError(f"{PAGE.name} has no place for {name}")
        content = "\n".join(lines).strip()
        text = f"{head}{begin}\n\n{content}\n\n{end}{tail}"
    return text


def _register() -> Iterator[str]:
    for whose, title in _TITLES.items():
        yield f"### {title}"
        yield ""
        yield "| where | what | an export | an erasure | kept | in the store, with `[store] keys` |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(datum) for datum in REGISTER if datum.whose is whose)
        yield ""


def _row(datum: Datum) -> str:
    cells = (datum.export, datum.erasure, datum.retention, datum.sealing)
    return f"| `{datum.column}` | {datum.what} | {' | '.join(map(_words, cells))} |"


def _words(cell: Cell) -> str:
    return cell.words.replace("[retention] audit_days", "`[retention] audit_days`").replace(
        "[retention] days", "its time"
    )


def _times() -> Iterator[str]:
    usual = RetentionSettings()
    yield "| contacts | days after the last message or answer |"
    yield "|---|---|"
    for kind, days in sorted(PACKAGED_DAYS.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"| kind `{kind}` | {days} ({round(days / _YEAR)} years) |".replace("(1 years)", "(1 year)")
    yield f"| written privately on a platform | {usual.direct_message_days} |"
    yield f"| everything else | {usual.days} |"
    yield f"| lines of the audit trail about no contact | {usual.audit_days} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
