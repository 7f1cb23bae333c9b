"""Where platforms call us: what is refused and how, over a real socket, whichever the platform; no log names people."""

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.channel import Batch, Forged, Permanent, RawRequest
from bot.core.messages import Inbound, Losses, Party
from bot.flows.intake.batches import Filed, Reading
from bot.web.public.hooks import MOST_BYTES, Together
from bot.web.server import runner
from bot.web.site import Site
from tests.components.ports import PATIENCE_SECONDS, until
from tests.web.pages import Desk
from tests.web.whole import application

SECRET, PERSON = "the-secret", "zoe@example.org"
CALL = json.dumps({"from": PERSON, "words": "Help!"}).encode()


class Bell:
    """A hook as small as one can be: it signs over the body, and wants an object."""

    name, path = "bell", "/hooks/bell"

    def __init__(self) -> None:
        self.opened = 0

    def open(self, raw: RawRequest) -> Batch:
        """One message a call."""
        self.opened += 1
        if not hmac.compare_digest(raw.headers.get("x-signature", ""), sign(raw.body)):
            raise Forged("not signed")
        try:
            content = json.loads(raw.body)
        except ValueError:
            raise Permanent(f"no JSON: {raw.body!r}") from None
        if content.get("nothing"):
            return Batch(())
        return Batch((Inbound("bell", "1", "d", Party(content["from"]), text=content["words"]),))


class Proven(Bell):
    """One that can prove whose address it is."""

    path = "/hooks/proven"

    def challenge(self, raw: RawRequest) -> tuple[str, bytes]:
        """To who knows the secret, and asks for something."""
        if raw.query.get("secret") != SECRET:
            raise Forged("a stranger")
        if "challenge" not in raw.query:
            raise Permanent("nothing to prove")
        return "text/plain", raw.query["challenge"].encode()


class Replying(Bell):
    """One that wants an answer of its own to what it says."""

    path = "/hooks/replying"

    def answer(self, raw: RawRequest) -> bytes | None:
        """To what is no JSON, nothing."""
        content = json.loads(raw.body) if raw.body.startswith(b"{") else {}
        if content.get("broken"):
            raise Permanent("no answer")
        return b'{"code": 1}' if content.get("from") else None


def sign(body: bytes) -> str:
    """The signature of this platform."""
    return hmac.digest(SECRET.encode(), body, "sha256").hex()


@dataclass(frozen=True)
class Answer:
    """The status, the headers with names in lower case, and what was said."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Line:
    """The service as it really runs; each call has a connection of its own."""

    address: tuple[str, int]
    bell: Bell

    async def say(self, *pieces: bytes, ends: bool = False) -> Answer:
        """Send these bytes, then no more where it `ends`; what was answered."""
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            for piece in pieces:
                writer.write(piece)
            await writer.drain()
            if ends:
                writer.write_eof()
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            text = await asyncio.wait_for(reader.read(int(headers.get("content-length", "0"))), PATIENCE_SECONDS)
            return Answer(int(first.split()[1]), headers, text.decode())
        finally:
            writer.close()

    async def call(self, body: bytes = CALL, path: str = "/hooks/bell", **headers: str) -> Answer:
        """One whole call, signed unless a signature is given."""
        shown = {"X-Signature": sign(body), "Content-Length": str(len(body))}
        shown |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.say(head(path, shown), body)


def head(path: str, headers: dict[str, str], method: str = "POST") -> bytes:
    """The first lines of a call."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[Line]:
    """The whole web application with both hooks."""
    bell = Bell()
    running = runner(
        application(replace(site, channels={"bell": bell, "proven": Proven(), "replying": Replying()})),
        shutdown_seconds=0.1,
    )
    await running.setup()
    await web.TCPSite(running, "127.0.0.1", 0).start()
    try:
        yield Line(running.addresses[0], bell)
    finally:
        await running.cleanup()


@pytest.fixture
async def line(site: Site, desk: Desk, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Line]:
    """And whatever a test does, no log has anything of a person, of a caller or of the secret."""
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        async with serving(replace(site, log=desk.keep)) as started:
            yield started
    output = caplog.text + json.dumps(logged, default=str)
    assert not [word for word in (PERSON, "zoe", "Help", SECRET, sign(CALL)) if word in output]
    assert "127.0.0.1" not in json.dumps(logged, default=str)


async def test_a_good_call_is_answered_once_it_is_logged(line: Line, desk: Desk) -> None:
    """200, and the message is there."""
    assert (await line.call()).status == 200
    assert [message.text for message in desk.taken.values()] == ["Help!"]


async def test_some_calls_have_an_answer_of_their_own(line: Line, desk: Desk) -> None:
    """Once they are logged; any other is answered as usual, and none is given where nothing could be kept."""
    answer = await line.call(path="/hooks/replying")
    assert (answer.status, answer.text, len(desk.taken)) == (200, '{"code": 1}', 1)
    assert answer.headers["content-type"].startswith("application/json")
    for body in (b'{"nothing": true}', b'{"nothing": true, "broken": true}'):
        assert (await line.call(body, path="/hooks/replying")).text == "ok"


