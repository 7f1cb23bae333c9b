"""The reply box of a contact's page, as an officer without scripts uses it: typed, seen before, sent, taken back."""

from tests.components.officer import Officer, Page
from tests.components.service import ask
from tests.console.conftest import House

BOUNDARY = "b0undary"
# How many files leave with the answers to a contact, and how many are kept with drafts.
FILES = (
    "SELECT (SELECT count(*) FROM answer_files f JOIN deliveries d ON d.id = f.delivery_id WHERE d.contact_id = c.id), "
    "(SELECT count(*) FROM draft_files f WHERE f.contact_id = c.id) FROM contacts c WHERE c.reference = '{}'"
)
Files = list[tuple[str, bytes]]


def _box(officer: Officer, reference: str, page: Page | None = None, files: Files = [], **fields: str) -> Page:  # noqa: B006
    """Post the reply box as a browser does: in parts, with the fields as they stand in the page."""
    page = page or officer.get(f"/console/contacts/{reference}")
    chosen = [
        node.attributes for node in page.all("#answer-form [name=channel][checked], #answer-form [name=kind][checked]")
    ]
    standing = {str(field["name"]): str(field["value"]) for field in chosen}
    values = {**page.hidden(), **standing, **fields}
    parts = [f'name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in values.items()]
    kind = "Content-Type: application/octet-stream\r\n\r\n"
    parts += [f'name="files"; filename="{name}"\r\n{kind}'.encode() + content + b"\r\n" for name, content in files]
    body = b"".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode() + part for part in parts)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return officer.ask("POST", f"/console/contacts/{reference}/answer", body + f"--{BOUNDARY}--\r\n".encode(), headers)


def _typed(page: Page) -> str:
    """What stands in the box."""
    (box,) = page.all("#answer-words")
    return box.text().strip()


def _answers(house: House, reference: str) -> list[str]:
    """The states of the answers to a contact."""
    query = "SELECT d.state FROM deliveries d JOIN contacts c ON c.id = d.contact_id WHERE d.purpose = 'answer'"
    return [
        state for (state,) in ask(house.service.store_url, f"{query} AND c.reference = '{reference}' ORDER BY d.id")
    ]


def test_an_answer_is_two_clicks_from_the_queue_to_the_next_contact(house: House) -> None:
    """Opened, sent, and there is the next one of the list, with a way to take the answer back."""
    officer = house.officer("officer")
    first, second = (house.contact(text, team="front-office") for text in ("One of a list.", "Another of a list."))
    officer.get("/console/queue")
    opened = officer.get(f"/console/contacts/{first}")
    landed = _box(officer, first, opened, words="We come on Monday.", do="send-and-next")
    assert landed.url.partition("?")[0].endswith(f"/console/contacts/{second}")
    (notice,) = landed.all(".told")
    assert f"Your answer to {first} leaves in ten seconds." in notice.text()
    assert notice.css_first(f"a[href$='{first}']") is not None
    back = officer.post(f"/console/contacts/{first}/undo", landed.hidden())
    assert back.url.partition("?")[0].endswith(f"/console/contacts/{first}")
    assert "It has not been sent" in back.all(".told")[0].text()
    assert _typed(back) == "We come on Monday."
    assert _answers(house, first) == ["cancelled"]


def test_the_last_of_a_list_leads_back_to_the_list(house: House) -> None:
    """With its filters; the notice stands there, too, and takes the answer back."""
    officer, reference = house.officer("officer", "housing"), house.contact("The last one.", team="housing")
    page = officer.get(f"/console/contacts/{reference}?list=team%3Dhousing")
    landed = _box(officer, reference, page, words="It is done.", do="send-and-next")
    assert landed.url.partition("&answered=")[0].endswith("/console/queue?team=housing")
    assert f"Your answer to {reference} leaves in ten seconds." in landed.all(".told")[0].text()
    (form,) = landed.all(f"form[action='/console/contacts/{reference}/undo']")
    fields = {str(node.attributes["name"]): node.attributes.get("value") or "" for node in form.css("input")}
    assert _typed(officer.post(f"/console/contacts/{reference}/undo", fields)) == "It is done."


def test_what_leaves_is_seen_before_as_the_person_gets_it(house: House) -> None:
    """Recipient, subject, words and signature; nothing is queued, and the words are in the box still."""
    officer, reference = house.officer("officer"), house.contact("When is it emptied?", subject="Missed bin")
    words, chosen = "We come on Monday.\n\nPut it out.", [("map.pdf", b"%PDF")]
    page = _box(officer, reference, words=words, do="preview", files=chosen)
    page_words = page.words()
    assert f"Re: Missed bin ({reference})" in page_words
    assert "sam@residents.example" in page_words
    assert "map.pdf (4 Bytes)" in page_words
    assert "Put it out. olu@example.gov.uk Front office team Exampleshire Council" in page_words
    assert _answers(house, reference) == []
    assert _typed(officer.get(f"/console/contacts/{reference}")) == words
    response = officer.post(f"/console/contacts/{reference}/answer", {**page.hidden(), "do": "send"})
    assert f"Your answer to {reference} leaves in ten seconds." in response.words()
    assert "Your answer leaves now" in response.words()
    assert _answers(house, reference) == ["created"]
    assert not response.all("#answer-words")


