"""`make image-test`: the image started as its user on a read-only file system, harmed, and a table of what was seen."""

import sys
import tempfile
import traceback
from pathlib import Path

from bot import __version__
from tests.image import on_files, on_service
from tests.image.image import CACHE, Image
from tests.image.scene import Scene

CHECKS = (*on_files.ALL, *on_service.ALL)
HEAD = ("check", "verdict", "seen")


def main() -> int:
    """Run every check, in this order; 1 if something is not as it must be."""
    rows = [HEAD]
    with (
        tempfile.TemporaryDirectory(prefix="run-", dir=CACHE) as directory,
        Image(f"ackbot:{__version__}") as image,
        Scene(image, Path(directory)) as scene,
    ):
        for check in CHECKS:
            try:
                rows.append((check.__name__, "good", check(scene)))
            except Exception as error:  # noqa: BLE001 - whatever it is, the next check is made
                traceback.print_exc()
                rows.append((check.__name__, "BROKEN", f"{type(error).__name__}: {str(error)[:200]}"))
            print(f"image-test: {rows[-1][0]}: {rows[-1][1]}", file=sys.stderr, flush=True)
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    print("\n".join(f"{name.ljust(widths[0])}  {verdict.ljust(widths[1])}  {words}" for name, verdict, words in rows))
    return 1 if any(row[1] == "BROKEN" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
