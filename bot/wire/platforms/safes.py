"""The contract of the place where an account keeps a secret that its platform changes."""

from typing import Protocol, runtime_checkable


class Safe(Protocol):
    """The place of one account for a secret that its platform changes: encrypted, and the same for every process.

    Every method raises `Temporary` while it cannot be reached.
    """

    async def read(self) -> str:
        """Return the secret, or ""."""
        ...

    async def write(self, secret: str) -> None:
        """Store another one."""
        ...

    async def claim(self) -> bool:
        """Take the right to change it, for a minute; return False while another process has it."""
        ...

    async def release(self) -> None:
        """Give the right back."""
        ...


@runtime_checkable
class SecretKeeper(Protocol):
    """An account whose platform changes its secret."""

    name: str

    def keep_in(self, safe: Safe) -> None:
        """Keep the secret there from now on; without a safe it is kept in memory."""
        ...
