"""An invented publication with everything that one can hold: small numbers, causes, promises of every sort."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from bot.core import publication_json
from bot.core.publications import Promise, Publication, Row, Table
from bot.core.report_columns import COLUMNS, Sort
from bot.core.reports import Report, State

APPROVED_AT = datetime(2026, 10, 14, 9, tzinfo=UTC)
_VALUES: dict[str, Any] = {
    "received": 940,
    "ack_due": 901,
    "ack_in_standard": 899,
    "ack_pct": 99.8,
    "resp_due": 901,
    "resp_in_standard": 812,
    "resp_pct": 90.1,
    "resp_missed": 77,
    "resp_paused": 12,
    "median_ack_wd": 0.1,
    "median_resp_wd": 4.0,
    "p90_resp_wd": 9.5,
    "open_end": 45,
    "overdue_end": "<5",
    "missed_by_cause": "absence=<5; none=; volume=50",
    "opinions": "no=8; partly=12; yes=40",
    "feedback_questions": 600,
    "feedback_replies": 60,
    "feedback_pct": 10.0,
    "languages": "en=900; pl=40",
    "suppressed_by_reason": "list-mail=120",
}


def row(names: dict[str, str] | None = None, at_least: tuple[str, ...] = (), **values: Any) -> Row:
    """A line of these values; whatever is not named is 0, and not shown for a time or a share."""
    usual = {column.name: 0 if column.sort is Sort.COUNT else "" for column in COLUMNS}
    return Row(names or {}, usual | values, at_least)


def publication(**changes: Any) -> Publication:
    """July to September 2026, with something of everything."""
    whole = row(**_VALUES, at_least=("p90_resp_wd",))
    before = row(**(_VALUES | {"resp_in_standard": 783, "resp_pct": 87.0, "resp_missed": 106}))
    services = (
        whole,
        row({"service": "bins"}, **(_VALUES | {"received": 640, "missed_by_cause": "volume=50"})),
        row({"service": "parks"}, received=300, ack_due=261, resp_due=261, resp_in_standard="", resp_pct=""),
        row({"service": ""}, received="<5", ack_due="<5", resp_due="", resp_in_standard=""),
    )
    report = Publication(
        organisation="Exampleshire Council",
        first_day="2026-07-01",
        last_day="2026-09-30",
        cut_off=4711,
        known_at="2026-10-14T08:05:00+01:00",
        definitions=1,
        whole=whole,
        before=before,
        promises=_promises(whole, before),
        tables={"service": Table(("service",), services), "channel": Table(("channel",), (whole, *_channels()))},
        calendars={"england": "1"},
        since={"missed_by_cause": "2026-09-01"},
        titles={"service": {"bins": "Bins & recycling"}},
        improvements=(("2026-08-03", "We could not find the days for garden bins.", "Every street has its days now."),),
    )
    return replace(report, **changes)


def approved_report(content: Publication | None = None, **changes: Any) -> Report:
    """The same as a report that somebody has approved."""
    content = content or publication()
    text = publication_json.write(content)
    report = Report(
        first_day=date.fromisoformat(content.first_day),
        last_day=date.fromisoformat(content.last_day),
        revision=0,
        cut_off=content.cut_off,
        content=text,
        digest=publication_json.digest(text),
        drawn_up_by="staff:ann@example.gov.uk",
        drawn_up_at=APPROVED_AT,
        state=State.APPROVED,
        approved_by="staff:lee@example.gov.uk",
        approved_at=APPROVED_AT,
    )
    return replace(report, **changes)


def _promises(whole: Row, before: Row) -> tuple[Promise, ...]:
    complaints: dict[str, Any] = {
        "ack_due": 30,
        "ack_in_standard": 30,
        "ack_pct": 100.0,
        "resp_due": 30,
        "resp_in_standard": 30,
    }
    complaint = row({"standard": "complaint"}, resp_pct=100.0, **complaints)
    small = row({"standard": "member"}, resp_due="<5", resp_in_standard="", resp_missed="", ack_due="<5")
    ten_days = "Acknowledge within 1 working day, answer within 10 working days."
    return (
        Promise("complaint", "1", "Complaints", "Answer within 10 working days.", complaint),
        Promise("general", "2", "Every contact", ten_days, replace(whole, names={"standard": "general"}), before),
        Promise("member", "1", "From a <member> of the council", ten_days, small),
        Promise("foi", "1", "Freedom of information", "Answer within 20 working days.", row({"standard": "foi"})),
    )


def _channels() -> tuple[Row, ...]:
    return row({"channel": "mail"}, received=700), row({"channel": "website"}, received=240)
