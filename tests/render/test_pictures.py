"""Pictures of the organisation in the Easy Read wording."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot.render import lint, pictures
from bot.render.compose import Composer
from bot.render.renditions import Rendition
from bot.render.samples import SAMPLES
from tests.render.letters import CONSTANTS, ENVELOPE, TEMPLATES
from tests.wire.sample_files import jpeg, png

NAME = "acknowledgement-easy"


def _folder(tmp_path: Path, **files: bytes) -> Path:
    (tmp_path / "pictures").mkdir()
    for name, content in files.items():
        (tmp_path / "pictures" / name.replace("__", "-").replace("_", ".")).write_bytes(content)
    return tmp_path


def _mail(folder: Path, *languages: str) -> EmailMessage:
    composer = Composer([folder, TEMPLATES], CONSTANTS)
    parts = [Rendition(NAME, language, SAMPLES[NAME]) for language in languages]
    return message_from_bytes(composer.compose_together(parts, ENVELOPE), policy=policy.default)


def test_without_pictures_no_mark_is_left(tmp_path: Path) -> None:
    """Neither in the text nor in the page, in any language."""
    composer = Composer([tmp_path, TEMPLATES], CONSTANTS)
    for name, language in composer.names():
        if name == NAME:
            preview = composer.render(name, SAMPLES[name], language=language)
            assert "[[" not in preview.text + preview.html + preview.subject
            assert "<img" not in preview.html


def test_a_picture_stands_beside_its_heading_and_travels_with_the_mail(tmp_path: Path) -> None:
    """One that has no file has none; the same picture serves both languages; nothing is loaded from elsewhere."""
    folder = _folder(tmp_path, danger_png=png(), what__next_jpg=jpeg())
    mail = _mail(folder, "pl", "en")
    page = mail.get_body(("html",))
    assert page is not None
    words = page.get_content()
    assert words.count('<img src="cid:danger@pictures" alt=""') == 2
    assert words.count("<img") == 4
    images = {part["Content-ID"]: part.get_content() for part in mail.walk() if part.get_content_maintype() == "image"}
    assert images == {"<danger@pictures>": png(), "<what-next@pictures>": jpeg()}
    assert [part.get_content_type() for part in mail.walk() if part.is_multipart()] == [
        "multipart/alternative",
        "multipart/related",
    ]
    assert not mail.defects


def test_the_mail_with_pictures_passes_the_lint(tmp_path: Path) -> None:
    """The words alone count as its size, and a heading says what its picture shows."""
    folder = _folder(tmp_path, danger_png=png() + bytes(30_000))
    composer = Composer([folder, TEMPLATES], CONSTANTS)
    assert lint.examine(composer, NAME, "en") == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("danger.gif", b"GIF89a", "no heading has a picture of this name"),
        ("logo.png", png(), "no heading has a picture of this name"),
        ("danger.png", jpeg(), "it is no PNG picture"),
        ("danger.png", png() + bytes(pictures.MOST_BYTES), "make the picture smaller"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_left_out(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    """By its ending, its name, its first octets and its size."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / name).write_bytes(content)
    (fault,) = pictures.faults([tmp_path])
    assert reason in fault
    assert pictures.read_all([tmp_path]) == {}


def test_what_a_person_types_is_no_mark(tmp_path: Path) -> None:
    """A value with a mark in it is shown as it was typed."""
    folder = _folder(tmp_path, danger_png=png())
    composer = Composer([folder, TEMPLATES], CONSTANTS | {"organisation": "[[danger]] Council"})
    preview = composer.render(NAME, SAMPLES[NAME])
    assert "[[danger]] Council" in preview.text
    assert preview.html.count("<img") == 1
