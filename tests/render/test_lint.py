"""The lint of the words that go out: one text that breaks each rule, and what is said about it."""

from pathlib import Path

import pytest

from bot.render import lint
from bot.render.compose import Composer
from bot.render.drafts import Level
from bot.render.lint import Finding
from bot.render.readability import reading
from bot.render.samples import CONTACTS, SAMPLES, SORTS, samples
from tests.render.letters import COMPOSER, CONSTANTS, TEMPLATES, own_template

pytestmark = pytest.mark.slow

SUBJECT = "We have it: {{ reference }}"
# A receipt to which no rule objects.
GOOD = """# We have your message

Your reference is {{ reference }}. Our {{ team }} team has it. You will hear from us by {{ respond_by }}.

{{ urgent }}

If someone is in danger, call 999. Or call us on {{ phone }}. {{ other_route }}

Read more: {{ website }} or {{ service_page }}

Ask for large print, or for another language. This is an automatic message.
"""
PAGE = (TEMPLATES / "partials" / "mail.html").read_text(encoding="utf-8")
IN_FULL = '<p>In full: <a href="https://www.example.gov.uk/x">https://www.example.gov.uk/x</a></p>'
LONG = "You can write to us or call us or come to see us in our office at any time of any day that is good for you."
HARD = "Individual representations necessitate considerable organisational deliberation."
# By rule and what is wrong: what of a good receipt becomes what, and the beginning of what is said.
BROKEN = {
    "L2 subject": ("subject", "{{ reference }}", "your message", "The subject has no reference"),
    "L2 words": ("words", "Your reference is {{ reference }}.", "", "The message has no reference"),
    "L3 no date": ("words", "by {{ respond_by }}", "soon", "It does not say by when"),
    "L3 days": ("words", "by {{ respond_by }}", "by {{ respond_by }}, within 10 days", '"10 days" is fixed'),
    "L3 words": ("words", "by {{ respond_by }}", "by {{ respond_by }}, in five working days", '"five working days"'),
    "L3 bare": ("words", "by {{ respond_by }}", "by {{ respond_by }}, 24/12/26", "24/12/26 can be misread"),
    "L4": ("words", "{{ team }}", "{{ nobody }}", "It cannot be used: "),
    "L5 http": (
        "words",
        "Read more:",
        "[Our bins](http://www.example.gov.uk/a)",
        "The link http://www.example.gov.uk/a",
    ),
    "L5 short": ("words", "Read more:", "[Our bins](https://bit.ly/a)", "The link https://bit.ly/a hides"),
    "L5 strange": (
        "words",
        "Read more:",
        "[Our bins](https://bins.example/a)",
        "The link https://bins.example/a leads",
    ),
    "L5 vague": ("words", "Read more:", "[Click here](https://www.example.gov.uk/)", 'The link "Click here" does not'),
    "L7 text": ("words", "# We", "# We have it\n\n" + "It is here. " * 400 + "\n\nWe", "Its text has"),
    "L7 mail": ("words", "# We", "# We have it\n\n" + "It is here. " * 2000 + "\n\nWe", "It has"),
    "L8 headings": ("words", "# We have your message", "We have your message.", "It has 0 first headings"),
    "L9 grade": ("words", "# We", f"# We\n\n{f'{HARD} ' * 12}\n\nWe", "It needs"),
    "L9 sentence": ("words", "Or call", f"{LONG} Or call", "A sentence has 27 words: make two of"),
    "L9 mean": ("words", "# We", f"# We\n\n{f'{LONG} ' * 12}\n\nWe", "A sentence has 19 words on average"),
    "L9 passive": ("words", "# We", "# We\n\nIt was read. It is kept. It was seen.\n\nWe", "30% of the sentences are"),
    "L10": ("words", "Or call", "Please be advised: utilise it. Or call", '"please be advised" is not what people say'),
    "L10 customer": ("words", "Or call", "Dear customer, call. Or call", '"customer" is not what people say'),
    "L10 soon": ("words", "Or call", "We answer as soon as possible. Or call", '"as soon as possible" says nothing'),
    "L12 danger": ("words", "If someone is in danger, call 999.", "", "It does not say what to do in danger"),
    "L12 phone": ("words", "Or call us on {{ phone }}.", "", "It names no telephone"),
    "L12 advice": ("words", "{{ urgent }}", "", "What to do at once is missing"),
    "L13": ("words", "Ask for large print, or for another language.", "", "It offers no other formats"),
    "L14": ("words", "Or call", "Do not reply to this. Or call", '"Do not reply" sends people away'),
    "L14 again": ("words", "Or call", "Please resend it. Or call", '"Please resend" sends people away'),
    "L15": ("words", "This is an automatic message.", "", "It does not say what it is"),
    "L16 length": ("subject", "We have it", "We have it " * 6, "The subject has"),
    "L16 capitals": ("subject", "We have it", "WE HAVE IT", '"WE HAVE" in the subject shouts'),
    "L16 mark": ("subject", "We have it", "We have it!", "The subject has an exclamation mark"),
    "L17": (
        "words",
        "Or call",
        "We acknowledge your complaint. Or call",
        '"acknowledge your complaint" starts the time',
    ),
    "L17 stage": ("subject", "We have it", "Stage 1", '"Stage 1" starts the time'),
    "L17 request": ("words", "Or call", "Your FOI request is accepted. Or call", '"FOI request is accepted" starts'),
    "L18 page": ("words", "{{ website }} or {{ service_page }}", "our website", "It leads to no page"),
    "L18 route": ("words", "{{ other_route }}", "", "It names no way without the internet"),
    "L19": ("words", "Or call", "Type ackbot contacts show. Or call", '"ackbot contacts" is a command'),
}
# Likewise in the page around every message.
BROKEN_PAGES = {
    "L1 link": ("$content", f"$content{IN_FULL}", "The link https://www.example.gov.uk/x is in the HTML alone"),
    "L1 value": ("$content", "$content<p>10 working days</p>", "{{ promise }} is in the HTML alone"),
    "L4 script": ("</head>", "<script>1</script></head>", "There is a <script>"),
    "L4 style": ("</head>", "<style>/* $title */</style></head>", "A value stands in a <style>"),
    "L4 quotes": ('lang="$language"', "lang=$language", "A value stands without quotes"),
    "L6 alt": ("$content", '<img src="cid:a">$content', "An <img> has no alt"),
    "L6 remote": ("$content", '<img src="https://a.example/p" alt="x">$content', "A picture is loaded from elsewhere"),
    "L6 ground": ("margin: 0;", "margin: 0; background: #fff url(http://a.example/p);", "A picture is loaded"),
    "L6 words": ("$content", f'<img src="cid:a" alt="{"word " * 30}">$content', "More than a tenth of the words"),
    "L8 lang": ('lang="$language"', "", "<html> has no lang"),
    "L8 contrast": ("color: #1b1b1b", "color: #999", "#999 on #ffffff is hard to see (contrast 2.8"),
    "L8 colour": ("color: #1b1b1b", "color: tomato", "The colours tomato and #ffffff cannot be compared"),
    "L8 letters": ("$content", '<p style="font-size: 9pt">x</p>$content', "Letters of <p> are 12 px high"),
    "L8 width": ("max-width: 600px", "width: 700px", "Something is 700 px wide"),
    "L8 table": ("$content", '<table width="640"></table>$content', "Something is 640 px wide"),
}

