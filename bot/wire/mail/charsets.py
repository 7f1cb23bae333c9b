"""Turns octets into text by what senders declare, what they mean by it, and what the octets say themselves.

In this order: octets that are valid UTF-8 are UTF-8, whatever the label (other charsets give such sequences by accident
only); the declared charset, a few errors becoming replacement signs; the charset that HTML declares in its text; what
the octets resemble; Windows-1252.
"""

import codecs
import re
from collections.abc import Iterator
from encodings.aliases import aliases
from functools import lru_cache

_SIGN = "\ufffd"
# Codecs that are not charsets, or whose decoders take quadratic time (idna, punycode: CVE-2022-45061).
_NO_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"} | {
    f"{name}_codec" for name in ("base64", "bz2", "hex", "quopri", "uu", "zlib")
}
_NO_CHARSETS |= {"rot_13"}
# What senders mean by a name: each is a superset of the charset (as the WHATWG Encoding Standard has it). Ukrainian
# is often labelled KOI8-R; the two differ in signs of eight boxes.
_MEANT = {
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "ksc5601": "cp949",
    "koi8_r": "koi8_u",
    "ascii": "",
}
_CHARSETS = aliases | {codec: codec for codec in aliases.values()}
# Codecs that have no alias, and names that Python does not know.
_CHARSETS |= {name: name for name in ("koi8_u", "koi8_t", "cp720", "cp737", "cp856", "cp874", "cp1006", "utf_8_sig")}
_CHARSETS |= {
    "utf8mb4": "utf_8",
    "unicode_1_1_utf_8": "utf_8",
    "unicode_1_1_utf_7": "utf_7",
    "unicode_2_0_utf_7": "utf_7",
    "iso_10646_ucs_2": "utf_16",
    "ucs_2": "utf_16",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "logical": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_6_e": "iso8859_6",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601_1989": "cp949",
    "ks_c_5601": "cp949",
    "korean": "cp949",
    "windows_31j": "cp932",
    "cswindows31j": "cp932",
    "ms_kanji": "cp932",
    "sjis": "cp932",
    "cn_gb": "gb18030",
    "cn_big5": "cp950",
    "hz_gb_2312": "hz",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp50222": "iso2022_jp",
    "cp51932": "euc_jp",
    "cp51949": "cp949",
    "cp936": "gb18030",
    "cp28591": "cp1252",
    "cp20866": "koi8_u",
    "cp21866": "koi8_u",
    "cp65001": "utf_8",
    "cp20127": "ascii",
    "macintosh": "mac_roman",
    "koi8_ru": "koi8_u",
    "koi8": "koi8_u",
}
# windows-1250, win1251, cp-850, ibm866, dos-866, x-cp1252, windows-cp1251, ms949.
_NUMBERED = re.compile(r"(?:windows|win|cp|ibm|dos|ms|microsoft)_?(?:cp_?|codepage_?)?(\d{3,5})")
# Escapes, shifts or pairs of octets: what is ASCII, or valid UTF-8, may say something else.
_STATEFUL = ("iso2022", "utf_7", "hz", "utf_16", "utf_32")
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_FEWEST_SEQUENCES, _ASCII = 10, bytes(range(128))
_WIDER = {"euc_jp": "euc_jis_2004", "cp950": "big5hkscs"}
_META = re.compile(
    rb"<(?:meta\b[^>]{0,200}?\bcharset|\?xml\b[^>]{0,100}?\bencoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE
)
_MOST_OF_MARKUP = 4_000
_MOST_TO_GUESS_BY = 4_000
# Guessed only out of these, by whether most of the letters are ASCII.
_LATIN = ["cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257"]
_OTHERS = ["cp1251", "koi8_u", "cp1253", "cp1255", "cp1256", "gb18030", "cp950", "cp932", "euc_jp", "cp949", "cp874"]
_OTHERS += ["cp866", "iso8859_5"]
# In Windows-1252: quotation marks, dashes, the signs of money, a degree and a dot.
_ASCII_OR_PUNCTUATION = bytes(range(128)) + b"\x80\x82\x84\x85\x91\x92\x93\x94\x95\x96\x97\xa0\xa3\xab\xb0\xb7\xbb"
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
# Signs in the middle of words, which the languages of Western Europe have none of: Polish, Romanian, Turkish.
_ODD_IN_WORDS = re.compile(
    rb"[a-z][\x9f\xaa\xb1\xb3\xb6\xb9\xba\xbc\xbe\xbf]|[\xb1\xb3\xb6\xb9\xbc\xbe\xbf][a-z]|\x9c(?![ui])"
)
# Letters of Czech and Turkish, of which no language of Western Europe has two.
_EASTERN = frozenset(b"\xec\xf0\xf8\xfd\xfe")
_GREEK = frozenset((*range(0xC0, 0xE0), *range(0xFB, 0x100)))
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
# ISO 8859-2 and Windows-1250 differ in few letters: those of Polish, and of Czech where there are none of Polish.
_POLISH_IN_ISO = frozenset(b"\xa1\xa6\xac\xb1\xb6\xbc")
_CZECH_IN_ISO, _POLISH = frozenset(b"\xb9\xbe"), frozenset(b"\xb3\xea")


