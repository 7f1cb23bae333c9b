"""Permissions of staff roles, and the scopes of tokens."""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """A group of permitted actions: reading contacts, acting on one, acting on many, and managing people and roles."""

    READ = "read"
    ACT = "act"
    LEAD = "lead"
    ADMINISTER = "administer"


class Role(StrEnum):
    """The roles of staff, each with all permissions of the one before it."""

    READER = "reader"
    OFFICER = "officer"
    LEAD = "lead"
    ADMINISTRATOR = "administrator"

    def may(self, permission: Permission) -> bool:
        """Tell whether the role includes a permission."""
        return list(Permission).index(permission) <= list(Role).index(self)


SCOPES = {
    "contacts:read": "read contacts and events",
    "contacts:write": "record contacts, and act on them",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contacts a person sees: those of these teams; None: all. `unassigned`: also those without a team."""

    teams: frozenset[str] | None = None
    unassigned: bool = True

    def sees(self, team: str | None) -> bool:
        """Tell whether a contact of this team is visible."""
        if self.teams is None:
            return True
        return self.unassigned if team is None else team in self.teams