async def test_it_is_answered_only_after_the_commit(site: Site) -> None:
    """While the store is at it, the platform waits."""
    committed = asyncio.Event()

    async def log(batch: Batch, reading: Reading) -> list[Filed]:
        await committed.wait()
        return []

    async with serving(replace(site, log=log)) as line:
        call = asyncio.create_task(line.call())
        await until(lambda: line.bell.opened == 1)
        done, _ = await asyncio.wait({call}, timeout=0.05)
        assert not done
        committed.set()
        assert (await call).status == 200


async def test_a_call_that_brings_nothing_costs_no_transaction(line: Line, desk: Desk) -> None:
    """It is taken even where the store is down."""
    desk.locked()
    assert (await line.call(b'{"nothing": true}')).status == 200


@pytest.mark.parametrize("signature", ["", "0" * 64, sign(CALL + b" "), sign(CALL).upper()])
async def test_a_wrong_signature_is_not_accepted(line: Line, desk: Desk, signature: str) -> None:
    """401, without a reason, and nothing is logged."""
    answer = await line.call(X_Signature=signature)
    assert (answer.status, answer.text) == (401, "not accepted\n")
    assert not desk.taken


async def test_one_byte_changed_on_the_way_is_not_accepted(line: Line, desk: Desk) -> None:
    """The signature is over the raw bytes, not over what they mean."""
    answer = await line.call(CALL.replace(b": ", b":"), X_Signature=sign(CALL))
    assert (answer.status, len(desk.taken)) == (401, 0)


@pytest.mark.parametrize("body", [b"", b"{", b"\x00\xff", CALL[:-1]])
async def test_a_signed_call_that_cannot_be_read_is_kept_as_it_came(line: Line, desk: Desk, body: bytes) -> None:
    """200 once it is stored for a person; what was read stands neither in the answer nor in the log."""
    answer = await line.call(body)
    assert (answer.status, answer.text) == (200, "ok")
    (message,) = desk.taken.values()
    assert (message.is_understood, message.raw) == (False, body)


async def test_a_call_that_cannot_be_read_or_stored_comes_again(line: Line, desk: Desk) -> None:
    """503 while the store is down, as for any other."""
    desk.locked()
    assert (await line.call(b"{")).status == 503


async def test_what_a_call_lost_is_logged_with_what_it_brought(site: Site) -> None:
    """Also of calls that share one commit."""
    batches: list[Batch] = []
    commit = asyncio.Semaphore(0)

    async def log(batch: Batch, reading: Reading) -> list[Filed]:
        batches.append(batch)
        await commit.acquire()
        return []

    together = Together("bell", replace(site, log=log).log_batch)
    odd = Inbound("bell", "2", "d", None, fault="odd", is_understood=False)
    calls = [Batch((odd,)), Batch((), losses=Losses("bell", gap=1)), Batch((), losses=Losses("bell", (odd,), gap=2))]
    tasks = [asyncio.create_task(together.log(batch)) for batch in calls]
    await until(lambda: bool(batches))
    commit.release()
    commit.release()
    await asyncio.gather(*tasks)
    assert sum(batch.losses.gap for batch in batches) == 3
    assert [message for batch in batches for message in batch.losses.unreadable] == [odd]
    assert [message for batch in batches for message in batch.messages] == [odd]


async def test_a_fault_of_the_channel_is_told_without_what_was_said(line: Line, desk: Desk) -> None:
    """500: the platform calls again, and the log has the place only."""
    answer = await line.call(json.dumps({"words": f"Help! {PERSON}"}).encode())
    assert (answer.status, len(desk.taken)) == (500, 0)
    assert PERSON not in answer.text


async def test_what_says_that_it_is_too_large_is_not_even_read(line: Line) -> None:
    """413 on the first lines alone."""
    size = {"Content-Length": str(MOST_BYTES + 1)}
    assert (await line.say(head("/hooks/bell", size))).status == 413


