"""What each figure of a report counts, in a sentence for whoever reads it; a change of one is a new `DEFINITIONS`."""

WORDS = {
    "received": "Contacts by the day on which they came. What was only logged (robots, bounces) is not among them.",
    "ack_due": "Acknowledgements by the day on which they were due. Contacts that were closed by then without one are "
    "not among them.",
    "ack_in_standard": "Of those: an acknowledgement or an answer had left by then, and did not come back.",
    "ack_pct": "Of 100 acknowledgements that were due, so many were in time.",
    "resp_due": "Answers by the day on which they were due, as last agreed, whatever was done by then. What is late or "
    "paused is among them. What is opened again has a day of its own; where the old one holds and is over, it is due "
    "then.",
    "resp_in_standard": "Of those: the full answer was given by that day, or while the clock stood.",
    "resp_pct": "Of 100 answers that were due, so many were in time.",
    "median_ack_wd": "Working days from the receipt until half of the contacts that came had their acknowledgement. "
    "The day of receipt is day 0; those that wait count with their age.",
    "median_resp_wd": "Working days until half of what came, or was opened again, had its answer. The day of receipt "
    "is day 0; days on which the clock stood are left out. What is open at the end of the period counts with its age, "
    "what was closed without an answer not at all.",
    "p90_resp_wd": "The same, until nine of ten had their answer.",
    "open_end": "Contacts without an answer, and not closed, at the end of the last day.",
    "overdue_end": "Of those: the day on which the answer was due is over, and the clock does not stand.",
    "suppressed_by_reason": "What came and was only logged, because no person wrote it, by the rule that said so.",
    "undeliverable": "Contacts that came, and whose acknowledgement came back or could not be handed over.",
    "resp_paused": "Of the answers that were due: the clock stood, because we waited for the person. Neither in time "
    "nor missed.",
    "resp_missed": "Of the answers that were due: not given by that day, and the clock does not stand.",
    "resp_extended": "Of the answers that were due: staff had made the day later.",
    "missed_by_cause": "The answers that were not in time, by the cause that staff named.",
    "first_due": "Answers by the day that was promised first, however often it was moved later, also by a pause.",
    "resp_in_first": "Of those: the full answer was given by that first day.",
    "resp_first_pct": "Of 100 answers, so many were given by the day that was promised first.",
    "closed_unanswered": "Contacts that were closed, or merged with another, without an answer by the day on which it "
    "was due, by the reason. They are in none of the counts of answers.",
    "p90_ack_wd": "Working days from the receipt until nine of ten had their acknowledgement.",
    "mean_ack_wd": "All working days until an acknowledgement, shared out evenly over the contacts that came.",
    "mean_resp_wd": "All working days until an answer, shared out evenly over the contacts that came.",
    "median_gap_wd": "Working days from the acknowledgement to the answer: half of what came took no longer. What is "
    "open counts with its age.",
    "longest_resp_wd": "Working days until the answer for which somebody waited longest, of the answers given in the "
    "period.",
    "paused_end": "Of those open at the end: the clock stood.",
    "open_0_to_5_wd": "Open at the end, by working days since it came or was opened again, without those on which the "
    "clock stood.",
    "open_6_to_10_wd": "Open at the end, by working days since it came or was opened again, without those on which the "
    "clock stood.",
    "open_11_to_20_wd": "Open at the end, by working days since it came or was opened again, without those on which "
    "the clock stood.",
    "open_21_wd_or_more": "Open at the end, by working days since it came or was opened again, without those on which "
    "the clock stood.",
    "oldest_open_wd": "Working days since what was open longest at the end came or was opened again, without those "
    "on which the clock stood.",
    "ended": "Contacts that were answered or closed in the period; not those that were merged with another.",
    "answers": "Contacts that were answered in full in the period.",
    "ended_five_days": "Contacts that were answered, or closed with a word to the person, in the period and five "
    "working days ago or longer.",
    "resolved_at_first": "Of those: the person wrote nothing more about it in these five days.",
    "resolved_at_first_pct": "Of 100 of those, so many were resolved at first.",
    "reopened": "How often a contact was opened again in the period, after it was answered or closed.",
    "avoidable": "Whether the person would not have had to write, as staff say (National Indicator 14).",
    "avoidable_suggested": "Staff say nothing, and the person asked again before the day on which the answer was due, "
    "while nobody had written to them.",
    "windows_missed": "Contacts that came in the period and had no answer while their platform still took one.",
    "feedback_questions": "Answers after which we asked the person whether we had answered their question.",
    "feedback_replies": "People who replied to that.",
    "feedback_pct": "Of 100 people whom we asked, so many replied.",
    "opinions": "What people said, also the few whom we had not asked about this answer. Always read it beside how "
    "many were asked.",
    "satisfaction": "How satisfied they were, where they said so.",
    "needs_answered": "Answers to people who had told us of a need, such as large print.",
    "needs_met": "Of those: the answer went out in the way that they need.",
    "needs_met_pct": "Of 100 of those answers, so many went out in the way that they need.",
    "complaints": "Complaints among the contacts that came, by what became of them.",
    "languages": "The contacts that came, by the language in which they were written.",
}
