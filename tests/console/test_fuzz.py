"""The API under a schema fuzzer: nothing breaks, and every answer is one that its description names."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.web.api.operations import OPERATIONS
from tests.console.conftest import House
from tests.thoroughness import NIGHTLY

# Rules between fields, and dates that must be of this year, cannot be said in a schema.
LEFT_OUT = "positive_data_acceptance"
# The boundaries of every field take most of the time.
USUAL, WHOLE = ("--max-examples", "1", "--phases", "examples,fuzzing,stateful"), ("--max-examples", "20")
EFFORT = WHOLE if NIGHTLY else USUAL


@pytest.mark.timeout(900)
def test_the_fuzzer_finds_nothing(house: House, tmp_path: Path) -> None:
    """No 5xx and nothing undocumented, on examples, boundaries, random calls and chains of calls."""
    for number in range(3):
        house.contact(f"To be found: {number}")
    address = f"http://127.0.0.1:{house.service.web_port}/api/openapi.json"
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", address, "--no-color"),
            *("--header", f"Authorization: Bearer {house.tokens['all']}"),
            *(*EFFORT, "--exclude-checks", LEFT_OUT, "--seed", "20261124"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=870,  # only what hangs is ended
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert f"Operations:       {len(OPERATIONS)} selected / {len(OPERATIONS)} total" in done.stdout
    assert "web.failed" not in house.service.words()