OF_TRANSLATIONS = {rule.number for rule in lint.RULES if rule.languages == "others"}


def receipt(folder: Path, words: str = GOOD, subject: str = SUBJECT) -> Composer:
    """An organisation with a receipt of its own."""
    return own_template(folder, words, subject=subject)


def findings_of(own: Composer, name: str = "acknowledgement") -> list[Finding]:
    """What the lint says of it."""
    return lint.examine(own, name, "en")


def test_the_packaged_templates_break_no_rule() -> None:
    """Neither errors nor warnings, on seven contacts."""
    assert [str(finding) for finding in lint.examine_all(COMPOSER, ["en"])] == []
    assert len(samples("acknowledgement")) == len(CONTACTS) + 1 == 7


def test_a_good_receipt_breaks_no_rule(tmp_path: Path) -> None:
    """The receipt that the tests below break."""
    assert [str(finding) for finding in findings_of(receipt(tmp_path))] == []


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_finds_what_breaks_it(tmp_path: Path, rule: str) -> None:
    """By its number, in a sentence that says what to do."""
    where, before, after, words = BROKEN[rule]
    typed = {"words": GOOD, "subject": SUBJECT}
    assert before in typed[where]
    own = receipt(tmp_path, **typed | {where: typed[where].replace(before, after)})
    findings = [finding for finding in findings_of(own) if finding.rule == rule.split(maxsplit=1)[0]]
    assert [finding for finding in findings if finding.words.startswith(words)], findings


