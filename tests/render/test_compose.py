"""Outgoing mail: exactly what the library would make of it, complete in both parts, and proof against every value."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from bot.render.compose import MOST_BYTES
from bot.render.front_matter import BadTemplate
from bot.render.samples import LONGEST, SAMPLES
from tests.render.letters import COMPOSER, ENVELOPE, TEMPLATES, acknowledgement, own_file, own_template, parsed, parts
from tests.thoroughness import cases

MOST_BYTES_OF_TEXT = 4096


def shown(page: str) -> str:
    """What a reader of the HTML part sees."""
    body = LexborHTMLParser(page).body
    assert body is not None
    return " ".join(body.text(separator=" ").split())


MAILS = {name: values for name, values in SAMPLES.items() if name not in LONGEST}


def test_the_packaged_templates_are_good() -> None:
    """Each writes on its sample values, in both parts, in at most 20 KB, its text in at most 4 KB."""
    assert not [fault for name, language in COMPOSER.names() for fault in COMPOSER.faults(name, language)]
    for name, values in MAILS.items():
        raw = COMPOSER.compose(name, values, ENVELOPE)
        assert len(raw) <= MOST_BYTES
        assert len(parts(parsed(raw))[0].encode()) <= MOST_BYTES_OF_TEXT
        assert len(parsed(raw)["Subject"]) <= 60


def test_an_acknowledgement_says_what_it_must_in_this_order() -> None:
    """We have it, reference, by when, what next and who, promise, urgent, other ways, formats, adding, automatic."""
    text, page = parts(parsed(acknowledgement(team="Highways", urgent="")))
    for words in (text, shown(page)):
        places = [
            words.index(part)
            for part in (
                "We have your message",
                "EX-7K3M-9QPH",
                "Wednesday 6 January 2027",
                "What happens next",
                "our Highways team",
                "10 working days",
                "999",
                "0300 123 2224",
                "18001",
                "https://www.example.gov.uk",
                "large print",
                "another language",
                "To add something",
                "automatic message",
            )
        ]
        assert places == sorted(places)


def test_an_acknowledgement_is_a_receipt() -> None:
    """It accepts no complaint, promises no deed, starts no legal clock, and never says that nobody reads answers."""
    text = parts(parsed(acknowledgement()))[0].lower()
    assert not re.search("complaint|stage 1|foi |do not reply|unmonitored|customer|!", text)
    sentences = re.split(r"(?<=[.?])\s|\n", text)
    assert max(len(sentence.split()) for sentence in sentences) <= 25


def test_without_a_date_nothing_is_said_about_one() -> None:
    """Where nothing is promised the message is still whole."""
    text, page = parts(parsed(acknowledgement(respond_by="", promise="")))
    for words in (text, shown(page)):
        assert "by ." not in words
        assert "answer you in full" in words


def test_each_part_holds_every_value_and_link() -> None:
    """Who reads the text part misses nothing."""
    for name, values in MAILS.items():
        text, page = parts(parsed(COMPOSER.compose(name, values, ENVELOPE)))
        links = [link.attributes["href"] or "" for link in LexborHTMLParser(page).css("a")]
        for value in [value for value in values.values() if isinstance(value, str)]:
            assert (value in text) == (value in shown(page) or any(value in link for link in links))
        assert all(link in text for link in links)


VALUES = st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=200)


def library(raw: bytes) -> bytes:
    """The same mail as email.message writes it."""
    mail = parsed(raw)
    text, page = parts(mail)
    # RFC 2045 section 6.7 allows 76 characters where RFC 5322 allows 78.
    written = EmailMessage(policy=policy.SMTP.clone(max_line_length=76))
    for header, value in mail.items():
        if header not in ("MIME-Version", "Content-Type"):
            written[header] = value
    written.set_content(text, cte="quoted-printable")
    written.add_alternative(page, subtype="html", cte="quoted-printable")
    written.set_boundary(mail.get_boundary() or "")
    head, _, body = written.as_bytes().partition(b"\r\n\r\n")
    # The library says MIME-Version once more in each part; RFC 2045 section 4 asks for it at the top only.
    return head + b"\r\n\r\n" + body.replace(b"MIME-Version: 1.0\r\n", b"")


@settings(max_examples=cases(30, 1_000), deadline=None)
@given(VALUES, VALUES)
def test_the_body_is_byte_for_byte_the_librarys(reference: str, promise: str) -> None:
    """The quick way makes what email.message makes of the same text, the same HTML and the same boundary."""
    raw = acknowledgement(reference=reference, promise=promise)
    assert raw.partition(b"\r\n\r\n")[2] == library(raw).partition(b"\r\n\r\n")[2]


@pytest.mark.slow
@pytest.mark.parametrize("letter", ["x", "é", "=", " ", "<", "😀", "%s", "\\"])
def test_a_line_of_any_length_is_the_librarys(letter: str) -> None:
    """Lines break at the same place, whatever is at the break."""
    for length in range(0, 240, 1 if letter == "x" else 7):
        raw = acknowledgement(promise=letter * length + "x")
        assert raw.partition(b"\r\n\r\n")[2] == library(raw).partition(b"\r\n\r\n")[2]


@given(st.from_regex(r"EX-[0-9A-Z]{4}-[0-9A-Z]{4}", fullmatch=True))
def test_an_ordinary_mail_is_the_librarys_with_its_headers(reference: str) -> None:
    """With everyday values not a byte of the whole mail differs, but for the place where References folds."""
    raw = acknowledgement(reference=reference)
    folded, unfolded = b"<1@residents.example>\r\n <2@", b"<1@residents.example> <2@"
    assert raw.replace(folded, unfolded) == library(raw)


PACKAGED = (TEMPLATES / "messages" / "en" / "acknowledgement.md").read_text(encoding="utf-8")


@settings(deadline=None)
@given(VALUES, VALUES)
def test_both_ways_write_the_same(tmp_path_factory: pytest.TempPathFactory, reference: str, promise: str) -> None:
    """Filled into a skeleton or rendered with the values in place, a message is the same."""
    # A comparison needs the values themselves.
    slow = own_file(tmp_path_factory.getbasetemp() / "slow", f"{PACKAGED}{{% if reference == '' %}}{{% endif %}}\n")
    values = SAMPLES["acknowledgement"] | {"reference": reference, "promise": promise}
    mails = [parsed(composer.compose("acknowledgement", values, ENVELOPE)) for composer in (COMPOSER, slow)]
    assert mails[0]["Subject"] == mails[1]["Subject"]
    assert parts(mails[0]) == parts(mails[1])


@settings(max_examples=cases(30, 1_000), deadline=None)
@given(st.text(max_size=300))
def test_no_value_becomes_markdown_html_or_a_header(value: str) -> None:
    """Whatever a value holds, it stays words: the same headers, tags and links as ever."""
    plain, hostile = parsed(acknowledgement()), parsed(acknowledgement(reference=value or "x", promise=value or "x"))
    assert set(hostile.keys()) <= set(plain.keys())
    assert _tags(parts(hostile)[1]) == _tags(parts(plain)[1])


def _tags(page: str) -> list[tuple[str | None, str | None]]:
    return [(node.tag, node.attributes.get("href")) for node in LexborHTMLParser(page).css("*")]


@pytest.mark.parametrize(
    "value",
    [
        "[x](https://evil.example)",
        "<b>x</b>",
        "# h",
        "* x",
        "{{ 7*7 }}",
        "((team))",
        "$title",
        "%s %(x)s",
        "&amp;",
        "x\\",
    ],
)
def test_markup_in_a_value_is_shown_as_it_was_typed(value: str) -> None:
    """In both parts, and in the lists of a digest, too."""
    rows = [{"reference": "EX-1", "channel": "inbox", "due": value, "why": value, "whose": value}]
    digest = COMPOSER.compose("digest", SAMPLES["digest"] | {"rows": rows}, ENVELOPE)
    for raw in (acknowledgement(reference=value), digest):
        text, page = parts(parsed(raw))
        assert value in text
        assert value in shown(page)
        assert "evil.example" not in str(_tags(page))


def test_a_template_may_do_more_than_show_its_values(tmp_path: Path) -> None:
    """Filters, comparisons and loops see the values of this mail, never those of another."""
    own = own_template(tmp_path, "{{ promise | upper }} {% if team == 'A' %}{{ team | length }}{% endif %}\n")
    for promise in ("ten days", "two days"):
        raw = own.compose("acknowledgement", SAMPLES["acknowledgement"] | {"promise": promise, "team": "A"}, ENVELOPE)
        assert parts(parsed(raw))[0] == f"{promise.upper()} 1\n"


def test_a_nought_is_shown(tmp_path: Path) -> None:
    """A value that counts as absent in a condition can still be shown."""
    own = own_template(tmp_path, "{{ promise }}{% if team %} never{% endif %}\n")
    raw = own.compose("acknowledgement", SAMPLES["acknowledgement"] | {"promise": 0, "team": ""}, ENVELOPE)
    assert parts(parsed(raw))[0] == "0\n"


@pytest.mark.slow
def test_threads_may_share_a_composer(tmp_path: Path) -> None:
    """No mail holds a value of another, whichever way it is written."""
    own = own_template(
        tmp_path, "{{ reference | lower }} {% for one in promise %}{{ one }}{% endfor %} {{ reference }}\n"
    )

    def written(number: int) -> str:
        values = SAMPLES["acknowledgement"] | {"reference": f"ex{number}", "promise": [number]}
        return parts(parsed(own.compose("acknowledgement", values, ENVELOPE)))[0]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(written, range(200))) == [f"ex{n} {n} ex{n}\n" for n in range(200)]


def test_a_digest_is_one_table_that_counts_everything_and_lists_the_first() -> None:
    """On the worst day it is still a mail that can be read, by the eye and aloud; in the text each row is a block."""
    row = {"channel": "inbox", "due": "Wednesday 30 December 2026", "why": "new, late, not acknowledged yet"}
    rows = [row | {"reference": f"EX-7K3M-9Q{n}", "whose": "ann.example@example.gov.uk"} for n in range(3000)]
    raw = COMPOSER.compose("digest", SAMPLES["digest"] | {"rows": rows, "late": 3000}, ENVELOPE)
    text, page = parts(parsed(raw))
    for words in (text, shown(page)):
        assert "EX-7K3M-9Q24" in words
        assert "EX-7K3M-9Q25" not in words
        assert "And 2975 more" in words
    assert "\n  Answer due: Wednesday 30 December 2026\n  Why, and whose it is: new, late" in text
    tags = [tag for tag, _ in _tags(page)]
    assert (tags.count("table"), tags.count("tr")) == (1, 26)
    assert len(LexborHTMLParser(page).css("th[scope=row]")) == 25
    assert "3000 late" in parsed(raw)["Subject"]
    assert len(raw) <= MOST_BYTES


def test_the_page_can_be_read_by_everybody() -> None:
    """Language, one h1, large text, strong contrast, no image, nothing remote, nothing wider than a phone."""
    for name, values in MAILS.items():
        page = LexborHTMLParser(parts(parsed(COMPOSER.compose(name, values, ENVELOPE)))[1])
        source = page.html or ""
        assert '<html lang="en" dir="ltr">' in source
        assert len(page.css("h1")) == 1
        assert not page.css("img, script, link, iframe, form")
        assert min(map(int, re.findall(r"font-size: (\d+)px", source))) >= 16
        assert re.findall(r"width: (\d+)px", source) == ["600"]
        for colour in re.findall(r"(?<![-\w])color: #(\w{6})", source):
            assert _contrast_with_white(colour) >= 4.5


def _contrast_with_white(colour: str) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def test_an_unknown_placeholder_stops_the_mail(tmp_path: Path) -> None:
    """The words name the file, the line and the placeholder, also when the quick way is tried first."""
    own = own_template(tmp_path, "Dear you,\n\n{{ nobody_knows }}\n")
    with pytest.raises(BadTemplate, match=r"acknowledgement\.md:7: .*nobody_knows"):
        own.compose("acknowledgement", SAMPLES["acknowledgement"], ENVELOPE)


def test_a_mail_costs_far_less_than_the_librarys() -> None:
    """At least five times as quick as the same by email.message (some twenty times; machines vary)."""
    raw = acknowledgement()

    def cost(work: object, times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            work()  # type: ignore[operator]  # any callable
        return (time.process_time() - began) / times

    assert cost(acknowledgement, 500) * 5 < cost(lambda: library(raw), 20)
