"""What machines ask."""

from tests.web.pages import Browser, Desk


async def test_alive_is_always_ok(browser: Browser, desk: Desk) -> None:
    """/healthz says nothing about work, only that the process answers."""
    desk.problems = ["the store is locked"]
    response = await browser.get("/healthz")
    assert (response.status, await response.text()) == (200, "ok")


async def test_ready_names_every_problem(browser: Browser, desk: Desk) -> None:
    """/readyz is 200 with an empty list, or 503 with the reasons."""
    response = await browser.get("/readyz")
    assert (response.status, await response.json()) == (200, {"ready": True, "problems": []})
    desk.problems = ["the store is locked", "inbox: not read for 10 minutes"]
    response = await browser.get("/readyz")
    assert (response.status, await response.json()) == (503, {"ready": False, "problems": desk.problems})


async def test_figures_are_prometheus_text(browser: Browser) -> None:
    """/metrics has the content type of the text format, and no markup."""
    response = await browser.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert await response.read() == b"# HELP contacts_total Contacts.\n"
