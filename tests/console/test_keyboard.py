"""The console in a real browser, worked by keyboard alone."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.components.browser import ALL, AXE, sign_in
from tests.components.ports import wait_until
from tests.components.service import ask
from tests.console.conftest import ADMINISTRATOR, House, url

DRAFTS = "SELECT words FROM drafts WHERE owner = 'ada@example.gov.uk' ORDER BY typed_at DESC"


def _tab_to(page: Page, selector: str, most: int = 150) -> None:
    """Press Tab until that element has the focus, as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def test_a_contact_is_answered_by_keyboard_alone(page: Page, house: House) -> None:
    """Found in the search, opened, answered: no mouse, and the focus is seen all the way."""
    reference = house.contact("Answer me by keyboard.")
    _tab_to(page, "#words")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.type(reference)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/contacts/{reference}")
    _tab_to(page, "details.act:has(#respond-note) > summary")
    page.keyboard.press("Enter")
    _tab_to(page, "#respond-note")
    page.keyboard.type("by phone")
    _tab_to(page, "button[value=respond]")
    page.keyboard.press("Enter")
    page.wait_for_url("**told=*")
    assert "The answer is recorded." in page.inner_text("main")
    assert house.call("GET", f"/api/v1/contacts/{reference}").json["state"] == "answered"


