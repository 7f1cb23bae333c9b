"""What is promised, for people and for machines, from the same rows."""

from tests.web.pages import Browser, Page


async def test_people_read_what_is_promised_today_and_what_will_change(browser: Browser) -> None:
    """In words, with the day of review and the link; what a file says is no markup."""
    answer = await browser.get("/standards")
    page = Page(await answer.text())
    assert [node.text() for node in page.all("h3")] == ["Every contact & <all>", "Complaints", "Soon"]
    text = " ".join(page.text("main").split())
    for words in (
        "within 1 working day",
        "within 10 working days",
        "a person writes to you within 5 working days",
        "after a person has told you that we have it",
        "up to 20 working days",
        "1 March 2027",
        "What will change",
        "on the same day",
    ):
        assert words in text, words
    assert page.value("dd a", "href") == "https://www.example.gov.uk/promise"
    assert page.value("footer a[href='/standards']", "href") == "/standards"


async def test_machines_read_the_same(browser: Browser) -> None:
    """Every key of a standard, and whether it is in force."""
    rows = (await (await browser.get("/standards.json")).json())["standards"]
    assert [(row["id"], row["in_force"]) for row in rows] == [("general", True), ("complaint", True), ("urgent", False)]
    complaint = rows[1]
    assert complaint["kinds"] == ["complaint"]
    assert (complaint["respond"], complaint["respond_from"]) == ("10 working days", "acknowledgement")
    assert (complaint["valid_from"], complaint["review_by"], complaint["valid_to"]) == ("2023-04-01", "2027-03-01", "")
    assert complaint["page"] == "https://www.example.gov.uk/promise"
