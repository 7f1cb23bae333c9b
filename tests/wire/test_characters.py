"""Text is read in the characters in which it was written, whatever its label says and however it was damaged."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.messages import Inbound
from bot.wire.mail import charsets, mime
from bot.wire.typed import line, paragraphs
from tests.thoroughness import cases

SENTENCES = {
    "cy": "Allwch chi ddweud wrthyf pryd bydd rhywun yn trwsio'r ffordd o flaen ein tŷ a'r tŵr?",
    "pl": "Dzień dobry, nie mamy gdzie spać dziś w nocy. Proszę o pomoc, jestem z małymi dziećmi.",
    "ro": "Pe strada noastră nu este lumină de trei săptămâni și nu a venit nimeni.",
    "uk": "Добрий день, нам сьогодні ніде ночувати, я з двома дітьми у центрі міста.",
    "ru": "Здравствуйте, на нашей улице три недели нет света, и никто не приехал.",
    "ar": "لا يوجد ضوء في شارعنا منذ ثلاثة أسابيع ولم يأت أحد.",
    "el": "Δεν υπάρχει φως στον δρόμο μας εδώ και τρεις εβδομάδες και δεν ήρθε κανείς.",
    "fr": "Bonjour, où dois-je m'adresser ? La lumière est cassée, et j'ai peur la nuit.",
    "bn": "আমাদের রাস্তায় তিন সপ্তাহ ধরে আলো নেই এবং কেউ আসেনি।",
    "he": "אין אור ברחוב שלנו כבר שלושה שבועות ואף אחד לא בא.",
    "ja": "私たちの通りには三週間も明かりがなく、誰も来ていません。",
    "zh": "我们街上的路灯坏了三个星期了,没有人来修。",
    "ko": "우리 거리의 가로등이 3주째 고장인데 아무도 오지 않았습니다.",
}
# In what else each is written, and under which labels.
OLDER = {
    "pl": ("iso-8859-2", "windows-1250"),
    "uk": ("windows-1251", "koi8-u"),
    "ru": ("windows-1251", "koi8-r", "iso-8859-5", "cp866"),
    "ar": ("windows-1256",),
    "el": ("windows-1253", "iso-8859-7"),
    "fr": ("iso-8859-1", "windows-1252", "iso-8859-15", "cp850"),
    "he": ("windows-1255", "iso-8859-8"),
    "ja": ("shift_jis", "euc-jp", "iso-2022-jp"),
    "zh": ("gb2312", "gbk"),
    "ko": ("euc-kr", "iso-2022-kr"),
}
PAIRS = [(language, charset) for language, several in OLDER.items() for charset in several]
LABELS = [
    *("us-ascii", "iso-8859-1", "windows-1251", "gb2312", "gb18030", "big5", "shift_jis", "euc-kr", "koi8-r", "utf-16"),
    *("utf-7", "iso-2022-jp", "hz-gb-2312", "x-unknown", "", "binary", "8bit", "idna", "rot13"),
]


def mail(body: bytes, content_type: str = "text/plain", subject: bytes = b"x", extra: bytes = b"") -> Inbound:
    """A mail of these octets, as a channel reads it."""
    head = b"From: a@b.example\nSubject: " + subject + b"\nContent-Type: " + content_type.encode() + b"\n" + extra
    return mime.read(head + b"\n" + body, channel="inbox", received_at=None)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("language", SENTENCES)
def test_valid_utf_8_wins_over_any_label(language: str, label: str) -> None:
    """Nothing else looks like it by accident."""
    assert mail(SENTENCES[language].encode(), f'text/plain; charset="{label}"').text == SENTENCES[language]


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
@pytest.mark.parametrize(("language", "charset"), PAIRS)
def test_a_declared_charset_is_believed(language: str, charset: str, kind: str) -> None:
    """In every charset that the languages of residents were written in before UTF-8."""
    text = SENTENCES[language]
    assert mail(text.encode(charset), f"{kind}; charset={charset}").text == text


@settings(max_examples=cases(50, 1_000), deadline=None)
@given(st.sampled_from(sorted(SENTENCES)), st.data())
def test_a_bad_octet_costs_one_character(language: str, data: st.DataObject) -> None:
    """It becomes a replacement sign, and the rest stays what it was."""
    text = SENTENCES[language]
    at = data.draw(st.integers(0, len(text)))
    octet = data.draw(st.sampled_from([b"\xff", b"\xa0", b"\xc3", b"\x96"]))
    read = mail(text[:at].encode() + octet + text[at:].encode(), "text/plain; charset=utf-8").text
    # An octet that begins or continues a character may take a neighbour with it.
    assert read.count("\ufffd") <= 2
    assert {*read} - {"\ufffd"} <= {*text, *"\xc3\xa0"}
    assert read.startswith(text[: max(at - 1, 0)])
    assert read.endswith(text[at + 1 :])


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1251", "gb2312", "big5", "us-ascii", "x-unknown"])
@pytest.mark.parametrize("language", ["pl", "uk", "ar", "bn", "ja", "zh"])
def test_a_bad_octet_in_mislabelled_utf_8_costs_one_character(language: str, label: str) -> None:
    """What is UTF-8 but for one octet is no other charset, either."""
    text = SENTENCES[language] * 2
    octets = text.encode() + b" \xff end"
    assert mail(octets, f"text/plain; charset={label}").text == f"{text} \ufffd end"


@pytest.mark.parametrize("language", ["pl", "uk", "ar", "bn", "ja", "zh"])
def test_a_bad_octet_in_a_raw_field_costs_one_character(language: str) -> None:
    """A subject that its sender's program cut inside a character stays readable."""
    text = SENTENCES[language]
    assert mail(b"x", "text/plain; charset=utf-8", text.encode() + b"\xc4").subject == f"{text}\ufffd"


