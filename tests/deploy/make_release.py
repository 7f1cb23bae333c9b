"""`make release DIRECTORY`: builds both files of a release there, and tries each as whoever installs it does."""

import sys
import tempfile
from pathlib import Path

from tests.deploy import release


def main(directory: Path) -> int:
    """Build and try; 1 if one of them does not work."""
    is_good = True
    for file in release.build(directory.resolve()):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "empty"
            folder.mkdir()
            print(f"{file.name}, {file.stat().st_size / 1_000_000:.1f} MB: installing it from PyPI", file=sys.stderr)
            try:
                print(f"{file.name}: {_trial(release.install(file, Path(scratch)), folder)}")
            except (RuntimeError, OSError, IndexError) as error:
                print(f"{file.name}: {error}", file=sys.stderr)
                is_good = False
    return 0 if is_good else 1


def _trial(ackbot: Path, folder: Path) -> str:
    version = release.output(ackbot, "--version", folder=folder).strip()
    with release.demo(ackbot, folder) as words:
        heading = release.form(words).all("h1")[0].text()
    return f"{version}; the demo shows {heading.strip()!r}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