@pytest.mark.parametrize("rule", BROKEN_PAGES)
def test_each_rule_about_html_finds_what_breaks_it(tmp_path: Path, rule: str) -> None:
    """The page around every message is the organisation's to change, so it is looked at, too."""
    before, after, words = BROKEN_PAGES[rule]
    assert before in PAGE
    (tmp_path / "partials").mkdir()
    (tmp_path / "partials" / "mail.html").write_text(PAGE.replace(before, after), encoding="utf-8")
    findings = findings_of(receipt(tmp_path))
    (finding,) = [finding for finding in findings if finding.rule == rule.split(maxsplit=1)[0]]
    assert finding.words.startswith(words)
    assert finding.level is Level.ERROR


def test_every_rule_is_broken_by_a_text_here() -> None:
    """L1 to L19, each once in order, and none without a test; those of translations have a file of their own."""
    numbers = [rule.number for rule in lint.RULES if rule.languages != "others"]
    assert numbers == [f"L{number}" for number in range(1, 20)]
    assert {rule.split()[0] for rule in (*BROKEN, *BROKEN_PAGES)} == set(numbers) - {"L11"}  # tested below


def test_what_everybody_reads_shows_nothing_of_the_person(tmp_path: Path) -> None:
    """L11: neither a reference nor where it could be looked up."""
    own = own_template(tmp_path, "Thank you, {{ name }}. See {{ site }}/track/{{ reference }}\n", name="mention")
    sentences = [finding.words for finding in findings_of(own, "mention") if finding.rule == "L11"]
    assert [words.split("}}")[0] for words in sentences] == [
        f"Everybody can read it: take {{{{ {name} " for name in ("name", "reference", "site")
    ]


def test_a_text_for_a_platform_fits_where_it_goes(tmp_path: Path) -> None:
    """L7: Mastodon's servers take 500 characters, with the handle."""
    own = own_template(tmp_path, "{{ reference }} " + "It is here. " * 40, name="message")
    (sentence,) = [finding.words for finding in findings_of(own, "message") if finding.rule == "L7"]
    assert sentence.endswith("at most 440 are allowed: make it shorter.")


def test_where_there_is_a_short_time_there_is_more_room(tmp_path: Path) -> None:
    """L7: Mastodon takes an answer at any time; Instagram, the narrowest of the others, takes 1,000 bytes."""
    own = own_template(
        tmp_path, "{{ reference }} {% if short_window %}" + "It is here. " * 60 + "{% endif %}", name="message"
    )
    assert not [finding for finding in findings_of(own, "message") if finding.rule == "L7"]
    own = own_template(
        tmp_path, "{{ reference }} {% if short_window %}" + "It is here. " * 80 + "{% endif %}", name="message"
    )
    (sentence,) = [finding.words for finding in findings_of(own, "message") if finding.rule == "L7"]
    assert sentence.endswith("at most 940 are allowed: make it shorter.")


def test_staff_are_told_without_what_people_need(tmp_path: Path) -> None:
    """An alert needs no urgent block, no formats and no reference; its subject is short all the same."""
    own = own_template(tmp_path, "# Look\n\n{{ action }}\n", subject="LOOK NOW!", name="alert")
    assert {finding.rule for finding in findings_of(own, "alert")} == {"L16"}


