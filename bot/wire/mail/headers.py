"""Reads header fields of any bytes at all, quickly, without ever raising.

The standard library's modern header objects raise on several kinds of broken field (gh-134155, gh-148518,
gh-151857) and cost four times as much, so one expression cuts out the fields and only those that need it are decoded.
"""

import binascii
import re
import unicodedata

from bot.core.messages import Party
from bot.wire.directions import DIRECTIONS, DIRECTIONS_IN_NAMES

MAX_BLOCK = 1_000_000
MAX_FIELDS = 1_000
MAX_VALUE = 4_000
_MAX_IDS = 50
_MAX_ADDRESS_FIELDS = 4

Fields = list[tuple[str, str]]

# Some programs forget to indent the parameter on the next line.
_PARAMETER_LINE = r"(?i:boundary|charset|name|filename)[ \t]*="
# A field name, its value, and the continuation lines (RFC 5322 section 2.2.3). There is one way to match, which gives
# linear time, and no backtracking, which took 40 MB for a megabyte of continuation lines.
_FIELD = re.compile(rf"^([!-9;-~]{{1,100}})[ \t]*+:[ \t]*+(.*+(?:\n(?:[ \t]|{_PARAMETER_LINE}).*+)*+)", re.MULTILINE)
# The line end before the first line that is neither field nor continuation: an empty one, or one without which a mail
# was sent. The standard library ends the header there, too. "From " is a line of mbox.
_HEADER_LINE = rb"(?:[!-9;-~]{0,100}+[ \t]*+:|[ \t]|>?From |" + _PARAMETER_LINE.encode() + rb")"
_END_OF_HEADER = re.compile(rb"\n(?!" + _HEADER_LINE + rb")")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIRST_LINE = re.compile(rb"(?:[!-9;-~]{0,100}+[ \t]*+:|>?From |[ \t]+\S)")
_CHARSET_NAME = re.compile(rb"\bcharset\s*=\s*[\"']?([\w.:+-]{2,40})", re.IGNORECASE)
_MOST_SEARCHED = 50_000
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_ENCODED_WORD = re.compile(r"=\?([\w.:+-]{1,60})(?:\*[\w-]{0,20})?\?([QqBb])\?([^?]*)\?=", re.ASCII)
_BETWEEN_WORDS = re.compile(r"\?=[ \t]+=\?")
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"
_CONTROLS_TO_SPACES = bytes.maketrans(_CONTROLS, b" " * len(_CONTROLS))
_ONE_ADDRESS = re.compile(r'(?:"?([^"<>@,;:()\\]*)"?<)?([^\s<>()\[\],;:\\"@]+@[^\s<>()\[\],;:\\"@]+)>?')
_SPEC = r'(?:[^\s<>()\[\],;:\\"@]+|"[^"\\\r\n]+")@(?:[^\s<>()\[\],;:\\"@]+|\[[\w.:]+\])'
_ADDRESS = re.compile(_SPEC)
_ANGLED = re.compile(rf"<\s*(?:mailto:)?({_SPEC})\s*(?:>|$)", re.IGNORECASE)
_QUOTED_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*+"(?!@)|\([^()]*\)')
_LIST_SEPARATOR = re.compile(r"[,;]")
_NO_ADDRESS = re.compile(r"[\s,;<>()\"']+")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
# name=value and name="value"; what has a star is RFC 2231, which is read elsewhere.
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]*))')
_TYPE = re.compile(r"\s*([\w!#$&^.+-]+/[\w!#$&^.+-]+)\s*(?:;|$)", re.ASCII)
# A line of base64 that is no line of it, such as one of four letters, may belong to either.
_BASE64_LINES = re.compile(rb"(?:[A-Za-z0-9+/]*+={0,2}[ \t]*+\r?\n)*+")
_ENCODING = re.compile(r"[\w-]+", re.ASCII)
# Names of charsets under which octets that are valid UTF-8 need no second look.
_PLAIN_CHARSETS = frozenset({"", "utf-8", "us-ascii", "utf8", "ascii"})


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Return the header block and the body of a message or part; a text that begins with no field is all body."""
    if raw[:1] == b"\n" or raw[:2] == b"\r\n":
        return b"", raw[raw.index(b"\n") + 1 :]
    if not _FIRST_LINE.match(raw):
        return b"", raw
    end = _END_OF_HEADER.search(raw, 0, MAX_BLOCK)
    if end is None:
        return raw[:MAX_BLOCK], raw[MAX_BLOCK:]
    start = end.end()
    # An empty line belongs to neither; any other line is the first of the body.
    blank = 1 if raw.startswith(b"\n", start) else 2 if raw.startswith(b"\r\n", start) else 0
    return raw[:start], raw[start + blank :]


def of_mail(source: bytes) -> tuple[Fields, bytes]:
    """Return the fields and the body of a mail.

    Where no author stands above a line that is no field, it is taken for damage in the header: nobody would be
    answered.
    """
    block, body = split(source)
    pairs = fields(block, body)
    if "from" not in dict(pairs) and (blank_line := _BLANK_LINE.search(source, 0, MAX_BLOCK)):
        block, rest = source[: blank_line.start() + 1], source[blank_line.end() :]
        longer = fields(block, rest)
        if any(name == "from" for name, _ in longer):
            return longer, rest
    return pairs, body if pairs else source


def fields(block: bytes, body: bytes = b"") -> Fields:
    """Return the name (lower case) and raw value of each field, in order, at most MAX_FIELDS; skip other lines.

    Octets that are not UTF-8 are taken for the charset that the block declares, or else the `body` in its parts.
    """
    if len(block.translate(None, _CONTROLS)) != len(block):
        block = block.translate(_CONTROLS_TO_SPACES)
    pairs = []
    # Without CR the value of a field on one line needs no unfolding.
    for match in _FIELD.finditer(_text_of(block.replace(b"\r\n", b"\n"), body)):
        pairs.append((match[1].lower(), match[2]))
        if len(pairs) == MAX_FIELDS:
            break
    return pairs


def _text_of(block: bytes, body: bytes) -> str:
    try:
        return block.decode()
    except UnicodeDecodeError:
        from bot.wire.mail import charsets  # noqa: PLC0415 - only mail against the standards needs it

        match = _CHARSET_NAME.search(block) or _CHARSET_NAME.search(body, 0, _MOST_SEARCHED)
        return charsets.decode_lines(block, match[1].decode() if match else "", body)


def tidy(value: str) -> str:
    """Return a field's value unfolded, RFC 2047 decoded, without control characters, and capped."""
    value = value[:MAX_VALUE]
    if "\r" in value:
        value = _FOLD.sub(" ", value)
    elif "\n" in value:
        value = " ".join([line.lstrip(" \t") for line in value.split("\n")])
    if "=?" in value:
        value = _decode_words(value)
    if not value.isascii() and _HARMFUL.search(value):
        value = _harmless(value)
    return value.strip()


