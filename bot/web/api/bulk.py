"""How much each program reads, so that whoever takes many contacts at once leaves a line in the audit trail."""

SPAN_SECONDS = 3_600.0
# A line at the first of these, and another at each that follows within the hour.
STEPS = (200, 2_000, 20_000, 200_000)


class BulkReads:
    """Counts what each actor reads in an hour; it lives in memory, one for each process."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[float, int]] = {}

    def add(self, actor: str, count: int, now: float) -> int:
        """Count what an actor has read; return how much it is within the hour if that is to be noted, else 0."""
        since, before = self._counts.get(actor, (now, 0))
        if now - since > SPAN_SECONDS:
            since, before = now, 0
        self._counts[actor] = (since, before + count)
        passes = any(before < step <= before + count for step in STEPS)
        return before + count if passes else 0
