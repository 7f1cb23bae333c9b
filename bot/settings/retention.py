"""`[retention]` of ackbot.toml: how long what people wrote is kept, with the packaged times and their reasons."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from bot.core.retention import Retention
from bot.settings.tables import Table

Days = Annotated[int, Field(ge=1, le=36_525)]

_ONE_MONTH, _SIX_MONTHS, _ONE_YEAR, _THREE_YEARS, _SIX_YEARS = 31, 183, 366, 1_096, 2_192

# Where a council has not decided otherwise. A contact is not the case file: what is acted on belongs in the system of
# its service, which has times of its own.
PACKAGED_DAYS: Mapping[str, int] = MappingProxyType(
    {
        # A complaint may come back as a claim, for which most have six years (Limitation Act 1980, sections 2 and 5).
        "complaint": _SIX_YEARS,
        "complaint-second-stage": _SIX_YEARS,
        "adult-social-care-complaint": _SIX_YEARS,
        "dp-complaint": _SIX_YEARS,
        # So has a tenant's claim for disrepair, and when the landlord knew of a hazard decides it.
        "housing-hazard": _SIX_YEARS,
        "housing-hazard-emergency": _SIX_YEARS,
        # Requests for information: three years, as is usual among councils, so that an internal review, the
        # Commissioner and a tribunal find the request. To destroy what was asked for is an offence whatever its age
        # (FOIA section 77, EIR regulation 19, DPA 2018 section 173): `ackbot contacts legal-hold` prevents it.
        "foi": _THREE_YEARS,
        "eir": _THREE_YEARS,
        "sar": _THREE_YEARS,
        # Councillors' correspondence for somebody: one year, as county councils publish it.
        "member": _ONE_YEAR,
    }
)


class RetentionSettings(Table):
    """The days for which content is stored after the last activity; dates and decisions stay for the figures.

    `days` is for every contact that nothing else is for: six months, as contact centres publish it for e-mail.
    `direct_message_days` is for what is written privately on a platform: one month, as they publish it for that.
    `kinds` is for contacts of these kinds, in addition to the packaged times or instead of them. `audit_days` is for
    lines of the audit trail that are about no contact, such as sign-ins: a year and a month, so that a yearly review of
    who has access finds a complete year.
    """

    days: Days = _SIX_MONTHS
    direct_message_days: Days = _ONE_MONTH
    kinds: dict[str, Days] = Field(default_factory=dict)
    audit_days: Days = 400

    @property
    def days_of_kinds(self) -> dict[str, int]:
        """Return the time of each kind that has one of its own."""
        return {**PACKAGED_DAYS, **self.kinds}

    def rule(self, accounts: frozenset[str], reopen_days: int) -> Retention:
        """Return the same in the form of the core; `accounts` are the channels on platforms."""
        return Retention(
            usual=timedelta(self.days),
            of_kind={kind: timedelta(days) for kind, days in self.days_of_kinds.items()},
            direct_messages=timedelta(self.direct_message_days),
            accounts=accounts,
            reopen=timedelta(reopen_days),
            audit=timedelta(self.audit_days),
        )