def _harmless(value: str) -> str:
    return _UNWANTED.sub(" ", DIRECTIONS.sub("", value))


def _decode_words(value: str) -> str:
    value = _BETWEEN_WORDS.sub("?==?", value)
    decoded, end, pending, charset = [], 0, b"", ""
    for word in _ENCODED_WORD.finditer(value):
        if word.start() != end or word[1].lower() != charset:
            # Neighbours in one charset are joined before decoding: some senders split a character between them.
            decoded.append(decode(pending, charset))
            decoded.append(value[end : word.start()])
            pending = b""
        pending, charset, end = pending + _word_bytes(word[2], word[3]), word[1].lower(), word.end()
    decoded += decode(pending, charset), value[end:]
    text = "".join(decoded)
    return _harmless(text) if _HARMFUL.search(text) else text


def _word_bytes(encoding: str, content: str) -> bytes:
    packed = content.encode("ascii", "replace")
    return from_base64(packed) if encoding in "bB" else binascii.a2b_qp(packed, header=True)


def from_base64(packed: bytes) -> bytes:
    """Decode Base64 as far as possible; skip anything else."""
    try:
        return binascii.a2b_base64(packed)
    except binascii.Error:
        alphabet_only = re.sub(rb"[^A-Za-z0-9+/]", b"", packed)
        return binascii.a2b_base64(
            alphabet_only[: len(alphabet_only) // 4 * 4] + _last_quantum(alphabet_only[len(alphabet_only) // 4 * 4 :])
        )


def _last_quantum(rest: bytes) -> bytes:
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def transfer_decoded(octets: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding (RFC 2045 section 6) as far as possible; what has none stays as it is."""
    if encoding == "base64":
        # Between the lines of base64 there is no other white space than their ends: a list has added its footer.
        return _with_footer(octets) if b" " in octets else from_base64(octets)
    return binascii.a2b_qp(octets) if encoding == "quoted-printable" else octets


def _with_footer(octets: bytes) -> bytes:
    match = _BASE64_LINES.match(octets)
    end = match.end() if match else 0
    footer = octets[end:].strip()
    if not footer or len(octets[:end].translate(None, b" \t\r\n")) % 4:
        return from_base64(octets)
    return from_base64(octets[:end]) + b"\n" + footer


def decode(octets: bytes, charset: str, *, cut: bool = False, markup: bool = False) -> str:
    """Return octets as text, by the rules of `charsets.decode`, which nearly all mail needs none of."""
    if charset.lower() in _PLAIN_CHARSETS:
        try:
            return octets.decode()
        except UnicodeDecodeError:
            pass
    from bot.wire.mail import charsets  # noqa: PLC0415 - the tables of charsets are for other mail

    return charsets.decode(octets, charset, cut=cut, markup=markup)


def addresses(values: list[str]) -> tuple[Party, ...]:
    """Return every usable address in the raw values of an address field (From, Reply-To), each once, in order.

    Common mistakes are accepted (`Doe, Jane <j@x.example>`, `j@x.example <j@x.example>`). The result does not depend
    on the version of Python, whose own `getaddresses` rejects some of these from 3.12.4 on.
    """
    by_address: dict[str, Party] = {}
    for value in values[:_MAX_ADDRESS_FIELDS]:
        line = _FOLD.sub(" ", value[:MAX_VALUE]).strip()
        for party in _parties(line if line.isascii() else DIRECTIONS_IN_NAMES.sub("", line)):
            by_address.setdefault(party.address.lower(), party)
    return tuple(by_address.values())


def _parties(value: str) -> list[Party]:
    plain = _ONE_ADDRESS.fullmatch(value)
    if plain:
        return [_party(plain[2], plain[1] or "")]
    # Addresses are extracted before RFC 2047 is decoded: an encoded name must not add one (section 5 rule 3).
    return _listed_parties(value) or (_listed_parties(tidy(value)) if "=?" in value else [])


def _listed_parties(value: str) -> list[Party]:
    outside = _QUOTED_OR_COMMENT.sub(" ", value)
    angled = _ANGLED.findall(outside)
    # The text directly before an angled address is a name, even if it looks like an address.
    bare = [piece.strip(" '") for piece in _LIST_SEPARATOR.split(_ANGLED.sub("<>", outside))]
    candidates = angled + [piece for piece in bare if _ADDRESS.fullmatch(piece)]
    if not candidates:
        candidates = [word for word in _NO_ADDRESS.split(outside) if _ADDRESS.fullmatch(word)]
    name = value.partition("<")[0] if len(candidates) == len(angled) == 1 else ""
    return [_party(address, name) for address in candidates]


def _party(address: str, name: str) -> Party:
    if address.startswith("'") and address.endswith("'"):  # as older versions of Outlook wrote it
        address = address[1:-1]
    address = address.rstrip(".")  # the root of the DNS, which no address ends with (RFC 5321 section 2.3.5)
    name = tidy(name.strip(" '\"").replace("\\", ""))
    name = name if name.isascii() else DIRECTIONS_IN_NAMES.sub("", name)
    return Party(unicodedata.normalize("NFC", address), name)


def path(value: str) -> str | None:
    """Return the address of a Return-Path field: "" for the null path `<>`, None for anything that is not a path."""
    value = value.strip().removeprefix("<").removesuffix(">").strip()
    if not value or _ADDRESS.fullmatch(value):
        return unicodedata.normalize("NFC", value.rstrip("."))
    return None


def message_ids(values: list[str]) -> tuple[str, ...]:
    """Return the message ids of In-Reply-To or References fields, in order; of a long list, the first and the last."""
    ids = [i for value in values[:_MAX_IDS] for i in _MESSAGE_ID.findall(value[-16_000:])]
    return tuple(ids if len(ids) <= _MAX_IDS else ids[:1] + ids[1 - _MAX_IDS :])


def message_id(value: str) -> str:
    """Return a Message-ID with its angle brackets, or "" where there is no usable one."""
    value = _FOLD.sub(" ", value[:MAX_VALUE]).strip()
    match = re.search(r"<[^<>]+>", value)
    value = match[0] if match else f"<{value}>" if value.strip("<> ") else ""
    return value if len(value) <= 998 else ""


def content_type(value: str, usual: str = "text/plain") -> tuple[str, dict[str, str]]:
    """Return the type in lower case, and its parameters. What cannot be parsed means plain text (RFC 2045 5.2)."""
    match = _TYPE.match(value[:MAX_VALUE])
    return (match[1].lower() if match else usual), parameters(value) if ";" in value else {}


def encoding_of(value: str) -> str:
    """Return the name of a Content-Transfer-Encoding in lower case, without comments and quotation marks."""
    match = _ENCODING.search(value) if value else None
    return match[0].lower() if match else ""


def parameters(value: str) -> dict[str, str]:
    """Return the parameters of a Content-Type field, names in lower case; of one that is there twice, the first."""
    if "*" in value:
        from bot.wire.mail import parameters as extended  # noqa: PLC0415 - RFC 2231 is rare

        return extended.read(value[:MAX_VALUE])
    values: dict[str, str] = {}
    for name, quoted_value, plain_value in _PARAMETER.findall(value[:MAX_VALUE]):
        values.setdefault(name.lower(), quoted_value.replace("\\", "") if quoted_value else plain_value)
    return values