def test_a_message_in_another_language_has_an_english_one_and_its_direction(tmp_path: Path) -> None:
    """L13: whoever has no version of their own gets the English; rules that know English words keep silent."""
    folder = tmp_path / "messages" / "ur"
    folder.mkdir(parents=True)
    for name in ("acknowledgement", "only-here"):
        (folder / f"{name}.md").write_text(f'+++\nsubject = "{SUBJECT}"\npurpose = "x"\n+++\n{GOOD}', encoding="utf-8")
    own = Composer([tmp_path, TEMPLATES], CONSTANTS)
    assert {finding.rule for finding in lint.examine(own, "acknowledgement", "ur")} <= OF_TRANSLATIONS
    assert 'dir="rtl"' in own.render("acknowledgement", SAMPLES["acknowledgement"], language="ur").html
    (tmp_path / "partials").mkdir()
    (tmp_path / "partials" / "mail.html").write_text(PAGE.replace(' dir="$direction"', ""), encoding="utf-8")
    findings = lint.examine(Composer([tmp_path, TEMPLATES], CONSTANTS), "acknowledgement", "ur")
    (finding,) = (finding for finding in findings if finding.rule not in OF_TRANSLATIONS)
    assert (finding.rule, finding.words[:37]) == ("L13", "This language runs from right to left")


def test_sites_that_the_configuration_names_may_be_linked_to(tmp_path: Path) -> None:
    """L5: our own, those of public bodies, and the named ones with what is below them; nothing that only looks so."""
    links = ("www.relayuk.example", "sub.relayuk.example", "www.nhs.uk", "notrelayuk.example", "nhs.uk.evil.example")
    own_template(tmp_path, GOOD + "".join(f"\n[{host}](https://{host}/)\n" for host in links), subject=SUBJECT)
    own = Composer([tmp_path, TEMPLATES], CONSTANTS, {"relayuk.example"})
    strange = [finding.words.split()[2] for finding in findings_of(own) if finding.rule == "L5"]
    assert strange == ["https://notrelayuk.example/", "https://nhs.uk.evil.example/"]


def test_without_a_telephone_or_a_website_there_is_a_warning_only(tmp_path: Path) -> None:
    """The template cannot name what the configuration does not know."""
    receipt(tmp_path)
    own = Composer([tmp_path, TEMPLATES], CONSTANTS | {"phone": "", "website": ""})
    findings = [(finding.rule, finding.level) for finding in findings_of(own)]
    assert findings == [("L12", Level.WARNING), ("L18", Level.WARNING)]


def test_what_the_configuration_lacks_is_said_once_of_all_templates() -> None:
    """In whichever languages there are receipts."""
    packaged = Composer([TEMPLATES], CONSTANTS | {"phone": "", "website": ""})
    findings = [finding.rule for finding in lint.examine_all(packaged, ["en", "pl"])]
    assert sorted(findings) == ["L12", "L18"]


def test_every_template_has_a_sort_and_every_sample_its_values() -> None:
    """Nothing is left out of the table of sorts, and no sample shows what only fills it up."""
    assert set(SORTS) == set(SAMPLES)
    for name in SAMPLES:
        for contact, values in samples(name).items():
            assert set(values) == set(SAMPLES[name]), contact
            assert "..." not in COMPOSER.render(name, values).text.replace("smell ... of gas", "")


def test_a_text_is_measured_as_it_is_read() -> None:
    """Flesch and Kincaid's grade; headings, addresses and references are no sentences."""
    plain = reading("What happens next\n\nThe cat sat on the mat.\n\n* https://www.example.gov.uk/a\n\nEX-7K3M-9QPH\n")
    assert plain.sentences == ("The cat sat on the mat.",)
    assert plain.grade == pytest.approx(0.39 * 6 + 11.8 * 6 / 6 - 15.59)
    assert reading("").grade == 0
