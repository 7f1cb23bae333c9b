"""A folder instead of a mail server: each mail that went out is one file."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.channel import Misconfigured, Outlet, Permanent
from bot.core.messages import Outbound
from bot.web.public.sent_mail import SentMail
from channels import loopback
from channels.loopback import Loopback

SENDER = "Exampleshire Council <hello@demo.example>"


def outlet(directory: Path) -> Loopback:
    """The outlet under test."""
    settings = loopback.Settings(name="post", kind="loopback", directory=directory, sender=SENDER)
    return loopback.build("post", settings)


def letter(number: int, to: str = "pat@residents.example") -> Outbound:
    """A mail that is known again by its content."""
    return Outbound(to, f"Subject: {number}\r\n\r\nHello\r\n".encode(), "", f"<../{number}@demo.example>")


def contents(directory: Path) -> list[bytes]:
    """The mails in the order of their names."""
    return [path.read_bytes() for path in sorted(directory.iterdir())]


async def test_each_mail_is_a_file(tmp_path: Path) -> None:
    """Byte for byte, in the order in which they were sent; nothing half written lies about."""
    post = outlet(tmp_path / "var" / "sent")
    for number in range(12):
        await post.send(letter(number))
    assert contents(tmp_path / "var" / "sent") == [letter(number).content for number in range(12)]


async def test_a_mail_sent_again_is_the_same_file(tmp_path: Path) -> None:
    """The idempotency key names it: also after a restart, and when both arrive at once."""
    post = outlet(tmp_path)
    receipts = await asyncio.gather(*(post.send(letter(1)) for _ in range(5)), post.send(letter(2)))
    again = await outlet(tmp_path).send(letter(1))
    assert {receipt.external_id for receipt in receipts[:5]} == {again.external_id}
    await outlet(tmp_path).send(letter(3))
    assert contents(tmp_path) == [letter(number).content for number in (1, 2, 3)]


async def test_the_newest_is_the_last_for_the_view_of_sent_mail(tmp_path: Path) -> None:
    """Past a million, too; other files in the folder do no harm."""
    (tmp_path / "999998-0123456789abcdef.eml").write_bytes(letter(0).content)
    (tmp_path / "readme.txt").write_bytes(b"")
    post = outlet(tmp_path)
    for number in (1, 2, 3):
        await post.send(letter(number))
    files = SentMail(tmp_path)._files()
    assert [path.read_bytes() for path in files] == [letter(number).content for number in range(4)]


async def test_a_failure_can_be_shown(tmp_path: Path) -> None:
    """Nobody lives at undeliverable.example."""
    with pytest.raises(Permanent, match=r"550 5\.1\.1"):
        await outlet(tmp_path).send(letter(1, to="j.lewis@Undeliverable.example"))
    assert not contents(tmp_path)


async def test_a_folder_that_went_away_is_made_again(tmp_path: Path) -> None:
    """After one failed attempt; no mail is given up for it."""
    post = outlet(tmp_path / "sent")
    await post.send(letter(1))
    (file,) = (tmp_path / "sent").iterdir()
    file.unlink()
    (tmp_path / "sent").rmdir()
    results = [await asyncio.gather(post.send(letter(2)), return_exceptions=True) for _ in range(2)]
    assert [type(result[0]).__name__ for result in results] == ["Temporary", "Handed"]
    assert contents(tmp_path / "sent") == [letter(2).content]


async def test_a_folder_that_cannot_be_is_for_staff_to_mend(tmp_path: Path) -> None:
    """A file in its place: the error names the folder."""
    (tmp_path / "sent").write_bytes(b"")
    with pytest.raises(Misconfigured, match=r"channel post: directory = .*/sent: File exists"):
        await outlet(tmp_path / "sent").check()


async def test_it_is_an_outlet(tmp_path: Path) -> None:
    """Name, sender, limits; `check` says where the mail goes."""
    post = outlet(tmp_path)
    assert isinstance(post, Outlet)
    assert (post.name, post.sender, post.limits.concurrency) == ("post", SENDER, 1)
    assert await post.check() == f"each mail becomes a file in {tmp_path}; nothing leaves this machine"
    await post.close()
    closing = loopback.Settings(name="dm", kind="loopback", directory=tmp_path, sender=SENDER, reply_window_hours=24)
    assert loopback.build("dm", closing).limits.reply_window == timedelta(hours=24)
    with pytest.raises(ValidationError, match="sender"):
        loopback.Settings(name="post", kind="loopback", directory=tmp_path, sender="nobody")
