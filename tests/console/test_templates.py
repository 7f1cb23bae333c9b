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
    rows = {row.css("th")[0].text(): row.css("td")[1].text() for row in page.all("tbody tr")}
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
