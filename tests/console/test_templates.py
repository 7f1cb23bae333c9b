"""The room of the templates: what goes out on invented contacts, as text and as HTML, and what is wrong with it."""

from collections.abc import Iterator

import pytest

from tests.components.browser import chromium, sign_in
from tests.conftest import Needs
from tests.console.conftest import House, house_in

FRONT = '+++\nsubject = "{}"\npurpose = "To try it."\n+++\n'
# Without its reference and its date, with a word that warns; an administrator may also have typed this.
OWN = "# We have it <script>parent.harmed=1</script>\n\nDear customer, if someone is in danger, call 999.\n"


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with two templates of its own: one breaks rules, one cannot be used."""
    made = house_in(tmp_path_factory.mktemp("worded"))
    into = made.service.config / "templates" / "messages" / "en"
    into.mkdir(parents=True)
    (into / "added.md").write_text(FRONT.format("We have it") + OWN, encoding="utf-8")
    (into / "closing.md").write_text(FRONT.format("Closed") + "{{ nobody }}\n", encoding="utf-8")
    with made.service:
        yield made


def test_the_list_counts_errors_and_warnings(worded: House) -> None:
    """Those of our own templates; the packaged ones are good."""
    page = worded.officer("reader").get("/console/templates")
    rows = {row.css("th")[0].text(): row.css("td")[1].text() for row in page.all("table")[0].css("tbody tr")}
    assert "errors" in rows["added"]
    assert "1 warning" not in rows["closing"]
    assert rows["closing"].strip() == "1 error"
    assert {rows[name] for name in rows if name not in ("added", "closing")} == {"Good"}


def test_a_template_says_what_to_put_right(worded: House) -> None:
    """Each finding with its rule, its level and what to do."""
    officer = worded.officer("reader")
    words = officer.get("/console/templates/en/added").words()
    assert "error L2 The subject has no reference: write {{ reference }} into it." in words
    assert 'warning L10 "customer" is not what people say: instead, you.' in words
    broken = officer.get("/console/templates/en/closing")
    assert "error L4 It cannot be used" in broken.words()
    assert not broken.all("iframe")


def test_a_translation_stands_beside_the_english(worded: House) -> None:
    """In its own direction, with who checked it; and in every format, as it leaves with English beneath."""
    officer = worded.officer("reader")
    page = officer.get("/console/templates/ar/acknowledgement")
    assert "Nobody has said that this translation is good" in page.words()
    translation, *_ = page.all(".beside [lang=ar][dir=rtl]")
    assert "الاثنين، 22 يونيو 2026" in "".join(node.text() for node in page.all(".beside [lang=ar]"))
    assert "EX-7K3M-9QPH" in translation.text()
    assert "Monday 22 June 2026" in page.words()
    of_ordinary = {a.text().split(",")[0]: str(a.attributes["href"]) for a in page.all("a[href*='ordinary?format']")}
    assert list(of_ordinary)[:2] == ["in large print", "in easy words"]
    large = officer.get(of_ordinary["in large print"])
    assert [node.attributes["lang"] for node in large.all("div > div[lang]")] == ["ar", "en"]
    assert "font-size: 24px" in large.text
    assert "Call 999 now." in officer.get(of_ordinary["in easy words"]).words()
    assert officer.get("/console/templates/ar/acknowledgement/ordinary?format=braille").status == 404


def test_a_translation_is_changed_with_the_english_before_ones_eyes(worded: House) -> None:
    """In a box of its own language and direction; a translation that loses the date is not good."""
    lead, address = worded.officer("lead"), "/console/words/template/ar/progress"
    page = lead.get(address)
    assert page.all("textarea[lang=ar][dir=rtl]")
    assert "You will have our full answer by: {{ respond_by }}" in page.words()
    changes = {"subject": "x {{ reference }}", "words": "# x\n\n{{ reference }}", "basis": "0", "action": "look"}
    assert (
        "error L20 It lacks {{ respond_by }}, which the English has."
        in lead.post(address, {**page.hidden(), **changes}).words()
    )


def test_a_template_is_shown_on_an_urgent_and_an_ordinary_contact(worded: House) -> None:
    """As text on the page, and as HTML in a frame that may do nothing."""
    officer = worded.officer("reader")
    page = officer.get("/console/templates/en/acknowledgement")
    urgent, ordinary = (paragraph.text() for paragraph in page.all("p.message"))
    assert "Then call 0800 111 999." in urgent
    assert "0800 111 999" not in ordinary
    assert "Monday 22 June 2026" in ordinary
    assert "...." not in page.text
    frames = page.all("iframe")
    assert len(frames) == 2
    for frame, words in zip(frames, ("0800 111 999", "Monday 22 June 2026"), strict=True):
        assert "sandbox" in frame.attributes
        assert not frame.attributes["sandbox"]
        mail = officer.get(str(frame.attributes["src"]))
        assert words in mail.words()
        policy = mail.headers["content-security-policy"]
        for directive in ("default-src 'none'", "sandbox", "frame-ancestors 'self'"):
            assert directive in policy


def test_what_has_no_html_is_shown_as_text_alone(worded: House) -> None:
    """A text for a platform; in public everybody gets the same words, so they stand there once."""
    officer = worded.officer("reader")
    for name, count in (("message", 2), ("mention", 1)):
        page = officer.get(f"/console/templates/en/{name}")
        assert (len(page.all("p.message")), len(page.all("iframe"))) == (count, 0)
        assert officer.get(f"/console/templates/en/{name}/urgent").status == 404
    assert officer.get("/console/templates/en/acknowledgement/nobody").status == 404
    assert officer.get("/console/templates/en/closing/urgent").status == 404
    assert len(officer.get("/console/templates/en/alert").all("iframe")) == 1


def test_a_browser_shows_the_frame_with_its_style_and_runs_nothing(worded: House, needs: Needs) -> None:
    """The letters are as large as in the mail, and what was typed as HTML stays words."""
    needs("chromium")
    with chromium() as browser:
        context = browser.new_context()
        errors: list[str] = []
        context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page = sign_in(context, worded.service.web_port, "ron@example.gov.uk")
        page.goto(f"http://127.0.0.1:{worded.service.web_port}/console/templates/en/added")
        heading = page.frame_locator("iframe").first.locator("h1")
        heading.scroll_into_view_if_needed()
        assert "<script>" in heading.inner_text()
        assert heading.evaluate("heading => getComputedStyle(heading).fontSize") == "24px"
        assert page.evaluate("window.harmed") is None
        context.close()
    assert errors == []


def test_a_lead_changes_words_looks_at_them_first_and_goes_back(worded: House) -> None:
    """What the lint refuses is not in force, what it takes is at once, in every page; an officer has no way in."""
    lead, path = worded.officer("lead"), "/console/words/template/en/acknowledgement"
    assert "Change the words" not in worded.officer("officer").get("/console/templates/en/acknowledgement").words()
    page = lead.get(path)
    assert "The words of the file are in force." in page.words()
    source = page.all("textarea")[0].text()
    typed = page.hidden() | {"subject": "We have it: {{ reference }}", "words": source.replace("Thank you", "Thanks")}
    bad = lead.post(path, typed | {"action": "put", "words": "# Hello {{ phone.x }}"})
    assert bad.status == 422
    assert "a dot behind a placeholder stands there" in bad.words()
    assert "phone.x" in bad.all("textarea")[0].text()
    look = lead.post(path, typed | {"action": "look"})
    assert "They are not in force yet." in look.words()
    assert "Thanks for writing to" in look.words()
    mail = lead.post(path, typed | {"action": "page"})
    assert "Thanks for writing to" in mail.text
    assert "sandbox" in mail.headers["content-security-policy"]
    response = lead.post(path, typed | {"action": "put", "note": "Shorter"})
    assert "The new words are in force." in response.words()
    assert "Thanks for writing to" in worded.officer("reader").get("/console/templates/en/acknowledgement").words()
    assert "changed here" in lead.get("/console/templates").words()
    assert "somebody else changed" in lead.post(path, typed | {"action": "put", "words": f"{source}\n"}).words().lower()
    more = response.hidden() | {
        "subject": "We have it: {{ reference }}",
        "words": source.replace("Thank you", "Many thanks"),
    }
    second = lead.post(path, more | {"action": "put"})
    undo = {name: value for name, value in second.hidden().items() if name != "version"}
    version = next(entry.attributes["value"] or "" for entry in second.all("input[name=version]"))
    undone = lead.post(path, undo | {"action": "restore", "version": version})
    assert "The words are in force again." in undone.words()
    assert "Thanks for writing to" in undone.all("textarea")[0].text()
    back = lead.post(path, undone.hidden() | {"action": "file"})
    assert "The words of the file are in force again." in back.words()
    assert "Words changed" in lead.get("/console/audit").words()


def test_a_saved_answer_is_begun_and_offered(worded: House) -> None:
    """From a name on the list to words in force; a name that is none is refused."""
    lead = worded.officer("lead")
    page = lead.get("/console/templates")
    assert "No answer was begun" in lead.post("/console/words", page.hidden() | {"name": "../etc"}).words()
    begun = lead.post("/console/words", page.hidden() | {"name": "Call you"})
    words = {"subject": "We will call you", "words": "We will call you about {{ reference }}.", "action": "put"}
    assert (
        "The new words are in force." in lead.post("/console/words/answer/en/call-you", begun.hidden() | words).words()
    )
    assert "We will call you" in lead.get("/console/templates").words()
    assert lead.get("/console/words/template/en/alert").status == 404
