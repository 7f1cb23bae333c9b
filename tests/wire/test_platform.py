"""The line to a platform's API: what each answer means, and how long to wait after it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channel import ChannelError, Misconfigured, Permanent, Temporary
from bot.wire.platforms import platform
from bot.wire.platforms.platform import Api

Answer = Callable[[], web.Response]


@pytest.fixture
async def answering() -> AsyncIterator[tuple[Api, list[Answer]]]:
    """A line, and the answers that it gets, one after another."""
    answers: list[Answer] = []

    async def answer(_request: web.Request) -> web.Response:
        return answers.pop(0)()

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    async with TestServer(app) as server:
        api = Api("page", f"http://127.0.0.1:{server.port}", {"Authorization": "Bearer very-secret"})
        yield api, answers
        await api.close()


def reply_with(status: int, content: Any = None, **headers: str) -> Answer:
    """One answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response(content, status=status, headers=named)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (reply_with(401, {"error": "The access token is invalid"}), Misconfigured, "invalid"),
        (reply_with(403), Misconfigured, "permission"),
        (reply_with(404, {"error": {"message": "Gone", "code": 100}}), Permanent, "Gone 100"),
        (reply_with(429, Retry_After="0"), Temporary, "429"),
        (reply_with(500), Temporary, "500"),
        (reply_with(503, {"error": "x" * 10_000}), Temporary, "503"),
        (reply_with(302, Location="https://elsewhere.example/"), Misconfigured, "elsewhere"),
        (lambda: web.Response(text="<html>Busy</html>"), Temporary, "no JSON"),
        (lambda: web.Response(text="<html>Bad</html>", status=400), Permanent, "400"),
        (lambda: web.Response(text="[" * 100_000), Temporary, "no JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_what_an_answer_means(
    answering: tuple[Api, list[Answer]], answer: Answer, error: type[ChannelError], words: str
) -> None:
    """For staff, for later, or for good; it names the channel, and never what we sent."""
    api, answers = answering
    answers.append(answer)
    with pytest.raises(error, match=words) as raised:
        await api.get("/x")
    assert "channel page" in str(raised.value)
    assert "very-secret" not in str(raised.value)
    assert len(str(raised.value)) < 500


async def test_who_cannot_be_reached() -> None:
    """Later, without the details of the line."""
    api = Api("page", "http://127.0.0.1:9")
    with pytest.raises(Temporary, match="cannot be reached"):
        await api.get("/x")
    await api.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7),
        ({"X_RateLimit_Reset": "2026-11-23T09:15:20.000Z"}, 20),
        ({"x_rate_limit_reset": "1795425330"}, 30),
        ({"Retry_After": "Mon, 23 Nov 2026 09:15:40 GMT"}, 40),
        ({"ratelimit_reset": "soon"}, 60),
        ({}, 60),
    ],
    ids=str,
)
async def test_how_long_to_wait(
    answering: tuple[Api, list[Answer]], monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], seconds: float
) -> None:
    """Until what the platform names, by the platform's own clock."""
    waited: list[float] = []

    async def note(delay: float) -> None:
        waited.append(delay)

    api, answers = answering
    answers += [reply_with(429, Date="Mon, 23 Nov 2026 09:15:00 GMT", **headers), reply_with(200, {})]
    with pytest.raises(Temporary):
        await api.get("/x")
    monkeypatch.setattr("asyncio.sleep", note)
    await api.get("/x")
    assert waited
    assert abs(waited[0] - seconds) < 1


def test_a_token_does_not_travel_in_the_open() -> None:
    """Plain HTTP only on this machine."""
    assert platform._https_unless_local("https://social.example.gov.uk/") == "https://social.example.gov.uk"
    assert platform._https_unless_local("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
    for open_line in ("http://social.example.gov.uk", "ftp://127.0.0.1", "social.example.gov.uk", ""):
        with pytest.raises(ValueError, match="https"):
            platform._https_unless_local(open_line)
