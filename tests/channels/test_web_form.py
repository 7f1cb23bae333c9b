"""The form channel: from what was typed to one message."""

import json
import unicodedata
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channel import Hook, Permanent, RawRequest
from bot.core.files import File
from bot.core.messages import Inbound, Party
from bot.wire.bundles import is_bundle
from bot.wire.mail import mime
from channels.web_form import Faults, Settings, build

FORM = build("website", Settings(name="website", kind="web_form"))
TOKEN = "A" * 20 + "-_"
GOOD = {"token": TOKEN, "name": "Zoë", "email": "zoe@example.org", "phone": "01632 960 001", "message": "Bins"}
ANYTHING = st.text(st.characters() | st.sampled_from("\r\n\0\u2028\u202e\u200d@."), max_size=300)


def read(**changed: str) -> Inbound:
    inbound = FORM.read({**GOOD, **changed})
    assert isinstance(inbound, Inbound), inbound
    return inbound


def faults(**changed: str) -> dict[str, str]:
    refused = FORM.read({**GOOD, **changed})
    assert isinstance(refused, Faults), refused
    return dict(refused.faults)


def test_a_form_becomes_a_message() -> None:
    """Sender, words, fields as given; no subject, no instant, since the form has neither."""
    inbound = read()
    assert inbound.channel == "website"
    assert inbound.sender == Party("zoe@example.org", "Zoë")
    assert (inbound.subject, inbound.text, inbound.received_at) == ("", "Bins", None)
    assert inbound.fields == {"name": "Zoë", "email": "zoe@example.org", "phone": "01632 960 001"}
    answers = dict.fromkeys(("service", "postcode", "place", "prefers", "times", "address", "language", "needs"), "")
    assert json.loads(inbound.raw) == {**inbound.fields, "message": "Bins", **answers}


def test_what_it_is_about_and_where_is_kept() -> None:
    """A service by its name and a postcode; what our page cannot have sent is left out, not refused."""
    assert read(service="bins", postcode=" ta1  3du ").fields["service"] == "bins"
    assert read(service="bins", postcode=" ta1  3du ").fields["postcode"] == "TA1 3DU"
    assert read(service="bins").external_id != read().external_id
    assert "service" not in read(service="<script>").fields
    assert read(postcode="x" * 500).fields["postcode"] == "X" * 10


def test_the_channel_is_a_hook_and_has_no_keys_of_its_own() -> None:
    """It fits the contract, and unknown keys are errors."""
    assert isinstance(FORM, Hook)
    assert (FORM.name, FORM.path) == ("website", "/")
    with pytest.raises(ValueError, match="extra"):
        Settings.model_validate({"name": "website", "kind": "web_form", "colour": "red"})


def test_the_same_form_has_the_same_id_and_changed_words_another() -> None:
    """Token and content make the id; the digest is of the content alone."""
    first, second, changed = read(), read(), read(message="Lamps")
    assert first == second
    assert first.external_id == f"{TOKEN}.{first.digest[:16]}"
    assert changed.external_id != first.external_id
    assert read(token="B" * 22).digest == first.digest
    assert read(token="B" * 22).external_id != first.external_id


@pytest.mark.parametrize("token", ["", "short", "A" * 23, "A" * 21 + "\n", "A" * 21 + "é", "A" * 22 + "\n"])
def test_without_a_good_token_the_content_alone_counts(token: str) -> None:
    """A form that another program posts is still taken, once for each content."""
    inbound = read(token=token)
    assert inbound.external_id == f"sha256:{inbound.digest}"


def test_line_ends_and_accents_do_not_make_another_message() -> None:
    """Browsers send CRLF, programs LF; an accent may be one character or two: the words are the same."""
    from_browser = read(message="Caf\u00e9\r\nBins\r\n", name="Zo\u00eb ")
    from_program = read(message="Cafe\u0301\nBins", name=" Zoe\u0308")
    assert from_browser.digest == from_program.digest
    assert from_browser.text == "Café\nBins"


