"""What is known of the locked versions is asked of OSV; where nobody could look, nothing is said to be good."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.architecture.vulnerabilities import KNOWN, LOCKS, Pin, pins, report
from tests.components.ports import free_port

Known = dict[tuple[str, str], list[str]]


@pytest.fixture
def osv() -> Iterator[tuple[str, Known]]:
    """OSV as its documentation describes it: its address, and what it knows, by package and version."""
    known: Known = {KNOWN: ["GHSA-h5c8-rqwp-cp95"]}

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            keys = [(query["package"]["name"], query["version"]) for query in body["queries"]]
            assert {query["package"]["ecosystem"] for query in body["queries"]} == {"PyPI"}
            entries = [{"vulns": [{"id": name} for name in known[key]]} if key in known else {} for key in keys]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"results": entries}).encode())

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/querybatch", known
    server.shutdown()
    server.server_close()


def test_what_is_known_of_a_locked_version_fails_the_check(osv: tuple[str, Known]) -> None:
    """It is named, with where to read of it; where nothing is known the number of versions is."""
    address, known = osv
    words, status = report(address)
    assert (words.endswith(" locked versions, 0 with something known"), status) == (True, 0)
    aiohttp = next(pin for pin in pins(LOCKS) if pin.name == "aiohttp")
    known[aiohttp] = ["GHSA-1", "PYSEC-2"]
    words, status = report(address)
    assert words.startswith(f"aiohttp {aiohttp.version}: GHSA-1, PYSEC-2 (osv.dev/vulnerability/GHSA-1)")
    assert status == 1


def test_where_nobody_could_look_it_says_so(osv: tuple[str, Known]) -> None:
    """No line to OSV, or one who knows nothing: neither is a good answer, nor a reason to stop the work."""
    address, known = osv
    known.clear()
    for other in (address, f"http://127.0.0.1:{free_port()}/v1/querybatch"):
        words, status = report(other)
        assert (words.startswith("vulnerabilities: not looked: "), status) == (True, 0)


def test_every_pin_of_a_lock_file_is_asked(tmp_path: Path) -> None:
    """With extras, and once for each version where platforms have different ones."""
    lock = tmp_path / "requirements.lock"
    lines = ["numpy==2.4.6 ; python_full_version < '3.12' \\", "    --hash=sha256:00", "numpy==2.5.5 \\"]
    lock.write_text("\n".join([*lines, "psycopg[binary]==3.3.9 \\", "    # via numpy==1"]), encoding="utf-8")
    assert pins([lock]) == [Pin("numpy", "2.4.6"), Pin("numpy", "2.5.5"), Pin("psycopg", "3.3.9")]
    assert len(LOCKS) == 4
