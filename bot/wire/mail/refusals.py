"""Whose fault a mail server's refusal is: ours, the recipient's or nobody's, by its code and its words.

MAIL is answered about us, RCPT and the content mostly about the recipient. An enhanced status code (RFC 3463) says
more, and is asked before the words: 5.1.1 is about the recipient, whatever words of another server it quotes. What is
left is a policy (5.7.1) without a reason: it may be about either, and whoever sends sees whether others get through.
"""

import re
from typing import Literal

from bot.channel import ChannelError, Misconfigured, Permanent, Temporary
from bot.wire.refusals import Doubtful, Full

# The subject of the command that the server answered.
About = Literal["connection", "sender", "recipient", "content"]

_LIKE_AN_ADDRESS = re.compile(r'[<("\']*(?:"[^"]*"|[^\s<>"]*)(?:@|%40)[^\s<>]*[>)"\']*')
_READ_LENGTH, _SHOWN_LENGTH = 1_000, 200

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
# About this mail: the recipient's address, mailbox or domain (RFC 3463 sections 3.2 to 3.5; 5.1.10 is a null MX by RFC
# 7505, and nobody at Exchange), its length, or that only some may write there (5.7.2, 5.7.17, 5.7.1xx at Exchange).
_THEIRS = re.compile(r"5\.(?:1\.(?:[1-69]|10)|2\.[0134]|3\.4|4\.[14]|7\.(?:2|1[78]|1\d\d))")
# About us. 5.1.7 and 5.1.8: the sender's address; 5.1.90 and 5.4.5: the quota of a day at Exchange and at Google;
# 5.2.252: "send as" at Exchange; 5.7.3 to 5.7.14: sign-in and TLS (RFC 4954, RFC 5248); 5.7.20 to 5.7.29: DKIM, SPF
# and the name of our machine (RFC 7372, Google); 5.7.57, 5.7.60 and 5.7.64: whom Exchange lets send; 5.7.5xx to
# 5.7.7xx: our domain, tenant or machine is banned.
_OURS = re.compile(r"5\.(?:1\.(?:7|8|90)|2\.252|4\.5|7\.(?:[389]|1[0-4]|2\d|57|60|64|[567]\d\d))")
_TOO_LONG = frozenset({"", "5.2.3", "5.3.4"})
_OUR_CODES = frozenset({530, 534, 535, 538})
_POLICY = re.compile(r"5\.7\.")

_SENDING = r"(?:rate|send(?:ing|er)?|submission|daily|hourly)"
_OUR_WORDS = re.compile(
    r"\b(?:block|black|deny)[ -]?list|\b(?:spamhaus|spamcop|barracuda|dnsbl|rbl|spf|dkim|dmarc|reputation)\b"
    rf"|\b{_SENDING}[ -](?:\w+[ -]){{0,2}}(?:limit|quota)|\btoo many (?:messages|e?-?mails)\b"
    r"|\b(?:not|un) ?(?:authori[sz]ed|allowed|permitted) to (?:send|submit|relay)|\bsend ?as|\brelay(?:ing)?\b(?![.-])"
    r"|\bsender(?:'s)? (?:(?:address|domain|verify|id|is) ){0,2}(?:reject|refus|den|fail|block|suspend|disabl|not )"
    r"|\b(?:submission|sending) (?:\w+ ){0,2}(?:denied|disabled|suspended|blocked|not allowed)"
    r"|\bauthentication (?:is )?(?:required|needed)|\bunauthenticated|\byour account|\bverified sender"
    r"|\baddress is not verified|\b(?:client|your) (?:ip|host|server|network)\b",
    re.IGNORECASE,
)
_OUR_QUOTA = re.compile(rf"\b{_SENDING}[ -](?:\w+[ -]){{0,2}}(?:limit|quota)", re.IGNORECASE)
_FULL_WORDS = re.compile(
    r"\b(?:mail ?box|inbox|storage|disk) ?(?:is |has )?(?:full|quota|exceeded)|\bover ?quota|\bquota exceeded"
    r"|\bexceeded (?:its |the |their )?(?:storage|mailbox|disk)",
    re.IGNORECASE,
)
_THEIR_WORDS = re.compile(
    r"\b(?:user|recipient|mailbox|account|address) (?:is |was )?(?:unknown|not found|does not exist|disabled|inactive)"
    r"|\bno such\b|\b(?:unknown|invalid) (?:user|recipient|mailbox|address)|\bto receive\b|\bonly accepts\b"
    r"|\brecipient (?:address )?(?:rejected|refused|denied|not)\b|\brestricted (?:recipient|group)",
    re.IGNORECASE,
)
# Of a server that gives no status.
_POLICY_WORDS = re.compile(r"\b(?:policy|spam|blocked|banned|denied|unsolicited)\b", re.IGNORECASE)


def refusal(about: About, code: int, text: str, recipient: str) -> ChannelError:
    """Return what an answer other than success means; it is quoted without any address."""
    return _kind(about, code, text[:_READ_LENGTH])(f"{code} {_anonymous(text, recipient)} (about the {about})")


def _kind(about: About, code: int, text: str) -> type[ChannelError]:
    """Return whose fault it is."""
    if not 500 <= code <= 599:
        return Temporary
    match = _ENHANCED.match(text)
    status = match[0].strip() if match else ""
    if about == "sender" and code == 552 and status in _TOO_LONG:
        return Permanent  # the message is too long for this server (RFC 1870 section 6.1)
    if about in ("connection", "sender") or code in _OUR_CODES or _OURS.fullmatch(status):
        return Misconfigured
    if _THEIRS.fullmatch(status):
        return Permanent
    if _is_full(about, code, status, text):
        return Full
    return _by_words(status, text)


def _by_words(status: str, text: str) -> type[ChannelError]:
    """Return whose fault a refusal of the recipient or of the content is, where its codes do not tell."""
    if _OUR_WORDS.search(text):
        return Misconfigured
    if _THEIR_WORDS.search(text):
        return Permanent
    is_policy = _POLICY.match(status) if status else _POLICY_WORDS.search(text)
    return Doubtful if is_policy else Permanent


def _is_full(about: About, code: int, status: str, text: str) -> bool:
    """Tell whether their mailbox is full: 5.2.2, or 552 to RCPT without a status (RFC 5321 section 4.2.3)."""
    if status:
        return status == "5.2.2" and not _OUR_QUOTA.search(text)
    return bool(_FULL_WORDS.search(text)) or (code == 552 and about == "recipient")


def _anonymous(text: str, recipient: str) -> str:
    """Return a server's text on one line, without anything that may identify the recipient."""
    if len(text) > _READ_LENGTH:
        text = text[:_READ_LENGTH].rpartition(" ")[0]
    text = _LIKE_AN_ADDRESS.sub("...", " ".join(text.split()))
    local, _, domain = recipient.rpartition("@")
    for part in (local, domain):
        if part:
            text = re.sub(rf"(?<![\w.-]){re.escape(part)}(?![\w-])", "...", text, flags=re.IGNORECASE)
    return "".join(c for c in text if c.isprintable())[:_SHOWN_LENGTH]
