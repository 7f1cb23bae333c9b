"""`make holidays`: writes bot/core/bank_holidays.py from the library `holidays`, of which the service needs no more.

To import the library, with the holidays of every country in it, takes a tenth of a start of the service.
"""

import json
import textwrap
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path

import holidays

from bot.core.calendars import FIRST_DAY, LAST_DAY

FILE = Path(__file__).parents[2] / "bot" / "core" / "bank_holidays.py"
CODES = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}
HEAD = '''"""The bank holidays of the United Kingdom, by day and nation. Written by `make holidays`: do not edit.

Source: holidays {version} (PyPI), compared with it by a test. What is proclaimed later stands in
config/calendars/holidays.toml until the next release.
"""

from datetime import date
from functools import cache

# Title, nations, days.
_TABLE = (
'''
FOOT = ''')


@cache
def by_day(nation: str) -> dict[date, str]:
    """Return the bank holidays of a nation (england, wales, scotland, northern-ireland): day -> title."""
    rows = ((title, days) for title, nations, days in _TABLE if nation in nations.split())
    return dict(sorted((date.fromisoformat(day), title) for title, days in rows for day in days.split()))
'''


def by_day(nation: str) -> Mapping[date, str]:
    """The bank holidays of the library, a substitute day called so."""
    years = range(FIRST_DAY.year, LAST_DAY.year + 1)
    titles = holidays.country_holidays("GB", subdiv=CODES[nation], years=years)
    return {day: title.replace("(observed)", "(substitute day)") for day, title in titles.items()}


def main() -> None:
    """Write the file."""
    nations_of: dict[tuple[date, str], list[str]] = defaultdict(list)
    for nation in CODES:
        for day, title in by_day(nation).items():
            nations_of[day, title].append(nation)
    days_of: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (day, title), nations in sorted(nations_of.items()):
        days_of[title, " ".join(nations)].append(day.isoformat())
    rows = [_row(title, nations, " ".join(days)) for (title, nations), days in days_of.items()]
    # At once, as the file is imported here, too: half of it could not be mended by this command.
    new = FILE.with_suffix(".new")
    new.write_text(HEAD.format(version=version("holidays")) + "".join(rows) + FOOT, encoding="utf-8")
    new.replace(FILE)


def _row(title: str, nations: str, days: str) -> str:
    lines = textwrap.indent("\n".join(textwrap.wrap(days, 100)), " " * 8)
    return f'''    (
        {json.dumps(title)},
        "{nations}",
        """
{lines}
        """,
    ),
'''


if __name__ == "__main__":
    main()
