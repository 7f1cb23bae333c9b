"""What the application may do in the mailbox, and beyond it, as far as can be found out without changing anything.

Sources: learn.microsoft.com/en-us/graph/permissions-reference (Mail.Read, Mail.Send),
.../graph/auth-limit-mailbox-access (the application access policy) and, in Exchange's own documentation, "Role Based
Access Control for Applications", whose permissions stand in no token.
"""

from bot.channel import Misconfigured
from bot.wire.mail.graph_calls import Calls
from bot.wire.mail.graph_settings import GraphSettings

_READ, _SEND, _MAIL = "Mail.Read", "Mail.Send", "Mail."
_OK, _FORBIDDEN, _NOT_FOUND = 200, 403, 404


def granted(roles: frozenset[str] | None) -> str:
    """Return which permissions for mail a token names: where one is missing, staff see which."""
    mail_roles = sorted(role for role in roles or () if role.startswith(_MAIL))
    return f"of {_READ} and {_SEND}, which are needed, the token names {' and '.join(mail_roles) or 'none'}"


async def report_of(calls: Calls, settings: GraphSettings, roles: frozenset[str] | None) -> str:
    """Return what was found; raises Misconfigured where something is missing, or open that must not be.

    That the mailbox can be read is proven by then: whoever calls has read it.
    """
    findings = [*_of_token(calls, roles), await _of_policy(calls, settings)]
    return "; ".join(findings)


def _of_token(calls: Calls, roles: frozenset[str] | None) -> list[str]:
    mail_roles = sorted(role for role in roles or () if role.startswith(_MAIL))
    if not mail_roles:
        return ["it can be read; whether it may send cannot be seen, as Exchange itself gives the permissions"]
    if _SEND not in mail_roles:
        raise Misconfigured(
            f"channel {calls.name}: the permission {_SEND} is missing: no receipt can leave. Add it to the "
            "registration as an application permission, and let an administrator consent"
        )
    surplus = [role for role in mail_roles if role not in (_READ, _SEND)]
    more = f", and more than is needed: {', '.join(surplus)}" if surplus else ""
    return [f"the permissions are {_READ} and {_SEND}{more}"]


async def _of_policy(calls: Calls, settings: GraphSettings) -> str:
    """Try the mailbox that must be closed to us."""
    mailbox = settings.closed_mailbox
    if not mailbox:
        return "whether other mailboxes are closed to us was not tried, as closed_mailbox is not set"
    answer = await calls.ask("GET", f"/users/{mailbox}/mailFolders/inbox")
    if answer.status == _FORBIDDEN:
        return f"{mailbox} is closed to us, as it must be"
    if answer.status == _NOT_FOUND:
        raise Misconfigured(f"channel {calls.name}: there is no mailbox {mailbox}: let closed_mailbox name one that is")
    if answer.status != _OK:
        raise calls.refusal(answer)
    raise Misconfigured(
        f"channel {calls.name}: the application can also read {mailbox}: make an application access policy, so that it "
        "reaches no mailbox but its own (docs/channels.md)"
    )
