"""The heartbeat: an outside monitor is called while all is well, and no line says where."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot.loops import beating
from tests.components.ports import until


async def asked_again(questions: list[None]) -> None:
    """Return when it has been asked anew how things are, and what was answered before was acted on."""
    begun = len(questions)
    await until(lambda: len(questions) > begun + 1)


async def test_it_beats_while_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a problem it is silent, so that somebody outside is told; a monitor that is down ends nothing."""
    monkeypatch.setattr(beating, "EVERY_SECONDS", 0.01)
    calls, problems, status, questions = [], list[str](), [200], list[None]()

    async def take(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.Response(status=status[0])

    async def why_not_ready() -> list[str]:
        questions.append(None)
        return problems

    app = web.Application()
    app.router.add_get("/hidden", take)
    async with TestServer(app) as monitor:
        with capture_logs() as lines:
            task = asyncio.create_task(beating.beat(str(monitor.make_url("/hidden")), why_not_ready))
            while len(calls) < 3:
                await asyncio.sleep(0.005)
            problems.append("the store cannot be written")
            await asked_again(questions)
            silent = len(calls)
            await asked_again(questions)
            assert len(calls) == silent
            problems.clear()
            status[0] = 500
            while len(calls) < silent + 2:
                await asyncio.sleep(0.005)
            await monitor.close()
            while "heartbeat.not_taken" not in {line["event"] for line in lines}:
                await asyncio.sleep(0.005)
            task.cancel()
    assert {line["event"] for line in lines} == {"heartbeat.refused", "heartbeat.not_taken"}
    assert "hidden" not in str(lines)