@pytest.mark.parametrize(
    "address",
    [
        "a@b.co",
        "first.last+tag@mail.example.co.uk",
        "o'brien@example.org",
        "用户@例子.广告",
        "jürgen@exämple.de",
        "अजय@डाटा.भारत",
        "x_y@xn--e1afmkfd.example",
        "1@1.example",
    ],
)
def test_real_addresses_are_taken(address: str) -> None:
    """Also internationalised ones (RFC 6531)."""
    assert read(email=address).sender == Party(address, "Zoë")


@pytest.mark.parametrize(
    "address",
    [
        "zoe",
        "@example.org",
        "zoe@",
        "zoe@localhost",
        "zoe@@example.org",
        "a@b.org, c@d.org",
        "a@b.org c@d.org",
        "Zoe <zoe@example.org>",
        '"zoe"@example.org',
        "zoe@[192.0.2.1]",
        "zoe@192.0.2.1",
        ".zoe@example.org",
        "zo..e@example.org",
        "zoe@-example.org",
        "zoe@example-.org",
        "zoe@example..org",
        "zoe@exa_mple.org",
        "zoe@example.org\r\nBcc: all@example.org",
        "zoe\\@example.org",
        f"{'z' * 65}@example.org",
        f"{'ż' * 33}@example.org",
        f"zoe@{'e' * 64}.org",
    ],
)
def test_what_is_not_one_address_is_a_fault(address: str) -> None:
    """No display name, no list, nothing that a mail server would refuse."""
    assert faults(email=address) == {"email": "Enter one email address, like name@example.com"}


def test_invisible_characters_around_an_address_are_dropped() -> None:
    """Copying from a web page brings zero-width spaces and direction marks along."""
    assert read(email="\u200b zoe@example.org\u200e\n").sender == Party("zoe@example.org", "Zoë")


def test_one_way_to_reach_the_person_is_enough() -> None:
    """Email or phone; without both the fault stands at the first of them."""
    assert read(phone="").fields["phone"] == ""
    by_phone = read(email="", phone="01632 960 001")
    assert (by_phone.sender, by_phone.told_by) == (Party("tel:+441632960001", "Zoë"), "at once")
    assert read(email="", phone="²²²²²²").sender is None
    assert list(faults(email=" ", phone="\u200b")) == ["email"]


def test_limits_count_characters_and_name_the_limit() -> None:
    """The last that fits fits; one more is a fault of that field, each field at most once."""
    fits = read(name="n" * 200, phone="1" * 40, message="😀" * 10_000)
    assert len(fits.text) == 10_000
    local, domain = "l" * 64, ".".join(["d" * 61] * 3)
    assert read(email=f"{local}@{domain}.uk")
    limits = faults(name="n" * 201, phone="1" * 41, message="m" * 10_001, email="e" * 255)
    assert list(limits) == ["name", "email", "phone", "message"]
    assert "10,000" in limits["message"]
    assert "10,001" in limits["message"]


def test_an_invisible_message_is_empty() -> None:
    """Spaces, control characters and zero-width joiners say nothing."""
    assert list(faults(message=" \0\r\n\u200d\u3000")) == ["message"]


def test_other_scripts_survive() -> None:
    """Right-to-left names, joiners that a script needs, and emoji stay as they were typed."""
    assert (
        read(name="فاطمة می\u200cخواهم", message="👩\u200d👩\u200d👧 ශ්\u200dරී").fields["name"] == "فاطمة می\u200cخواهم"
    )


@given(st.fixed_dictionaries(dict.fromkeys(("name", "email", "phone", "message", "token", "place", "needs"), ANYTHING)))
def test_nothing_that_can_be_typed_breaks_the_form(fields: dict[str, str]) -> None:
    """Whatever comes, it is a message or a list of faults; single lines hold no line end and no control character."""
    outcome = FORM.read({**fields, "phone": "01632 960 001"})
    if isinstance(outcome, Faults):
        assert {field for field, _ in outcome.faults} <= {"name", "email", "message"}
        return
    for value in (*outcome.fields.values(), outcome.external_id):
        assert len(value.splitlines()) <= 1
        assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in value)
    assert "\0" not in outcome.text
    outcome.raw.decode()


