"""Forms with files, as they are read and examined: in bounded memory, whatever comes."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer

from bot.channel import Temporary
from bot.core.files import File
from bot.core.uploads import Limits, Why
from bot.web.public import uploads
from bot.web.public.uploads import Examiner, Submission
from bot.wire.clamav import Scanner
from tests.components.clamd import DANGER, FINDING, Clamd
from tests.components.ports import free_port
from tests.web.pages import Browser
from tests.wire import sample_files

LIMITS = Limits(files=2, file_megabytes=1, all_megabytes=1)
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
async def reader() -> AsyncIterator[Browser]:
    """A page that tells what it was sent."""

    async def tell(request: web.Request) -> web.Response:
        form = await uploads.read(request, LIMITS)
        files = [[file.name, len(file.content)] for file in form.files]
        return web.json_response({"fields": form.fields, "files": files, "is_too_large": form.is_too_large})

    app = web.Application(client_max_size=1)
    app.router.add_post("/", tell)
    async with TestClient(TestServer(app)) as client:
        yield client


def form_of(*files: bytes, **fields: str) -> FormData:
    """What a browser sends."""
    data = FormData()
    for name, value in fields.items():
        data.add_field(name, value)
    for number, content in enumerate(files):
        data.add_field("files", io.BytesIO(content), filename=f"{number}.jpg", content_type="image/jpeg")
    data.add_field("files", b"", filename="", content_type="application/octet-stream")
    return data


async def test_fields_and_files_are_read(reader: Browser) -> None:
    """The first of two fields of one name counts, as in every form; a place where nothing was chosen is no file."""
    data = form_of(b"one", b"three", message="Bins — Zoë\0")
    data.add_field("message", "again")
    answer = await (await reader.post("/", data=data)).json()
    assert answer["fields"] == {"message": "Bins — Zoë"}
    assert (answer["files"], answer["is_too_large"]) == ([["0.jpg", 3], ["1.jpg", 5]], False)


async def test_files_that_are_too_large_are_read_to_their_end_and_not_kept(reader: Browser) -> None:
    """So that the fields are there for the page that says so; far too much is not read at all."""
    response = await reader.post("/", data=form_of(bytes(900_000), bytes(900_000), message="Bins"))
    answer = await response.json()
    assert (answer["fields"], answer["files"], answer["is_too_large"]) == (
        {"message": "Bins"},
        [["0.jpg", 900_000]],
        True,
    )
    assert (await reader.post("/", data=form_of(bytes(5_000_000)))).status == 413


async def test_of_too_many_files_one_more_than_may_be_is_kept(reader: Browser) -> None:
    """That is enough to say that there are too many."""
    answer = await (await reader.post("/", data=form_of(*[b"x"] * 50))).json()
    assert len(answer["files"]) == LIMITS.files + 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\ntorn', 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n--b--',
            400,
        ),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Encoding: gzip\r\n\r\nx\r\n--b--\r\n', 400),
        (b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n", 400),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 300 + b"--b--\r\n", 400),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + bytes(600_000) + b"\r\n--b--\r\n", 413),
    ],
    ids=["torn", "base64", "gzip", "nested", "many parts", "a long field"],
)
async def test_what_no_browser_sends_is_refused(reader: Browser, body: bytes, status: int) -> None:
    """Each with a status of its own mistake."""
    assert (await reader.post("/", data=body, headers=MULTIPART)).status == status


async def test_one_bad_file_is_named_and_none_is_kept() -> None:
    """The person chooses again; a good picture loses its place."""
    examiner = Examiner(LIMITS, None)
    good, bad = File("a.jpg", sample_files.jpeg()), File("b.jpg", b"MZ")
    findings = await examiner.examine(Submission((), (good,)))
    assert (len(findings.files), findings.is_scanned) == (1, True)
    assert sample_files.PLACE not in findings.files[0].content
    findings = await examiner.examine(Submission((), (good, bad)))
    assert (findings.files, [(r.why, r.name) for r in findings.refusals]) == ((), [(Why.UNKNOWN, "b.jpg")])


async def test_no_files_are_nothing_to_examine() -> None:
    """And what was too large to be kept is refused with the limit."""
    examiner = Examiner(LIMITS, None)
    assert await examiner.examine(Submission(())) == uploads.Findings()
    (refusal,) = (await examiner.examine(Submission((), (), is_too_large=True))).refusals
    assert refusal.why is Why.TOO_LARGE_TOGETHER


@pytest.mark.needs("clamd")
async def test_a_danger_is_left_out_and_named() -> None:
    """The other file is kept, and the message can be taken."""
    with Clamd() as clamd:
        examiner = Examiner(LIMITS, Scanner(clamd.address))
        files = (File("a.txt", DANGER), File("b.jpg", sample_files.jpeg()))
        findings = await examiner.examine(Submission((), files))
    assert [file.name for file in findings.files] == ["b.jpg"]
    assert (findings.danger_words, findings.is_scanned) == (f"a.txt ({FINDING})", True)


async def test_without_an_answer_of_the_scanner_files_are_kept_unseen() -> None:
    """They wait until it was asked."""
    examiner = Examiner(LIMITS, Scanner(f"tcp:127.0.0.1:{free_port()}"))
    findings = await examiner.examine(Submission((), (File("b.jpg", sample_files.jpeg()),)))
    assert ([file.name for file in findings.files], findings.is_scanned) == (["b.jpg"], False)


async def test_many_forms_with_photos_at_once_wait_for_their_turn() -> None:
    """Nobody of twenty has to choose their photos again."""
    examiner = Examiner(LIMITS, None)
    form = Submission((), (File("b.jpg", sample_files.jpeg()),))
    assert len(await asyncio.gather(*(examiner.examine(form) for _ in range(20)))) == 20


async def test_files_in_hand_have_an_end() -> None:
    """What would not fit into memory with those of others is asked to come again; what is stored makes room."""
    examiner = Examiner(Limits(file_megabytes=25), None)
    form, small = (Submission((), (File("a.txt", b"a" * size),)) for size in (25 * 1024 * 1024, 1))
    with ExitStack() as in_hand:
        for _ in range(4):
            in_hand.enter_context(examiner.room_for(form))
        with pytest.raises(Temporary), examiner.room_for(small):
            pass
    with examiner.room_for(small):
        pass
