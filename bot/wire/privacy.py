"""The privacy of a connection to a server (TLS)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ValidationInfo

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _plain_only_at_home(value: str, info: ValidationInfo) -> str:
    if value == "none" and info.data.get("host") not in LOOPBACK:
        home = ", ".join(sorted(LOOPBACK))
        raise ValueError(f"none is only allowed where host is this machine ({home}); use implicit or starttls")
    return value


# A settings class declares `host` before a field of this type. Plain text never leaves this machine.
Tls = Annotated[Literal["implicit", "starttls", "none"], AfterValidator(_plain_only_at_home)]
