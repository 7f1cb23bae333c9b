"""What people say of our answers, as staff and programs see it; and what is made of it."""

from tests.components.service import ask
from tests.console.conftest import House

WORDS = "You sent me to the wrong office."


def answered(house: House, answer: str, words: str = "", team: str = "front-office") -> str:
    """A contact that was answered, and of whose answer its person has said this."""
    reference = house.contact(team=team)
    assert house.call("POST", f"/api/v1/contacts/{reference}/respond", {}).status == 200
    values = f"id, '2026-11-24 09:00:00.000000', '2026-11-25 09:00:00.000000', '{answer}', 'neither', '{words}'"
    columns = "contact_id, asked_at, answered_at, answer, satisfaction, words"
    house.change(f"INSERT INTO feedback ({columns}) SELECT {values} FROM contacts WHERE reference = '{reference}'")  # noqa: S608
    return reference


def test_leads_read_it_and_say_that_they_have(house: House) -> None:
    """On the list and on the page of the contact; from then on it says who has read it."""
    reference = answered(house, "partly", WORDS)
    lead = house.officer("lead")
    page = lead.get("/console/feedback")
    assert WORDS in page.words()
    assert "Fewer than 10 people" in page.words()
    contact_page = lead.get(f"/console/contacts/{reference}")
    assert "What the person said of our answer" in contact_page.words()
    page = lead.post(f"/console/contacts/{reference}/feedback", {"csrf": contact_page.hidden()["csrf"]})
    assert page.status == 200
    assert "Read by lee@example.gov.uk" in page.words()
    assert lead.post(f"/console/contacts/{reference}/feedback", {"csrf": page.hidden()["csrf"]}).status == 409
    assert WORDS not in lead.get("/console/feedback?which=unread").words()
    assert WORDS in lead.get("/console/feedback?which=read&answer=partly&team=front-office").words()


def test_the_figures_are_of_ten_answers_or_more(house: House) -> None:
    """With how many of those who were asked said something."""
    for _ in range(10):
        answered(house, "yes", team="housing")
    assert "Of these said something" not in house.officer("lead").get("/console/feedback?team=nobody").words()
    words = house.officer("lead").get("/console/feedback?team=housing").words()
    assert "10 (100 of 100)" in words


def test_programs_read_it(house: House) -> None:
    """With the contact, and page by page; of another team's contact nothing."""
    reference = answered(house, "no", "No.", team="front-office")
    detail = house.call("GET", f"/api/v1/contacts/{reference}").json
    assert (detail["feedback"]["answer"], detail["feedback"]["words"]) == ("no", "No.")
    references, cursor = list[str](), ""
    while cursor is not None:
        page = house.call("GET", f"/api/v1/feedback?limit=1{f'&cursor={cursor}' if cursor else ''}").json
        references += [row["reference"] for row in page["feedback"]]
        cursor = page["next"]
    assert references.count(reference) == 1
    of_housing = house.call("GET", "/api/v1/feedback", caller="housing").json["feedback"]
    assert reference not in [row["reference"] for row in of_housing]
    assert house.call("GET", f"/api/v1/contacts/{house.contact()}").json["feedback"] is None


def test_an_entry_is_written_looked_at_published_and_withdrawn(house: House) -> None:
    """The public page has it in between; what names somebody is refused, and what was typed is kept."""
    lead = house.officer("lead")
    page = lead.get("/console/improvements")
    fields = {
        **page.hidden(),
        "problem": "The form was hard to find.",
        "remedy": "Ring 01632 960 888.",
        "day": "20/11/2026",
        "language": "en",
    }
    refusal = lead.post("/console/improvements", {**fields, "action": "write"})
    assert refusal.status == 422
    assert "a telephone number" in refusal.words()
    assert "The form was hard to find." in refusal.text
    draft = lead.post("/console/improvements", {**fields, "remedy": "It is first.", "action": "write"})
    assert "It is kept as a draft" in draft.words()
    number = ask(house.service.store_url, "SELECT max(id) FROM improvements")[0][0]
    action = {"csrf": page.hidden()["csrf"], "number": str(number)}
    assert "Everybody can read it now" in lead.post("/console/improvements", {**action, "action": "publish"}).words()
    assert "It is first." in lead.get("/you-said").words()
    assert lead.post("/console/improvements", {**action, "action": "publish"}).status == 409
    assert "not on the public page" in lead.post("/console/improvements", {**action, "action": "withdraw"}).words()
    assert "It is first." not in lead.get("/you-said").words()
    assert "It is first." in lead.get(f"/console/improvements?change={number}").all("textarea#remedy")[0].text()