def decode(octets: bytes, charset: str, *, cut: bool = False, markup: bool = False) -> str:
    """Return octets as text. `cut` allows half a character at the end, because the octets were cut off.

    `markup`: the text may declare its own charset, as HTML does.
    """
    declared = codec_of(charset) or ("utf_16" if octets.startswith(_MARKS) else "")
    if declared.startswith(_STATEFUL) and not _is_utf_8(octets, declared):
        return _stateful(octets, declared, cut=cut)
    text = _strict(octets, "utf_8", cut=cut)
    if text is not None:
        return text if not octets.isascii() else _strict(octets, declared or "ascii", cut=cut) or text
    for codec in _candidates(octets, declared, markup=markup):
        text = _with_few_errors(octets, codec, cut=cut)
        if text is not None:
            return text
    guess = _resembles(octets)
    return codecs.getincrementaldecoder(guess)("replace").decode(octets, not cut)


def _candidates(octets: bytes, declared: str, *, markup: bool) -> Iterator[str]:
    if _is_nearly_utf_8(octets[:_MOST_TO_GUESS_BY]):
        yield "utf_8"
    if declared:
        yield declared
    meta = _META.search(octets, 0, _MOST_OF_MARKUP) if markup else None
    in_markup = codec_of(meta[1].decode()) if meta else ""
    # A text that is read as octets cannot be in one of those (HTML, "prescan a byte stream").
    if in_markup and not in_markup.startswith(_STATEFUL):
        yield in_markup
    if not declared:
        yield "utf_8"


def _is_nearly_utf_8(sample: bytes) -> bool:
    """Tell whether nearly all that is not ASCII is UTF-8: no other charset gives ten such sequences by accident."""
    if len(_SEQUENCE.findall(sample.translate(None, _ASCII))) < _FEWEST_SEQUENCES:
        return False
    remainder, count = _SEQUENCE.subn(b"", sample)
    return count >= _FEWEST_SEQUENCES and (len(remainder) - len(remainder.decode("ascii", "ignore"))) * 10 <= count


def decode_lines(block: bytes, charset: str, body: bytes) -> str:
    """Return the lines of a header, each decoded for itself: one in an old charset does not spoil the others.

    Where no charset is declared, the octets of the `body` help to tell.
    """
    declared = codec_of(charset)
    lines = block.split(b"\n")
    foreign = [line for line in lines if not line.isascii() and _strict(line, "utf_8", cut=False) is None]
    codec = declared if declared not in {"", "utf_8"} and not declared.startswith(_STATEFUL) else ""
    if not codec:
        text = body[:_MOST_TO_GUESS_BY]
        codec = _resembles(b"\n".join(foreign if _strict(text, "utf_8", cut=True) is not None else [*foreign, text]))
        return "\n".join(_undeclared_line(line, codec) for line in lines)
    return "\n".join(decode(line, codec) for line in lines)


def _undeclared_line(line: bytes, guess: str) -> str:
    text = _with_few_errors(line, "utf_8", cut=False)
    return decode(line, guess) if text is None else text


@lru_cache(maxsize=256)
def codec_of(charset: str) -> str:
    """Return the codec for a declared charset, "" for none or an unknown one; only fixed names are looked up."""
    name = re.sub(r"[^a-z0-9]+", "_", charset.lower()).strip("_").removeprefix("x_")
    number = _NUMBERED.fullmatch(name)
    codec = _CHARSETS.get(name) or (_CHARSETS.get(f"cp{number[1]}", "") if number else "")
    codec = "" if codec in _NO_CHARSETS else codec
    return _MEANT.get(codec, codec)


def _is_utf_8(octets: bytes, declared: str) -> bool:
    """Tell whether a text that is declared as stateful is UTF-8 in truth: it has other characters, and no escapes."""
    if declared.startswith(("utf_16", "utf_32")):
        return b"\0" not in octets and _strict(octets, "utf_8", cut=True) is not None
    return not octets.isascii() and b"\x1b" not in octets and _strict(octets, "utf_8", cut=True) is not None


