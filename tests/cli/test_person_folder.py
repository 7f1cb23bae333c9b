"""A person's record as a folder: readable, complete, and harmless whatever they sent."""

import json
import re
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.cli.person_folder import safe_name
from bot.core.messages import Inbound
from bot.wire.mail import mime
from tests.cli.test_receipts import Run, logged, run

__all__ = ["logged", "run"]
Log = Callable[[Inbound], str]
SAM = "sam@residents.example"
PDF = b"%PDF-1.4\n\x00\xff binary"
HOSTILE = f"""\
From: "Sam & Co" <{SAM}>
To: us@example.gov.uk
Subject: <img src=x onerror=alert(2)> & "quotes"
Message-ID: <hostile@residents.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

</pre><script>alert(3)</script> {{{{ 7*7 }}}} My bin was missed.
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="../../../etc/passwd"
Content-Transfer-Encoding: base64

JVBERi0xLjQKAP8gYmluYXJ5
--b
Content-Type: text/html
Content-Disposition: attachment; filename="invoice.html"

<script>alert(4)</script>
--b--
""".replace("\n", "\r\n")


class _Page(HTMLParser):
    """What a browser would make of a page: its tags, the levels of its headings, its links, its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.headings, self.addresses = list[str](), list[int](), list[str]()
        self.attributes, self.words = list[tuple[str, str | None]](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes += attrs
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.addresses += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.words += data


def _page(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


@pytest.fixture
def folder(tmp_path: Path, run: Run, logged: Log) -> Path:
    """The folder of somebody who tries everything, and was answered."""
    reference = logged(mime.read(HOSTILE.encode(), channel="inbox", received_at=None))
    assert run("contacts", "respond", reference, "--note", "<b>rang</b> Sam").exit_code == 0
    out = tmp_path / "sam"
    result = run("person", "export", SAM, "--html", str(out))
    assert result.exit_code == 0, result.output
    assert "1 contacts" in result.stdout
    return out


def test_the_page_says_all_and_runs_nothing(folder: Path) -> None:
    """What people and staff wrote is words on it; there is no script, and the policy would run none."""
    page = _page(folder / "index.html")
    assert not {"script", "img", "iframe", "object", "form", "b"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    words = ("Sam & Co", "onerror=alert(2)", "alert(3)", "{{ 7*7 }}", "My bin was missed.")
    assert [text for text in (*words, "<b>rang</b> Sam", "Answered", SAM) if text not in page.words] == []
    (policy,) = [value for name, value in page.attributes if name == "content" and "default-src" in (value or "")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_the_page_can_be_read_by_everybody(folder: Path) -> None:
    """It has a language, one main heading, no level left out, and tables with a caption and heads."""
    text, page = (folder / "index.html").read_text(encoding="utf-8"), _page(folder / "index.html")
    assert '<html lang="en-GB">' in text
    assert page.headings.count(1) == 1
    assert all(lower - upper <= 1 for upper, lower in zip(page.headings, page.headings[1:], strict=False))
    assert {"main", "caption", "th"} <= set(page.tags)


def test_every_file_is_there_in_its_own_bytes(folder: Path) -> None:
    """Under a harmless name, for its owner alone; each link of the page leads to one."""
    page = _page(folder / "index.html")
    linked = {address for address in page.addresses if not address.startswith("#")}
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert linked == files.keys() - {"index.html"}
    contents = {name.partition("-")[2]: path.read_bytes() for name, path in files.items() if "attach" in name}
    assert contents == {"passwd": PDF, "invoice.html.txt": b"<script>alert(4)</script>"}
    (original,) = [path for name, path in files.items() if name.startswith("messages/")]
    assert original.read_bytes() == HOSTILE.encode()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert modes == {0o700, 0o600}
    assert json.loads((folder / "record.json").read_text())["address"] == SAM


def test_nothing_that_is_there_is_written_over(folder: Path, run: Run, tmp_path: Path) -> None:
    """Neither a folder nor a file nor what a link names."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    before = (folder / "index.html").read_bytes()
    for unusable in (folder, tmp_path / "file", tmp_path / "link", tmp_path / "no" / "such" / "folder"):
        assert run("person", "export", SAM, "--html", str(unusable)).exit_code == 2
    assert (folder / "index.html").read_bytes() == before
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Antwort für Zoë.docx", "Antwort_für_Zoë.docx"),
        ("../../etc/passwd", "etc_passwd"),
        (".htaccess", "htaccess"),
        ("a\0b\nc\\d:e.txt", "a_b_c_d_e.txt"),
        ("", "file"),
        ("...", "file"),
        ("-rf", "rf"),
        ("page.HTML", "page.HTML.txt"),
        ("picture.svg", "picture.svg.txt"),
        ("setup.exe", "setup.exe.txt"),
        ("run.exe. ", "run.exe.txt"),
        ("x" * 500 + ".pdf", "x" * 100 + ".pdf"),
        ("é" * 500, "é" * 50),
        ("a." + "b" * 400, "a." + "b" * 98),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    """It is one component, not hidden, no option of a command, and runs nothing."""
    assert safe_name(name) == safe