async def test_what_turns_out_too_large_is_not_read_to_its_end(line: Line) -> None:
    """413 after as many bytes as there may be, however many pieces there are."""
    piece = b"%x\r\n%b\r\n" % (65_536, b"x" * 65_536)
    pieces = [piece] * (MOST_BYTES // 65_536 + 1)
    assert (await line.say(head("/hooks/bell", {"Transfer-Encoding": "chunked"}), *pieces)).status == 413


async def test_the_largest_call_is_taken(line: Line, desk: Desk) -> None:
    """To the byte."""
    body = CALL + b" " * (MOST_BYTES - len(CALL))
    assert (await line.call(body)).status == 200
    assert len(desk.taken) == 1


async def test_a_torn_body_is_refused(line: Line, desk: Desk) -> None:
    """400 where the pieces do not fit together, and nothing is believed of what came."""
    torn = [b"5\r\n", CALL[:5], b"\r\n", b"no size\r\n"]
    chunked = {"Transfer-Encoding": "chunked", "X-Signature": sign(CALL)}
    assert (await line.say(head("/hooks/bell", chunked), *torn)).status == 400
    assert not desk.taken


async def test_a_line_that_drops_in_the_body_is_no_fault(line: Line, desk: Desk) -> None:
    """Nobody is there to be answered; the next call is taken."""
    cut = {"Content-Length": str(len(CALL)), "X-Signature": sign(CALL)}
    with pytest.raises(asyncio.IncompleteReadError):
        await line.say(head("/hooks/bell", cut), CALL[:9], ends=True)
    assert not desk.taken
    assert (await line.call()).status == 200


async def test_while_the_store_is_down_the_platform_is_told_to_come_again(line: Line, desk: Desk) -> None:
    """503 with Retry-After; once the store is back the same call is taken."""
    desk.locked()
    answer = await line.call()
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    desk.broken = None
    assert (await line.call()).status == 200


async def test_no_call_is_taken_into_a_store_that_is_not_in_its_place(site: Site, store_file: Path) -> None:
    """503, for whatever is stored then is in no file; once it is put back the next call is taken."""
    place = store_file.parent
    async with serving(site) as line:
        assert (await line.call()).status == 200
        (place / "ackbot.db").rename(place / "aside.db")
        answer = await line.call()
        assert (answer.status, answer.headers["retry-after"]) == (503, "60")
        (place / "aside.db").rename(place / "ackbot.db")
        assert (await line.call()).status == 200


async def test_an_address_that_nobody_has_is_unknown(line: Line) -> None:
    """404, signed or not."""
    for path in ("/hooks/other", "/hooks/", "/hooks/bell/more", "/hooks/bell%2F.."):
        assert (await line.call(path=path)).status == 404


async def test_who_has_nothing_to_prove_is_not_asked(line: Line) -> None:
    """405 to GET, and it says what is allowed."""
    answer = await line.say(head("/hooks/bell?challenge=1", {}, "GET"))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert (await line.say(head("/hooks/proven", {"Content-Length": "0"}, "PUT"))).status == 405


async def test_the_address_is_proven_to_who_asks_rightly(line: Line) -> None:
    """As it was asked, with its own kind of content; 403 to a stranger, 400 where nothing is asked."""
    answer = await line.say(head(f"/hooks/proven?secret={SECRET}&challenge=a%2Bb", {}, "GET"))
    assert (answer.status, answer.text) == (200, "a+b")
    assert answer.headers["content-type"].startswith("text/plain")
    assert (await line.say(head("/hooks/proven?challenge=1", {}, "GET"))).status == 403
    assert (await line.say(head(f"/hooks/proven?secret={SECRET}", {}, "GET"))).status == 400


async def test_every_answer_protects_who_reads_it(line: Line) -> None:
    """A challenge is an echo of what a stranger may have written: no browser takes it for a page."""
    answer = await line.say(head(f"/hooks/proven?secret={SECRET}&challenge=<script>", {}, "GET"))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


async def test_what_comes_while_a_commit_is_under_way_shares_the_next(site: Site) -> None:
    """The first goes alone, the others together; each is answered after its own commit, and only then."""
    batches: list[list[str]] = []
    commit = asyncio.Semaphore(0)

    async def log(batch: Batch, reading: Reading) -> list[Filed]:
        batches.append([message.text for message in batch.messages])
        await commit.acquire()
        return []

    async with serving(replace(site, log=log)) as line:
        first = asyncio.create_task(line.call())
        await until(lambda: len(batches) == 1)
        bodies = [json.dumps({"from": PERSON, "words": f"Help {number}"}).encode() for number in range(120)]
        others = [asyncio.create_task(line.call(body)) for body in bodies]
        await until(lambda: line.bell.opened == 121)
        commit.release()
        assert (await first).status == 200
        assert not any(call.done() for call in others)
        for _ in range(3):
            commit.release()
        assert {answer.status for answer in await asyncio.gather(*others)} == {200}
    assert [len(batch) for batch in batches] == [1, 50, 50, 20]
    assert len({words for batch in batches for words in batch}) == 121


async def test_who_has_hung_up_takes_nothing_from_the_others(site: Site) -> None:
    """One of three callers does not wait for the commit; what it brought is logged all the same."""
    batches: list[int] = []
    commit = asyncio.Semaphore(0)

    async def log(batch: Batch, reading: Reading) -> list[Filed]:
        batches.append(len(batch.messages))
        await commit.acquire()
        return []

    async with serving(replace(site, log=log)) as line:
        calls = [asyncio.create_task(line.call())]
        await until(lambda: len(batches) == 1)
        calls += [asyncio.create_task(line.call()) for _ in range(3)]
        await until(lambda: line.bell.opened == 4)
        calls.pop(1).cancel()
        await asyncio.sleep(0.05)
        commit.release()
        commit.release()
        assert [answer.status for answer in await asyncio.gather(*calls)] == [200, 200, 200]
    assert sum(batches) == 4