def test_a_saved_answer_is_filled_in_and_what_it_leaves_open_is_not_sent(house: House) -> None:
    """Its words stand below what is typed, with the contact's reference; brackets are the officer's to replace."""
    officer, reference = house.officer("officer"), house.contact("A hole.", subject="Hole")
    page = _box(officer, reference, words="Dear Sam,", saved="pothole-reported", do="insert")
    words = _typed(page)
    assert words.startswith("Dear Sam,\n\nThank you for telling us about the hole in the road.")
    assert f"Your reference is {reference}." in words
    refused = _box(officer, reference, words=words, do="send")
    assert refused.status == 422
    (summary,) = refused.all(".summary a")
    assert summary.attributes["href"] == "#answer-words"
    assert "Put words of your own in place of [day]" in summary.text()
    assert _typed(refused) == words
    assert _box(officer, reference, words=words.replace("[day]", "Friday"), do="send").status == 200
    assert _answers(house, reference) == ["created"]


def test_files_are_kept_with_the_draft_when_something_is_refused(house: House) -> None:
    """A browser forgets them: they are named on the page, can be left out, and leave with the answer."""
    officer, reference = house.officer("officer"), house.contact("Please send the plan.", subject="Plan")
    chosen = [("map.pdf", b"%PDF-1.4"), ("plan.txt", b"The plan.")]
    refused = _box(officer, reference, words="", do="send", files=chosen)
    assert refused.status == 422
    assert [node.attributes["id"] for node in refused.all("[aria-invalid=true]")] == ["answer-words"]
    leave_out = {node.text(): str(node.attributes["value"]) for node in refused.all("button[value^=drop-]")}
    assert list(leave_out) == ["Leave it out: map.pdf", "Leave it out: plan.txt"]
    page = _box(officer, reference, words="Here it is.", do=leave_out["Leave it out: plan.txt"])
    assert [node.text() for node in page.all("button[value^=drop-]")] == ["Leave it out: map.pdf"]
    program = _box(officer, reference, words="Here it is.", do="send", files=[("run.exe", b"MZ")])
    assert (program.status, "The file run.exe may be a program" in program.words()) == (422, True)
    large = _box(officer, reference, words="All of it.", do="send", files=[("photo.jpg", b"x" * (11 * 1024 * 1024))])
    assert (large.status, "10 MB or less in all" in large.words()) == (422, True)
    assert _typed(large) == "All of it."
    assert _box(officer, reference, words="Here it is.", do="send").status == 200
    ((sent_files, draft_files),) = ask(house.service.store_url, FILES.format(reference))
    assert (sent_files, draft_files) == (1, 0)


def test_a_colleague_who_writes_is_seen_and_one_who_has_answered_stops_a_second_answer(house: House) -> None:
    """By name and time while they write; then the answer is refused, with the words kept."""
    officer, lead, reference = house.officer("officer"), house.officer("lead"), house.contact("Who answers?")
    page = officer.get(f"/console/contacts/{reference}")
    assert page.all("#answer-writing[hidden]")
    draft_response = officer.post(f"/console/contacts/{reference}/draft", {**page.hidden(), "words": "We are"})
    assert (draft_response.status, draft_response.text) == (200, "")
    theirs = lead.get(f"/console/contacts/{reference}")
    assert "olu@example.gov.uk has been writing here since" in theirs.all("#answer-writing")[0].text()
    assert lead.get(f"/console/contacts/{reference}/writing").text.startswith("olu@example.gov.uk has been writing")
    assert _box(lead, reference, theirs, words="Done.", do="send").status == 200
    refused = _box(officer, reference, page, words="We are looking into it.", do="send")
    assert refused.status == 409
    assert "after you had opened this page. Look again" in refused.words()
    assert "What you typed, which was not sent We are looking into it." in refused.words()
    lead.post(f"/console/contacts/{reference}/undo", theirs.hidden())
    assert _typed(officer.get(f"/console/contacts/{reference}")) == "We are looking into it."


def test_a_button_that_is_pressed_twice_sends_once(house: House) -> None:
    """The second page says what the first one said, and nothing is left in the box; other words are refused."""
    officer, reference = house.officer("officer"), house.contact("Twice.")
    page, plan = officer.get(f"/console/contacts/{reference}"), [("plan.pdf", b"%PDF")]
    for _ in range(2):
        landed = _box(officer, reference, page, words="We come.", do="send", files=plan)
        assert (landed.status, f"Your answer to {reference} leaves in ten" in landed.words()) == (200, True)
    assert _answers(house, reference) == ["created"]
    assert ask(house.service.store_url, FILES.format(reference)) == [(1, 0)]
    assert not ask(house.service.store_url, "SELECT 1 FROM drafts WHERE words = 'We come.'")
    assert _box(officer, reference, page, words="We do not come.", do="send").status == 409