@given(st.fixed_dictionaries(dict.fromkeys(("name", "message"), ANYTHING)))
def test_reading_again_changes_nothing(fields: dict[str, str]) -> None:
    """What is stored, typed once more, is the same message."""
    outcome = FORM.read({**GOOD, **fields})
    if isinstance(outcome, Inbound):
        again = FORM.read({**outcome.fields, "message": outcome.text, "token": TOKEN})
        assert again == outcome


def test_a_posted_body_gives_the_same_message() -> None:
    """The hook's way in and the page's way in agree."""
    raw = RawRequest({"content-type": "application/x-www-form-urlencoded"}, urlencode(GOOD).encode())
    batch = FORM.open(raw)
    assert batch.messages == (read(),)
    assert batch.cursor is None


@pytest.mark.parametrize("body", [b"", b"\xff", b"&" * 100, b"email=zoe%40home&message=x"])
def test_a_posted_body_with_faults_is_refused_without_quoting_it(body: bytes) -> None:
    """The error names the fields, never what was typed."""
    with pytest.raises(Permanent) as refused:
        FORM.open(RawRequest({}, body))
    assert "zoe" not in str(refused.value)


TEXTING = build("website", Settings(name="website", kind="web_form", texts_by="notify"))


def test_what_the_person_needs_and_prefers_is_kept() -> None:
    """Codes of ours as they are, words as they were typed; what our page cannot have sent is left out."""
    more = {
        "place": "by the old mill",
        "prefers": "phone",
        "times": "mornings",
        "language": "cy",
        "needs": "bsl large-print x",
    }
    assert more | {"needs": "large-print bsl"} == {name: read(**more).fields[name] for name in more}
    strange = read(prefers="pigeon", language="xx", needs="<script>", place="p" * 900)
    assert strange.fields.keys() == {"name", "phone", "email", "place"}
    assert len(strange.fields["place"]) == 300
    assert read(**more).external_id != read().external_id


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"prefers": "email", "email": ""}, "email"),
        ({"prefers": "phone", "phone": ""}, "phone"),
        ({"prefers": "letter"}, "address"),
        ({"prefers": "text"}, "prefers"),
        ({"email": "", "phone": ""}, "email"),
    ],
)
def test_the_way_that_somebody_prefers_needs_its_address(answers: dict[str, str], field: str) -> None:
    """The fault stands at what is missing, and nothing else is one."""
    assert list(faults(**answers)) == [field]


def test_whoever_wants_a_letter_needs_neither_email_nor_phone() -> None:
    """The page is the receipt then."""
    inbound = read(prefers="letter", address="1 Mill Lane, TA1 3DU", email="", phone="")
    assert (inbound.sender, inbound.told_by) == (None, "at once")
    assert inbound.fields["address"] == "1 Mill Lane, TA1 3DU"


def test_a_text_message_goes_to_the_phone_where_one_can_be_sent() -> None:
    """Also where an email address was given."""
    inbound = TEXTING.read({**GOOD, "prefers": "text"})
    assert isinstance(inbound, Inbound)
    assert (inbound.sender, inbound.told_by) == (Party("tel:+441632960001", "Zoë"), "us")


def test_files_are_kept_with_the_fields() -> None:
    """As the files of a mail, and other files make another message."""
    photo, letter = File("Zoë’s photo.jpg", b"\xff\xd8\xff photo"), File("letter.txt", b"words\n")
    inbound = FORM.read(GOOD, (photo, letter))
    assert isinstance(inbound, Inbound)
    assert is_bundle(inbound.raw)
    assert not is_bundle(read().raw)
    assert [(f.name, f.content) for f in mime.files(inbound.raw)] == [(f.name, f.content) for f in (photo, letter)]
    again = FORM.read(GOOD, (photo,))
    assert isinstance(again, Inbound)
    assert len({inbound.external_id, again.external_id, read().external_id}) == 3