def _strict(octets: bytes, codec: str, *, cut: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(codec)().decode(octets, not cut)
    except UnicodeError:
        return None


def _stateful(octets: bytes, codec: str, *, cut: bool) -> str:
    text = _strict(octets, codec, cut=cut)
    if text is None and codec.startswith("iso2022_jp"):
        text = _strict(octets, "iso2022_jp_ext", cut=cut) or _vendors_iso_2022_jp(octets)
    return codecs.decode(octets, codec, "replace") if text is None else text


def _with_few_errors(octets: bytes, codec: str, *, cut: bool) -> str | None:
    """Return the text unless it has more errors than characters that this charset makes sense of."""
    for name in (codec, _WIDER.get(codec, codec)):
        text = _strict(octets, name, cut=cut)
        if text is not None:
            return text
    text = codecs.getincrementaldecoder(codec)("replace").decode(octets, not cut)
    errors = text.count(_SIGN)
    characters = len(text) - len(text.encode("ascii", "ignore")) - errors
    return text if errors <= characters else None


# The character sets of ISO-2022-JP as programs of Microsoft write it: also signs of vendors, in the rows that are free
# in JIS X 0208, and katakana of half width. Windows-31J has the same rows (WHATWG Encoding Standard, section 12.2).
_ESCAPE = re.compile(rb"\x1b(\$@|\$B|\(B|\(J|\(I|\$\(D)")


def _vendors_iso_2022_jp(octets: bytes) -> str:
    pieces, text, designated = _ESCAPE.split(octets), list[str](), b"(B"
    for number, piece in enumerate(pieces):
        if number % 2:
            designated = piece
        elif designated == b"(I":
            text.append(bytes(octet | 0x80 for octet in piece).decode("cp932", "replace"))
        elif designated in {b"$@", b"$B"}:
            text.append(_shifted(piece).decode("cp932", "replace"))
        else:
            text.append(piece.decode("ascii", "replace"))
    return "".join(text)


def _shifted(pairs: bytes) -> bytes:
    """Return rows and cells of JIS X 0208 in Shift_JIS; what is no pair, such as a line end, as it is."""
    shifted, at = bytearray(), 0
    while at < len(pairs):
        row, cell = pairs[at], pairs[at + 1] if at + 1 < len(pairs) else 0
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            shifted.append(row)
            at += 1
            continue
        lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
        trail = cell + (0x1F if cell < 0x60 else 0x20) if row % 2 else cell + 0x7E
        shifted += bytes((lead, trail))
        at += 2
    return bytes(shifted)


def _resembles(octets: bytes) -> str:
    """Return the codec of the charset that the octets resemble, Windows-1252 where nothing can be told."""
    sample = b"\n".join([line for line in octets.split(b"\n") if not line.isascii()])[:_MOST_TO_GUESS_BY]
    others = len(sample.translate(None, _ASCII_OR_PUNCTUATION))
    if others <= len(_ASCII_LETTER.findall(sample)):
        return _latin(sample)
    codec = _best(sample, _OTHERS)
    # Cyrillic letters of KOI8 look like katakana of half width, which nobody writes any more.
    if codec == "cp932" and len(_HALF_WIDTH.findall(sample.decode("cp932", "replace"))) * 3 > others:
        codec = _best(sample, [name for name in _OTHERS if name != codec])
    # Hebrew has neither capitals nor accents, without which nobody writes Greek.
    if codec == "cp1253" and not _GREEK.intersection(sample):
        return "cp1255"
    # Every other sign of Japanese is of the row of hiragana, which Korean and Chinese do not use.
    is_japanese = codec in {"cp949", "gb18030"} and sample.count(b"\xa4") * 6 >= others
    return "euc_jp" if is_japanese else codec


def _latin(sample: bytes) -> str:
    """Return the codec of a text whose letters are mostly those of ASCII."""
    if len(_EASTERN.intersection(sample)) < 2 and not _ODD_IN_WORDS.search(sample):
        return "cp1252"
    codec = _best(sample, _LATIN)
    return "iso8859_2" if codec == "cp1250" and _is_iso_8859_2(frozenset(sample)) else codec


def _best(sample: bytes, candidates: list[str]) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 40 ms to import, and rarely needed

    best = from_bytes(sample, cp_isolation=candidates).best()
    return best.encoding if best and best.encoding in candidates else "cp1252"


def _is_iso_8859_2(octets: frozenset[int]) -> bool:
    if any(0x80 <= octet < 0xA0 for octet in octets):
        return False
    return bool(octets & _POLISH_IN_ISO) or (bool(octets & _CZECH_IN_ISO) and not octets & _POLISH)
