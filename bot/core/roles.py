"""What each role of staff may do, and what each scope of a token allows."""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What can be allowed: to read contacts, to act on one, on what concerns many, and on people and their roles."""

    READ = "read"
    ACT = "act"
    LEAD = "lead"
    ADMINISTER = "administer"


class Role(StrEnum):
    """The roles of staff, each with all that the one before it may."""

    READER = "reader"
    OFFICER = "officer"
    LEAD = "lead"
    ADMINISTRATOR = "administrator"

    def may(self, wanted: Permission) -> bool:
        """Whether this role is enough."""
        return list(Permission).index(wanted) <= list(Role).index(self)


SCOPES = {
    "contacts:read": "read contacts and events",
    "contacts:write": "record contacts, and act on them",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose contacts somebody sees: those of these teams; None: everybody's. `unassigned`: also those of no team."""

    teams: frozenset[str] | None = None
    unassigned: bool = True

    def sees(self, team: str | None) -> bool:
        """Whether a contact of this team is seen."""
        if self.teams is None:
            return True
        return self.unassigned if team is None else team in self.teams
