"""Reads header fields of any bytes at all, quickly, without ever raising.

The standard library's modern header objects raise on several kinds of broken field (gh-134155, gh-148518,
gh-151857) and cost four times as much, so one expression cuts out the fields and only those that need it are decoded.
"""

import binascii
import codecs
import re
import unicodedata
from encodings.aliases import aliases
from functools import lru_cache
from urllib.parse import unquote

from bot.core.messages import Party

MAX_BLOCK = 1_000_000
MAX_FIELDS = 1_000
MAX_VALUE = 4_000
_MAX_IDS = 50
_MAX_ADDRESS_FIELDS = 4

Fields = list[tuple[str, str]]

# A field name, its value, and the continuation lines (RFC 5322 section 2.2.3). There is one way to match, which gives
# linear time, and no backtracking, which took 40 MB for a megabyte of continuation lines.
_FIELD = re.compile(r"^([!-9;-~]{1,100})[ \t]*+:[ \t]*+(.*+(?:\n[ \t].*+)*+)", re.MULTILINE)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_ENCODED_WORD = re.compile(r"=\?([\w.:+-]{1,60})(?:\*[\w-]{0,20})?\?([QqBb])\?([^?]*)\?=", re.ASCII)
_BETWEEN_WORDS = re.compile(r"\?=[ \t]+=\?")
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
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
# name=value, name="value", and RFC 2231's name*=, name*0=, name*0*=.
_PARAMETER = re.compile(r';\s*([\w-]+)(?:\*\d{1,2})?(\*)?\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]*))')

# Codecs that are not charsets, or whose decoders take quadratic time (idna, punycode: CVE-2022-45061).
_NO_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
# What senders mean by a name: each is a superset of the charset (as the WHATWG Encoding Standard has it).
_MEANT = {"latin_1": "cp1252", "iso8859_1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
_CHARSETS = aliases | {codec: codec for codec in aliases.values()}
# Codecs that have no alias, and names that Python does not know.
_CHARSETS |= {name: name for name in ("koi8_u", "koi8_t", "cp720", "cp737", "cp856", "cp874", "cp1006", "utf_8_sig")}
_CHARSETS |= {"cp65001": "utf_8", "utf8mb4": "utf_8", "windows_874": "cp874", "iso_8859_8_i": "iso8859_8"}


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Return the header block and the body of a message or part; a text that begins with no field is all body."""
    if raw[:1] == b"\n" or raw[:2] == b"\r\n":
        return b"", raw[raw.index(b"\n") + 1 :]
    blank_line = _BLANK_LINE.search(raw, 0, MAX_BLOCK)
    if blank_line:
        return raw[: blank_line.start() + 1], raw[blank_line.end() :]
    return raw[:MAX_BLOCK], raw[MAX_BLOCK:]


def fields(block: bytes) -> Fields:
    """Return the name (lower case) and raw value of each field, in order, at most MAX_FIELDS; skip other lines."""
    if len(block.translate(None, _CONTROLS)) != len(block):
        block = block.translate(_CONTROLS_TO_SPACES)
    pairs = []
    # Without CR the value of a field on one line needs no unfolding.
    for match in _FIELD.finditer(_text_of(block.replace(b"\r\n", b"\n"))):
        pairs.append((match[1].lower(), match[2]))
        if len(pairs) == MAX_FIELDS:
            break
    return pairs


def _text_of(block: bytes) -> str:
    try:
        return block.decode()
    except UnicodeDecodeError:
        # Line by line, so that one field in an old charset does not spoil the others.
        return "\n".join(decode(line, "") for line in block.split(b"\n"))


def tidy(value: str) -> str:
    """Return a field's value unfolded, RFC 2047 decoded, without control characters, and capped."""
    value = value[:MAX_VALUE]
    if "\n" in value or "\r" in value:
        value = _FOLD.sub(" ", value)
    if "=?" in value:
        value = _decode_words(value)
    if not value.isascii():
        value = _UNWANTED.sub(" ", value)
    return value.strip()


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
    return _UNWANTED.sub(" ", "".join(decoded))


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


def decode(octets: bytes, charset: str, *, cut: bool = False, guess: bool = False) -> str:
    """Return octets as text: by the declared charset, else UTF-8, else Windows-1252, else byte by byte.

    `cut` allows half a character at the end, because the octets were cut off. `guess` allows the last resort to
    examine what the octets resemble, which takes a millisecond: for texts, not for fields.
    """
    for name in (codec_of(charset), "utf_8", "cp1252"):
        try:
            return codecs.getincrementaldecoder(name)().decode(octets, not cut)
        except UnicodeError:
            continue
    return octets.decode(_looks_like(octets[:4_000]) if guess else "latin_1", "replace")


@lru_cache(maxsize=256)
def codec_of(charset: str) -> str:
    """Return the codec for a declared charset, or "utf_8" for an unknown one; only fixed names are looked up."""
    name = re.sub(r"[^a-z0-9]+", "_", charset.lower()).strip("_")
    codec = _CHARSETS.get(name) or _CHARSETS.get(name.removeprefix("x_"), "utf_8")
    binary_codecs = {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
    return "utf_8" if codec in _NO_CHARSETS | binary_codecs else _MEANT.get(codec, codec)


def _looks_like(sample: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 40 ms to import, and rarely needed

    best = from_bytes(sample).best()
    return best.encoding if best else "latin_1"


def addresses(values: list[str]) -> tuple[Party, ...]:
    """Return every usable address in the raw values of an address field (From, Reply-To), each once, in order.

    Common mistakes are accepted (`Doe, Jane <j@x.example>`, `j@x.example <j@x.example>`). The result does not depend
    on the version of Python, whose own `getaddresses` rejects some of these from 3.12.4 on.
    """
    by_address: dict[str, Party] = {}
    for value in values[:_MAX_ADDRESS_FIELDS]:
        for party in _parties(_FOLD.sub(" ", value[:MAX_VALUE]).strip()):
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
    return Party(unicodedata.normalize("NFC", address), tidy(name.strip(" '\"").replace("\\", "")))


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


def parameters(value: str) -> dict[str, str]:
    """Return the parameters of a Content-Type field, names in lower case; RFC 2231 pieces are joined."""
    values: dict[str, str] = {}
    for name, encoded, quoted_value, plain_value in _PARAMETER.findall(value[:MAX_VALUE]):
        piece = quoted_value.replace("\\", "") if quoted_value else plain_value
        if encoded:  # charset'language'percent-encoded; the charset does not matter for names that are only compared
            piece = unquote(piece.rpartition("'")[2])
        values[name.lower()] = values.get(name.lower(), "") + piece
    return values