@pytest.mark.parametrize(("language", "charset"), [pair for pair in PAIRS if pair[1] not in ("iso-2022-kr",)])
def test_a_few_errors_do_not_change_the_charset(language: str, charset: str) -> None:
    """Of the declared charset, of one octet or of several."""
    octets = (SENTENCES[language] + "\n") * 3
    read = mail(octets.encode(charset) + b"\xff \x81 end", f"text/plain; charset={charset}").text
    assert read.startswith(octets)


@pytest.mark.parametrize(
    "declaration",
    [
        '<meta http-equiv="Content-Type" content="text/html; charset={}">',
        "<meta charset={}>",
        '<META  charset = "{}" />',
        '<?xml version="1.0" encoding="{}"?>',
    ],
)
@pytest.mark.parametrize(("language", "charset"), [pair for pair in PAIRS if not pair[1].startswith("iso-2022")])
def test_html_declares_its_own_charset(language: str, charset: str, declaration: str) -> None:
    """Where the part declares none (HTML, section 4.2.5.4)."""
    html = f"{declaration.format(charset)}<html><body><p>{SENTENCES[language]}</p></body></html>"
    assert mail(html.encode(charset), "text/html").text == SENTENCES[language]


@pytest.mark.parametrize(("language", "charset"), [pair for pair in PAIRS if not pair[1].startswith("iso-2022")])
def test_a_raw_field_is_in_the_charset_of_the_body(language: str, charset: str) -> None:
    """Of the mail or of its first part that names one; a field in UTF-8 stays what it is."""
    text = SENTENCES[language]
    subject = text.encode(charset)
    extra = b"X-Other: " + "Łódź".encode() + b"\n"
    simple = mail(b"x", f"text/plain; charset={charset}", subject, extra)
    parts = f"--b\nContent-Type: text/plain; charset={charset}\n\nx\n--b--\n"
    multipart = mail(parts.encode(), "multipart/mixed; boundary=b", subject, extra)
    for message in (simple, multipart):
        assert message.subject == text
        assert message.mail is not None
        assert message.mail.first("x-other") == "Łódź"


GUESSED = [
    ("pl", "iso-8859-2"),
    ("pl", "windows-1250"),
    ("uk", "windows-1251"),
    ("uk", "koi8-u"),
    ("ar", "windows-1256"),
]
GUESSED += [("ru", "koi8-r"), ("ru", "windows-1251"), ("el", "windows-1253"), ("fr", "windows-1252"), ("zh", "gbk")]
GUESSED += [("ja", "shift_jis"), ("ja", "euc-jp"), ("ko", "euc-kr"), ("he", "windows-1255")]


@pytest.mark.parametrize("codec", ["utf_16", "utf_8_sig"])
def test_a_mark_of_byte_order_tells_the_charset(codec: str) -> None:
    """Where no field does; and it is no character of the text."""
    octets = base64.encodebytes(SENTENCES["pl"].encode(codec))
    assert mail(octets, extra=b"Content-Transfer-Encoding: base64\n").text == SENTENCES["pl"]


@pytest.mark.parametrize("label", ["", "us-ascii", "x-unknown"])
@pytest.mark.parametrize(("language", "charset"), GUESSED)
def test_an_undeclared_charset_is_guessed(language: str, charset: str, label: str) -> None:
    """By the whole text, however far down it stops being ASCII."""
    text = "Hello,\n" * 900 + SENTENCES[language]
    assert mail(text.encode(charset), f"text/plain; charset={label}" if label else "text/plain").text == text