def test_what_a_page_keeps_late_does_not_come_back_after_the_answer(house: House) -> None:
    """A draft that arrives when its answer is queued is left out: nobody is shown as writing."""
    officer, reference = house.officer("officer"), house.contact("Late.")
    page = officer.get(f"/console/contacts/{reference}")
    _box(officer, reference, page, words="Done.", do="send")
    officer.post(f"/console/contacts/{reference}/draft", {**page.hidden(), "words": "Don"})
    assert house.officer("lead").get(f"/console/contacts/{reference}/writing").text == ""


def test_words_for_the_telephone_stop_the_clock_when_they_are_said(house: House) -> None:
    """They stand on the page until somebody says that they have rung."""
    officer = house.officer("officer")
    reference = house.contact("Ring me.", sender={"name": "Sam", "phone": "01632 960 001"})
    page = _box(officer, reference, channel="phone", words="Your bin is emptied on Monday.", do="send")
    assert "Say there when they are posted, or when you have rung" in page.words()
    assert "Ring, and say this" in page.words()
    assert "It leaves at" not in page.words()
    (link,) = page.all("a[href^='tel:']")
    assert link.text() == "Ring +441632960001"
    response = officer.act(reference, "confirm-answer", page)
    assert response.status == 200
    assert house.call("GET", f"/api/v1/contacts/{reference}").json["state"] == "answered"


def test_words_survive_a_session_that_has_ended(house: House) -> None:
    """They are shown, and signing in leads back to the contact."""
    officer, reference = Officer(house.service.web_port), house.contact("Signed out meanwhile.")
    officer.sign_in("olu@example.gov.uk")
    page = officer.get(f"/console/contacts/{reference}")
    officer.post("/console/sign-out", page.hidden())
    refused = _box(officer, reference, page, words="We come on Monday.", do="send")
    assert (refused.status, "We come on Monday." in refused.words()) == (403, True)
    (link,) = refused.all(f"a[href='/console/sign-in?next=/console/contacts/{reference}']")
    assert link.text() == "Sign in"


def test_a_mail_program_opens_with_subject_and_reference(house: House) -> None:
    """The link carries both, and a copy to the address by which we see what is sent."""
    reference = house.contact("By my own program.", subject="Bins & bags")
    (link,) = house.officer("officer").get(f"/console/contacts/{reference}").all("a[href^='mailto:']")
    assert (
        link.attributes["href"] == f"mailto:sam@residents.example?subject=Re%3A%20Bins%20%26%20bags%20%28{reference}%29"
    )


def test_a_letter_is_printed_before_it_is_posted(house: House) -> None:
    """The words as they were typed, with the lines below them, for whoever can have no mail."""
    officer, reference = house.officer("officer"), house.contact("Write to me on paper.", sender={"name": "Lu"})
    _box(officer, reference, words="We filled it.", channel="letter", do="send")
    (link,) = [a for a in officer.get(f"/console/contacts/{reference}").all("a") if a.text() == "in large print"]
    print_out = officer.get(str(link.attributes["href"]))
    assert "We filled it." in print_out.words()
    assert "18pt" in print_out.text


def test_a_late_answer_asks_for_its_cause_and_takes_it_along(house: House) -> None:
    """In every form by which it is recorded, and over what is seen before; what is refused leaves with neither."""
    officer, reference = house.officer("officer"), house.late_contact("Where is my bin?", team="front-office")
    in_time = officer.get(f"/console/contacts/{house.contact('And mine?', team='front-office')}")
    assert not in_time.all("[name=cause]")
    page = officer.get(f"/console/contacts/{reference}")
    assert {str(node.attributes["id"]) for node in page.all("[name=cause]")} == {
        *("answer-cause", "respond-cause", "close-cause", "judge-cause"),
    }
    refused = _box(officer, reference, page, words="We are sorry.", cause="nonsense", do="send")
    assert [node.attributes["id"] for node in refused.all("[aria-invalid=true]")] == ["answer-cause"]
    assert (_typed(refused), _answers(house, reference)) == ("We are sorry.", [])
    preview = _box(officer, reference, page, words="We are sorry.", cause="absence", do="preview")
    officer.post(f"/console/contacts/{reference}/answer", {**preview.hidden(), "do": "send"})
    assert house.call("GET", f"/api/v1/contacts/{reference}").json["cause"] == "absence"
    assert len(_answers(house, reference)) == 1


def test_a_call_that_is_made_late_asks_for_its_cause(house: House) -> None:
    """When it is said that it was made."""
    officer, reference = house.officer("officer"), house.late_contact("Ring me.", team="front-office")
    page = _box(officer, reference, words="It is mended.", channel="phone", do="send")
    page = officer.get(f"/console/contacts/{reference}")
    assert page.all("#confirm-answer-cause")
    officer.act(reference, "confirm-answer", page, cause="overlooked")
    facts = house.call("GET", f"/api/v1/contacts/{reference}").json
    assert (facts["state"], facts["cause"]) == ("answered", "overlooked")
