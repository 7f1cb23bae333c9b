"""The public bodies that people turn to when an organisation does not put something right, by nation."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Nation(StrEnum):
    """A nation of the United Kingdom."""

    ENGLAND = "england"
    WALES = "wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


@dataclass(frozen=True, slots=True)
class Body:
    """A public body: its name, its site, its telephone number."""

    name: str
    url: str
    phone: str


# For complaints about a council.
OMBUDSMEN = MappingProxyType(
    {
        Nation.ENGLAND: Body(
            "Local Government and Social Care Ombudsman", "https://www.lgo.org.uk/make-a-complaint", "0300 061 0614"
        ),
        Nation.WALES: Body("Public Services Ombudsman for Wales", "https://www.ombudsman.wales", "0300 790 0203"),
        Nation.SCOTLAND: Body("Scottish Public Services Ombudsman", "https://www.spso.org.uk", "0800 377 7330"),
        Nation.NORTHERN_IRELAND: Body(
            "Northern Ireland Public Services Ombudsman", "https://www.nipso.org.uk", "0800 34 34 24"
        ),
    }
)
# Who enforces the Accessibility Regulations 2018 (SI 2018/952, regulation 12); in Great Britain people turn to the
# service that advises for the Commission.
_GREAT_BRITAIN = Body(
    "Equality Advisory and Support Service (EASS)", "https://www.equalityadvisoryservice.com", "0808 800 0082"
)
_NORTHERN_IRELAND = Body("Equality Commission for Northern Ireland", "https://www.equalityni.org", "028 90 500 600")
# UK GDPR article 77.
INFORMATION_COMMISSIONER = Body(
    "Information Commissioner's Office", "https://ico.org.uk/make-a-complaint", "0303 123 1113"
)


def equality_body(nation: Nation) -> Body:
    """Return whom people tell that a page cannot be used, and that we did not put it right."""
    return _NORTHERN_IRELAND if nation is Nation.NORTHERN_IRELAND else _GREAT_BRITAIN