@pytest.mark.parametrize(
    "text", ["It cost me £80.", "I can’t pay – help", "Café", "Mitt träd, vägen", "Größe", "señor"]
)
def test_a_few_western_letters_are_windows_1252(text: str) -> None:
    """Too few for a guess, and what most old mail to a council is in."""
    assert mail(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("euc-kr", "cp949", "똠방각하"),
        ("gb2312", "gb18030", "朱镕基"),
        ("shift_jis", "cp932", "①㈱髙"),
        ("windows-31j", "cp932", "①㈱髙"),
        ("csWindows31J", "cp932", "①"),
        ("x-sjis", "cp932", "日本"),
        ("iso-8859-1", "cp1252", "“I can’t” – €20"),
        ("us-ascii", "cp1252", "“I can’t” – €20"),
        ("iso-8859-9", "cp1254", "€20 ışık"),
        ("tis-620", "cp874", "ไฟถนน…"),
        ("cp-850", "cp850", "où"),
        ("IBM850", "cp850", "où"),
        ("dos-866", "cp866", "свет"),
        ("win-1251", "cp1251", "свет"),
        ("x-cp1251", "cp1251", "свет"),
        ("windows-cp1251", "cp1251", "свет"),
        ("koi8-r", "koi8_u", "світло є"),
        ("cn-gb", "gbk", "路灯"),
        ("x-gbk", "gbk", "路灯"),
        ("big5", "cp950", "路燈"),
        ("big5-hkscs", "big5hkscs", "㗎"),
        ("x-euc-jp", "euc_jp", "日本"),
        ("unicode-1-1-utf-7", "utf_7", "où"),
        ("x-mac-cyrillic", "mac_cyrillic", "свет"),
        ("macintosh", "mac_roman", "où"),
        ("ISO_8859-2:1987", "iso8859_2", "światło"),
        ("latin2", "iso8859_2", "światło"),
        ("utf-16le", "utf_16_le", "światło"),
        ("UTF-16", "utf_16", "światło"),
    ],
)
def test_a_label_means_the_widest_charset_of_that_name(label: str, codec: str, text: str) -> None:
    """As the WHATWG Encoding Standard has it, and as programs spell it."""
    sentence = f"{text} {text} {text}"
    assert mail(sentence.encode(codec), f"text/plain; charset={label}").text == sentence


@pytest.mark.parametrize("cell", range(1, 95))
def test_iso_2022_jp_has_the_signs_of_vendors(cell: int) -> None:
    """Row 13 of JIS X 0208, which is free in the standard and full in every Japanese mail program."""
    pair = bytes((0x2D, 0x20 + cell))
    expected = b"".join((b"\x87", bytes([cell + (0x3F if cell < 0x40 else 0x40)]))).decode("cp932", "replace")
    octets = b"\x1b$B%F" + pair + b"\x1b(B ok\n\x1b(I1\x1b(B"
    assert mail(octets, "text/plain; charset=iso-2022-jp").text == f"テ{expected} ok\nｱ"


@pytest.mark.parametrize(
    "label",
    ["idna", "punycode", "undefined", "unicode_escape", "mbcs", "rot13", "hex", "zip", "x-user-defined", "é", "?"],
)
def test_a_label_that_is_no_charset_harms_nothing(label: str) -> None:
    """Codecs that are none are never asked."""
    assert charsets.codec_of(label) == ""
    assert charsets.decode(b"caf\xe9", label) == "café"


OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("sign", OVERRIDES)
def test_nothing_changes_the_direction_of_what_is_displayed(sign: str) -> None:
    """Not in the subject, a name, an address, a file's name or the text; of mail and of forms."""
    hidden = f"exe.{sign}gnp"
    octets = hidden.encode()
    body = (
        b"--b\n\n"
        + octets
        + b"\n--b\nContent-Type: image/png; name="
        + octets
        + b"\nContent-Disposition: attachment\n\n"
        b"x\n--b\nContent-Type: image/png\nContent-Disposition: attachment; filename*=utf-8''"
        + "".join(f"%{octet:02x}" for octet in octets).encode()
        + b"\n\nx\n--b--\n"
    )
    for subject in (octets, b"=?utf-8?q?" + "".join(f"={octet:02X}" for octet in octets).encode() + b"?="):
        raw = b"From: " + octets + b" <a@b.example>\nSubject: " + subject
        raw += b"\nContent-Type: multipart/mixed; boundary=b\n\n" + body
        message = mime.read(raw, channel="inbox", received_at=None)
        assert message.sender is not None
        shown = [message.subject, message.text.strip(), message.sender.name, line(hidden), paragraphs(hidden)]
        shown += [file.name for file in mime.attachments(raw)]
        assert shown == ["exe.gnp"] * 7


def test_marks_of_direction_stay_in_texts() -> None:
    """Persian and Hebrew need them between their letters and ours; names do not."""
    assert mail("\u200fשלום\u200e".encode(), "text/plain; charset=utf-8").text == "\u200fשלום\u200e"
    assert paragraphs("\u200fשלום\u200e") == "\u200fשלום\u200e"
    assert line("\u200fשלום\u200e") == "שלום"
