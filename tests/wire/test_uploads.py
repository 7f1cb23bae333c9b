"""Files that people send, judged by their content."""

import io
import zipfile

import pytest

from bot.core.files import File
from bot.core.uploads import Limits, Why
from bot.wire import uploads
from tests.wire import sample_files


def why(name: str, content: bytes) -> Why:
    with pytest.raises(uploads.NotTaken) as error:
        uploads.examine(File(name, content))
    return error.value.refusal.why


@pytest.mark.parametrize(
    ("name", "content", "as_kept"),
    [
        ("Photo 1.JPG", sample_files.jpeg(), "Photo 1.jpg"),
        ("../../etc/passwd", sample_files.jpeg(), "passwd.jpg"),
        ("C:\\Users\\me\\hole.png", sample_files.png(), "hole.png"),
        ("hole.jpg", sample_files.png(), "hole.png"),
        ("bin.webp", sample_files.webp(), "bin.webp"),
        ("", sample_files.jpeg(), "file.jpg"),
        ("letter.pdf", b"%PDF-1.7 ...", "letter.pdf"),
        ("letter.docx", sample_files.document(), "letter.docx"),
        ("letter.odt", sample_files.archive(mimetype="application/vnd.oasis.opendocument.text"), "letter.odt"),
        ("notes", b"Dydd Llun, the bin\twas left.\r\n", "notes.txt"),
        ("notes.csv", b"a,b\n1,2\n", "notes.txt"),
        ("n" * 300 + ".pdf", b"%PDF-", "n" * 80 + ".pdf"),
        ("v1.2 of my letter.pdf", b"%PDF-", "v1.2 of my letter.pdf"),
        ("\u202egnp.exe.jpg", sample_files.jpeg(), "gnp.exe.jpg"),
    ],
)
def test_what_people_send_is_taken_under_a_name_that_fits(name: str, content: bytes, as_kept: str) -> None:
    """The ending is that of the content, and a name is one component that can be displayed."""
    assert uploads.examine(File(name, content)).name == as_kept


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("photo.jpg", b"", Why.EMPTY),
        ("photo.jpg.exe", sample_files.jpeg(), Why.RUNS),
        ("page.html", b"plain words", Why.RUNS),
        ("drawing.svg", b"<svg/>", Why.RUNS),
        ("run.ps1 .", b"words", Why.RUNS),
        ("photo.jpg", b"MZ\x90\0" + bytes(99), Why.UNKNOWN),
        ("photo.png", b"<svg onload=alert(1)>", Why.UNKNOWN),
        ("notes.txt", b"\n <script>alert(1)</script>", Why.UNKNOWN),
        ("notes.txt", b"#!/bin/sh\nrm -r /", Why.UNKNOWN),
        ("notes.txt", b"{\\rtf1 x}", Why.UNKNOWN),
        ("notes.txt", b"\xff\xfea\0", Why.UNKNOWN),
        ("film.mp4", b"\0\0\0 ftypisom", Why.UNKNOWN),
        ("photo.heic", b"\0\0\0 ftypheic", Why.HEIC),
        ("photo.jpg", b"\xff\xd8\xff\xe0", Why.UNKNOWN),
        ("photo.jpg", sample_files.jpeg()[:-40], Why.TORN),
        ("photo.png", sample_files.png()[:-20], Why.TORN),
        ("photo.png", sample_files.png(40_000, 30_000), Why.UNKNOWN),
        ("letter.docx", sample_files.document(**{"word/vbaProject.bin": "x"}), Why.MACROS),
        ("letter.docx", sample_files.document(**{"word/embeddings/run.exe": "x"}), Why.MACROS),
        ("letter.docx", sample_files.document("vnd.ms-word.document.macroEnabled.main+xml"), Why.MACROS),
        ("letter.odt", sample_files.archive(**{"mimetype": "x", "Basic/Standard/Module1.xml": "x"}), Why.MACROS),
        ("all.zip", sample_files.archive(a="b"), Why.UNKNOWN),
        ("all.zip", b"PK\x03\x04" + bytes(40), Why.TORN),
        ("many.docx", sample_files.archive(**{f"p{n}": "" for n in range(2_001)}), Why.UNKNOWN),
    ],
)
def test_what_can_run_or_cannot_be_known_is_refused(name: str, content: bytes, reason: Why) -> None:
    """Programs, scripts, pages, drawings with scripts, macros; and what is torn, empty or of another kind."""
    assert why(name, content) is reason


@pytest.mark.parametrize(
    ("name", "content", "as_kept"),
    [
        ("voice", b"OggS\x00\x02", "voice.ogg"),
        ("film.exe.mp4", b"\0\0\0 ftypisom", "film.exe.mp4"),
        ("../IMG_1.HEIC", b"\0\0\0 ftypheic", "IMG_1.heic"),
        ("hole.png", sample_files.jpeg(), "hole.jpg"),
        ("plan.pdf", b"%PDF-1.7", "plan.pdf"),
    ],
)
def test_what_people_send_on_a_platform_is_kept(name: str, content: bytes, as_kept: str) -> None:
    """What the form takes, and what telephones record besides, with the ending of its content."""
    assert uploads.examine_media(File(name, content)).name == as_kept


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("film.exe", b"\0\0\0 ftypisom", Why.RUNS),
        ("voice.ogg", b"MZ\x90\0" + bytes(99), Why.UNKNOWN),
        ("letter.docx", sample_files.document(**{"word/vbaProject.bin": "x"}), Why.MACROS),
        ("photo.jpg", sample_files.jpeg()[:-40], Why.TORN),
    ],
)
def test_what_can_harm_is_kept_from_no_platform(name: str, content: bytes, reason: Why) -> None:
    """As from the form."""
    with pytest.raises(uploads.NotTaken) as error:
        uploads.examine_media(File(name, content))
    assert error.value.refusal.why is reason


def test_a_document_that_would_unpack_to_gigabytes_is_not_unpacked() -> None:
    """Only the beginning of its list of contents is read."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", b"x" * 5_000_000)
        file.writestr("word/document.xml", b"x" * 5_000_000)
    assert uploads.examine(File("letter.docx", content.getvalue())).name == "letter.docx"


def test_number_and_size_have_limits_that_are_named() -> None:
    """Too many, one too large, all too large together; what fits is not refused."""
    limits = Limits(files=4, file_megabytes=1, all_megabytes=3)
    megabyte = 1024 * 1024

    def words(*sizes: int) -> list[str]:
        files = [File(f"{n}.jpg", bytes(size)) for n, size in enumerate(sizes)]
        return [refusal.words for refusal in limits.refusals(files)]

    assert words(megabyte, megabyte) == []
    assert words(1, 1, 1, 1, 1) == ["Choose 4 files or fewer"]
    assert words(megabyte, megabyte + 1) == ["The file 1.jpg is too big. Its limit in MB: 1"]
    assert words(megabyte, megabyte, megabyte, 1) == ["Your files are too big together. Their limit in MB: 3"]