def test_a_reply_is_written_by_keyboard_alone(page: Page, house: House) -> None:
    """A saved answer stands where the cursor is; what is typed is kept, also over a refusal; sent, it can be undone."""
    reference = house.contact("Write to me by keyboard.", subject="Hole")
    page.clock.install()
    page.goto(url(house, f"contacts/{reference}"))
    _tab_to(page, "#answer-saved")
    page.keyboard.type("Pothole")
    _tab_to(page, "button[value=insert]")
    page.keyboard.press("Enter")
    wait_until(lambda: "hole in the road" in page.input_value("#answer-words"), what="the saved answer")
    assert page.evaluate("document.activeElement.id") == "answer-words"
    page.keyboard.press("Control+Home")
    page.keyboard.type("Dear Sam, ")
    house.officer("lead").post(
        f"/console/contacts/{reference}/draft",
        {**house.officer("lead").get(f"/console/contacts/{reference}").hidden(), "words": "I am on it"},
    )
    page.clock.run_for(6_000)
    page.wait_for_selector("#answer-writing:not([hidden])")
    assert "lee@example.gov.uk has been writing here since" in page.inner_text("#answer-writing")
    page.reload()
    assert page.input_value("#answer-words").startswith("Dear Sam, Thank you for telling us")
    _tab_to(page, "button[value=send]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".summary")
    page.fill("#answer-words", "We mend it on Friday.")
    page.clock.run_for(6_000)
    wait_until(lambda: "on Friday" in ask(house.service.store_url, DRAFTS)[0][0], what="the draft")
    page.reload()
    assert page.input_value("#answer-words") == "We mend it on Friday."
    _tab_to(page, "button[value=preview]")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('before it leaves')")
    page.evaluate(Axe().axe_script)
    assert page.evaluate(AXE, ALL) == []
    _tab_to(page, "button[value=send]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer-waits")
    page.evaluate(Axe().axe_script)
    assert page.evaluate(AXE, ALL) == []
    _tab_to(page, "form[action$='/undo'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**told=*")
    assert page.input_value("#answer-words") == "We mend it on Friday."


def test_a_contact_is_held_and_handed_over_and_the_next_one_opened_by_keyboard_alone(page: Page, house: House) -> None:
    """Each of the other actions, with the focus on what was done, and the next contact of the list one key further."""
    references = [house.contact(f"Hold me by keyboard, {number}.") for number in (1, 2)]
    house.indexed()
    first = references[1]
    page.goto(url(house, f"contacts/{first}?list=words%3DHold%2Bkeyboard"))
    for action, field, typed in (
        ("pause", "note", "They look for the letter"),
        ("assign", "owner", "hal@example.gov.uk"),
    ):
        _tab_to(page, f"details#{action} > summary")
        page.keyboard.press("Enter")
        if action == "assign":
            page.select_option("#assign-team", "housing")
        _tab_to(page, f"#{action}-{field}")
        page.keyboard.type(typed)
        _tab_to(page, f"button[value={action}]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".told:focus")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Next in this list"
    page.keyboard.press("Enter")
    page.wait_for_selector(".newest")
    assert page.inner_text(".reference") == references[0]
    _tab_to(page, "details.more > summary")
    page.keyboard.press("Enter")
    _tab_to(page, "details#extend > summary, details#needs > summary")
    page.go_back()
    assert "It is handed over" in page.inner_text("main")


def test_a_call_is_taken_down_by_keyboard_alone(page: Page, house: House) -> None:
    """From the queue to the reference that is read out."""
    _tab_to(page, "nav a[href='/console/record']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/record")
    for field, words in (("#name", "Val"), ("#phone", "01632 960 009"), ("#text", "The gate is stuck.")):
        _tab_to(page, field)
        page.keyboard.type(words)
    _tab_to(page, "#prefers")
    page.keyboard.press("ArrowDown")
    _tab_to(page, "main button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".reference")
    assert page.inner_text(".reference").startswith("EX-")
    assert "It counts as acknowledged" in page.inner_text("main")


def test_several_are_handed_over_by_keyboard_alone(page: Page, house: House) -> None:
    """Chosen with the space bar, handed over, and told so."""
    reference = house.contact("Hand me over by keyboard.")
    page.reload()
    page.check("#all")
    assert not page.locator("input[name=reference]:not(:checked)").count()
    page.uncheck("#all")
    _tab_to(page, f"input[value='{reference}']", most=400)
    page.keyboard.press("Space")
    _tab_to(page, ".many summary", most=400)
    page.keyboard.press("Enter")
    _tab_to(page, "#many-assign")
    page.keyboard.press("Space")
    _tab_to(page, "#many-team")
    page.keyboard.type("housing")
    _tab_to(page, ".many button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".told")
    assert "1 contact is handed over." in page.inner_text(".told")
    assert house.call("GET", f"/api/v1/contacts/{reference}").json["team"] == "housing"


def test_enter_does_what_was_chosen_and_nothing_else(page: Page, house: House) -> None:
    """Enter in the reason for closing closes; where nothing was chosen nothing is done, and the ticks stay."""
    reference = house.contact("Close me by Enter.", sender={"email": "enter@residents.example"})
    page.goto(url(house, "queue"))
    page.check(f"input[value='{reference}']")
    page.click(".many summary")
    page.focus("#many-reason")
    page.keyboard.type("It was said twice")
    page.keyboard.press("Enter")
    page.wait_for_selector(".summary")
    assert "Say what is to be done" in page.inner_text(".summary")
    assert house.call("GET", f"/api/v1/contacts/{reference}").json["team"] == "front-office"
    page.check("#many-close")
    page.focus("#many-reason")
    page.keyboard.press("Enter")
    page.click("button:text-is('Send it')")
    page.wait_for_selector(".told")
    assert "1 contact is closed." in page.inner_text(".told")


def test_somebody_is_let_in_and_out_by_keyboard_alone(page: Page, house: House) -> None:
    """People and roles without a mouse; then signing out."""
    page.context.clear_cookies()
    page = sign_in(page.context, house.service.web_port, ADMINISTRATOR)
    page.goto(url(house, "people"))
    _tab_to(page, "details:has(#add-address) > summary")
    page.keyboard.press("Enter")
    _tab_to(page, "#add-address")
    page.keyboard.type("new@example.gov.uk")
    _tab_to(page, "button[value=add]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".told")
    assert "new@example.gov.uk may sign in now." in page.inner_text(".told")
    page.goto(url(house, "queue"))
    _tab_to(page, ".who button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/sign-in")
