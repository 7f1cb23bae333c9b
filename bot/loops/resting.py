"""What an outlet's refusals say of the outlet: it stops where they are about us, so that no message pays for it."""

import asyncio

from bot import log
from bot.channel import Misconfigured, Permanent, Temporary
from bot.core.deliveries import Delivery
from bot.flows.outgoing.deliver import TO_SENDERS, NotTried
from bot.wire.refusals import Doubtful

logger = log.get("resting")

FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 5.0, 60.0
# So many different people in a row: a policy that refuses them all is about us.
PEOPLE_IN_A_ROW = 3
MOST_DOUBTS = 3
# Tried so often over an hour, while others got through each time: it is about this person after all.
MOST_REFUSALS = 8
MOST_REMEMBERED = 1_000


class Resting:
    """The refusals of one outlet. While it `is_stopped`, one message at a time asks whether it works again."""

    def __init__(self, outlet: str) -> None:
        self.is_stopped = False
        self._outlet = outlet
        self._pause, self._until = 0.0, float("-inf")
        self._people: set[str] = set()
        # How many got through of those who wrote; by delivery, how many had when it was refused, and how often it was
        # refused with others getting through in between. Staff are no evidence: their mail may never leave the house.
        self._through_count = 0
        self._doubts: dict[int, int] = {}
        self._refusals: dict[int, tuple[int, int]] = {}

    @property
    def seconds_left(self) -> float:
        """How long nothing at all is tried."""
        return max(self._until - asyncio.get_running_loop().time(), 0.0)

    def judge(self, delivery: Delivery, error: Exception) -> Exception:
        """Return what an error means for this delivery, as far as others tell."""
        match error:
            case Misconfigured():
                return self._refused_us(delivery, error)
            case Doubtful():
                return self._refused_somebody(delivery, error)
            case Temporary() if self.is_stopped:
                self._rest()  # it does not work yet, whatever the reason
                return error
            case _:
                return error

    def succeed(self, delivery: Delivery) -> bool:
        """Note that a message was taken: the outlet works. Tell whether nothing else is to be remembered."""
        if self.is_stopped:
            logger.info("outlet.works_again", outlet=self._outlet)
        self.is_stopped, self._pause, self._until = False, 0.0, float("-inf")
        if delivery.purpose in TO_SENDERS:
            self._through_count += 1
            self._people.clear()
        self._refusals.pop(delivery.id, None)
        self._doubts.pop(delivery.id, None)
        return not (self._people or self._doubts or self._refusals)

    def _refused_us(self, delivery: Delivery, error: Misconfigured) -> Exception:
        """Stop; only the refusal that stops it counts, whatever it was about."""
        if self.is_stopped:
            self._rest()
            return NotTried(error)
        count, through_count = self._refusals.pop(delivery.id, (0, -1))
        count += self._through_count > through_count
        if count >= MOST_REFUSALS:
            return Permanent(str(error))
        self._forget_most()
        self._refusals[delivery.id] = count, self._through_count
        self.is_stopped = True
        self._rest()
        return error

    def _refused_somebody(self, delivery: Delivery, error: Doubtful) -> Exception:
        self._people.add(delivery.recipient.lower())
        if len(self._people) >= PEOPLE_IN_A_ROW:
            return self._refused_us(delivery, Misconfigured(str(error)))
        have_others = self._through_count > self._doubts.pop(delivery.id, self._through_count)
        if have_others or delivery.attempts >= MOST_DOUBTS:
            return Permanent(str(error))
        self._forget_most()
        self._doubts[delivery.id] = self._through_count
        return Temporary(str(error))

    def _rest(self) -> None:
        """Rest longer each time; what was under way at the same moment is one time."""
        if self.seconds_left:
            return
        self._pause = min(max(self._pause * 3, FIRST_REST_SECONDS), LONGEST_REST_SECONDS)
        self._until = asyncio.get_running_loop().time() + self._pause
        logger.warning("outlet.stopped", outlet=self._outlet, pause_seconds=self._pause)

    def _forget_most(self) -> None:
        """Stay small, whatever is refused: who is forgotten is tried a little longer."""
        for notes in (self._doubts, self._refusals):
            if len(notes) >= MOST_REMEMBERED:
                notes.clear()
