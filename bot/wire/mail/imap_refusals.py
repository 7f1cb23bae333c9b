"""What a mail server's refusal means (RFC 3501, RFC 5530): it passes by itself, or somebody must act."""

import re
import ssl

from imapclient.exceptions import IMAPClientAbortError

# Conditions that pass without anybody acting; THROTTLED and OVERQUOTA (of traffic) are Microsoft's and Google's own.
_PASSING = frozenset({"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "THROTTLED", "OVERQUOTA"})
_LASTING = frozenset(
    {"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN", "NOPERM"}
    | {"NONEXISTENT", "CANNOT", "CLIENTBUG"}
)
# Of servers without codes: "BAD User is authenticated but not connected" (Microsoft), "Too many simultaneous
# connections" (Google), "Server Unavailable" ...
_PASSING_WORDS = re.compile(
    r"not connected|too many|simultaneous|throttl|temporar|unavailable|overload|(?:try|again|try again) later"
    r"|server (?:is )?(?:busy|error)|internal (?:server )?error|timed out|bandwidth limit|\[alert\] account exceeded",
    re.IGNORECASE,
)
_LONGEST = 500


def code(error: Exception) -> str:
    """Return the response code that the server gave, or ""; ALERT says nothing of the cause."""
    codes = _codes(error)
    return next((name for name in codes if name != "ALERT"), codes[0] if codes else "")


def passes(error: Exception) -> bool:
    """Tell whether the condition passes without anybody acting, unlike a wrong password; a code outweighs words."""
    codes = set(_codes(error))
    if codes & _LASTING:
        return False
    return bool(codes & _PASSING or _PASSING_WORDS.search(str(error)[:_LONGEST]))


def is_of_server(error: Exception) -> bool:
    """Tell whether a refusal to give a message says itself that it is not about that message.

    SERVERBUG is what Dovecot says of a message whose file is broken.
    """
    return passes(error) and code(error) != "SERVERBUG" and "internal" not in str(error)[:_LONGEST].lower()


def describe(error: Exception) -> str:
    """Describe the error without quoting the server, whose text may contain mail."""
    match error:
        case TimeoutError():
            return "did not answer in time"
        case ssl.SSLError():
            return f"could not agree on TLS ({error.reason})"
        case IMAPClientAbortError():
            return "ended the connection"
        case OSError():
            return f"cannot be reached ({error.strerror or type(error).__name__})"
        case _:
            return f"gave an answer that cannot be used ({code(error) or type(error).__name__})"


def _codes(error: Exception) -> list[str]:
    return [name.upper() for name in re.findall(r"\[([A-Za-z][A-Za-z-]+)[] ]", str(error)[:_LONGEST])]
