"""What goes into the image and beside it. The image itself is built, started and killed by `make image-test`."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.components.ports import free_port
from tests.deploy.files import DEPLOY
from tests.image.bill import bill

PYTHON = "opt/ackbot/lib/python3.11/site-packages"
PACKAGES = {
    "ackbot": "License-Expression: EUPL-1.2\nRequires-Dist: aiohttp>=3.14\nRequires-Dist: weasyprint; extra == 'pdf'\n",
    "aiohttp": "License: Apache-2.0\n",
}
DPKG = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server whose pages are the statuses that they answer with."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path[1:]))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_health_check_is_content_with_200(address: str) -> None:
    """The page answers as it should."""
    assert _is_well(f"{address}/200")


@pytest.mark.parametrize("status", [204, 302, 404, 503])
def test_the_health_check_is_content_with_nothing_else(address: str, status: int) -> None:
    """What is alive and not ready is no more well than what has no such page."""
    assert not _is_well(f"{address}/{status}")


def test_the_health_check_says_no_where_nothing_listens() -> None:
    """A refused connection is an answer, too."""
    assert not _is_well(f"http://127.0.0.1:{free_port()}/healthz")


def test_the_bill_of_materials_names_what_is_installed(tmp_path: Path) -> None:
    """Python's packages with whom each needs, Debian's that are there still, and Python: as the standard has it."""
    for name, fields in PACKAGES.items():
        folder = tmp_path / PYTHON / f"{name}-1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{fields}", encoding="utf-8"
        )
    for path, text in {
        "opt/ackbot/pyvenv.cfg": "home = /usr/local/bin\nversion = 3.11.9\n",
        "etc/os-release": 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\n',
        "var/lib/dpkg/status": DPKG,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    table = json.loads(bill(tmp_path))
    assert {component["purl"] for component in table["components"]} == {
        "pkg:pypi/ackbot@1.0",
        "pkg:pypi/aiohttp@1.0",
        "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
        "pkg:generic/python@3.11.9",
    }
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in table["dependencies"]}
    assert needs["pypi:ackbot@1.0"] == ["pypi:aiohttp@1.0"]
    (licence,) = [c["licenses"] for c in table["components"] if c["name"] == "ackbot"]
    assert licence == [{"license": {"id": "EUPL-1.2"}}]


def _is_well(url: str) -> bool:
    command = ["bash", str(DEPLOY / "image" / "healthy.sh")]
    environment = {**os.environ, "ACKBOT_HEALTH_URL": url}
    return subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, check=False).returncode == 0
