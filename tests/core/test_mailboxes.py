"""Which addresses arrive in one mailbox, as far as providers say so, and what stands for it in the store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import mailboxes
from bot.core.mailboxes import mailbox

SAME = {
    "jo@residents.example": (
        *("Jo@Residents.Example", "jo+1@residents.example", "jo+a+b@residents.example.", '"jo"@residents.example'),
        *('"j\\o"@residents.example', "JO+\u212aelvin@RESIDENTS.EXAMPLE"),
    ),
    "josmith@gmail.com": ("jo.smith@gmail.com", "j.o.s.m.i.t.h+x@GoogleMail.com", '"jo.smith"@gmail.com.'),
    "jo@fastmail.com": ("shop@jo.fastmail.com", "jo+shop@fastmail.com"),
    "jo@yahoo.co.uk": ("jo-shop@yahoo.co.uk",),
    "jo@icloud.com": ("jo@me.com", "jo@mac.com", "jo+x@icloud.com"),
    "jo@proton.me": ("jo@protonmail.com", "jo+x@pm.me"),
    "jo@outlook.com": ("jo+x@outlook.com",),
    "jo@xn--bcher-kva.example": ("jo@b\u00fccher.example", "jo+1@B\u00dcCHER.example", "jo@b\u00fccher\uff0eexample"),
    "tel:+441632960001": ("tel:01632 960001", "TEL:+44 (0)1632 960001"),
}


@pytest.mark.parametrize(("name", "others"), SAME.items())
def test_addresses_of_one_mailbox_are_one(name: str, others: tuple[str, ...]) -> None:
    """Tags, capitals, quotation marks, dots that nobody looks at, and one provider's several domains."""
    assert {mailbox(address) for address in (name, *others)} == {name}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("jo.smith@residents.example", "josmith@residents.example"),
        ("jo-smith@residents.example", "jo@residents.example"),
        ("shop@jo.residents.example", "jo@residents.example"),
        ("jo@outlook.com", "jo@hotmail.com"),
        ("+441632960001@sms.example", "+441632960002@sms.example"),
        ("@jo@mastodon.example", "@ann@mastodon.example"),
        ("4915112345", "4915112346"),
    ],
)
def test_what_only_looks_alike_stays_apart(first: str, second: str) -> None:
    """Only what is known of a provider is folded; a name may begin with a mark, and an account is no address."""
    assert mailbox(first) != mailbox(second)


@given(st.text(max_size=600))
def test_any_text_has_a_key_that_only_the_secret_makes(text: str) -> None:
    """Whatever is written in place of an address; without the secret nobody can tell whose it is."""
    key = mailboxes.key(text, b"secret")
    assert len(key) == 16
    assert key != mailboxes.key(text, b"another")


def test_one_mailbox_has_one_key() -> None:
    """What is counted is the mailbox, and not the address that was written."""
    assert mailboxes.key("Jo+1@residents.example", b"s") == mailboxes.key("jo@residents.example", b"s")
    assert mailboxes.key("ann@residents.example", b"s") != mailboxes.key("jo@residents.example", b"s")
