"""Which counts must be hidden beside the small ones, so that none of them follows from what is shown.

A grid holds counts and what everybody knows of them: that a total is the sum of its parts. A small count is hidden
first. Then, for each hidden count, another set of counts is looked for that a reader could believe as well: a move,
which makes some counts one higher and others one lower, keeps every sum, and touches only what is hidden. Where there
is none, the move that hides the least is made possible. What is proved of a count stays proved, as hiding more can
only leave a reader with more to choose from.
"""

import heapq
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from bot.core.publications import LEAST

# No count that could be hidden costs as much; a mark is made vague only where nothing else helps.
_VAGUE = 1 << 60
# Of each search how many ways it looks at from one sum, how many it follows up, and what an uneven sum counts beside
# the costs (0: nothing more is hidden). These bounds keep a table from taking for ever.
_SEARCHES = ((8, 60, 0), (8, 160, 1))
_LONGEST = 24

Move = Mapping[int, int]


class State(IntEnum):
    """How a count stands in what is published.

    SMALL reads "<5": the reader knows that it is 1 to 4. BLANK reads "": 5 or more, or 0. VAGUE reads "", too, and may
    be anything. A REMAINDER stands nowhere: it is what of a whole belongs to no part.
    """

    PLAIN = 0
    SMALL = 1
    BLANK = 2
    VAGUE = 3
    REMAINDER = 4


def is_small(count: int) -> bool:
    """Whether so few may not be shown."""
    return 0 < count < LEAST


class _Trial(NamedTuple):
    """A move that is not finished: what it costs so far, and the sums that it leaves uneven."""

    move: dict[int, int]
    uneven: dict[int, int]
    price: int


class Grid:
    """Counts by number, in the order in which they were added, and the sums that bind them."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self.states: list[State] = []
        self._costs: list[int] = []
        self._lowest: list[int] = []
        # Of each sum the total and its parts; of each count the sums in which it stands.
        self._sums: list[tuple[int, tuple[int, ...]]] = []
        self._lengths: list[int] = []
        self._places: list[list[int]] = []
        # Of each sum: what could be hidden, the cheapest first, and what is.
        self._choices: list[list[int]] = []
        self._gaps: list[list[int]] = []
        self._proved: set[int] = set()

    def add(self, value: int, cost: int, state: State = State.PLAIN, lowest: int = 1) -> int:
        """Return the number of a new count. `cost` is what hiding it takes from readers.

        With `lowest` 0 a count of nobody is hidden like a small one.
        """
        if state is State.PLAIN and lowest <= value < LEAST:
            state = State.SMALL
        self.values.append(value)
        self.states.append(state)
        self._costs.append(cost)
        self._lowest.append(lowest)
        self._places.append([])
        return len(self.values) - 1

    def bind(self, total: int, parts: Sequence[int]) -> None:
        """Say that a total is the sum of its parts. What is not, as nobody can count on it, binds nothing."""
        if total in parts or sum(self.values[part] for part in parts) != self.values[total]:
            return
        place = len(self._sums)
        self._sums.append((total, tuple(parts)))
        self._lengths.append(len(parts))
        members = (total, *parts)
        for member in members:
            self._places[member].append(place)
        self._choices.append(
            sorted((m for m in members if self._may_be_hidden(m)), key=lambda m: (self._costs[m], m)),
        )
        self._gaps.append([m for m in members if self.states[m] is not State.PLAIN])

    def protect(self) -> None:
        """Hide as few and as small counts as can be, until no hidden one follows from the others."""
        self._thicken()
        waiting = deque(number for number in range(len(self.values)) if self._needs_proof(number))
        while waiting:
            number = waiting.popleft()
            # Each time that this does not suffice, twice as much is hidden.
            amount = 1
            while number not in self._proved:
                move = self._move(number)
                if move is not None:
                    self._apply(move)
                    continue
                further = [count for _ in range(amount) if (count := self._hide_further(number)) is not None]
                if not further:
                    break
                amount *= 2
                waiting.extend(further)

    def _needs_proof(self, number: int) -> bool:
        state = self.states[number]
        return is_small(self.values[number]) if state is State.REMAINDER else state is not State.PLAIN

    def _may_be_hidden(self, number: int) -> bool:
        return self.states[number] is State.PLAIN and self.values[number] >= LEAST

    def _hide(self, number: int) -> None:
        if self.states[number] is State.PLAIN:
            self.states[number] = State.BLANK
            for place in self._places[number]:
                self._gaps[place].append(number)
        else:
            self.states[number] = State.VAGUE

    def _is_thin(self, place: int) -> bool:
        """Whether all that is hidden of a shown total is too little to be shown."""
        total, parts = self._sums[place]
        hidden_count = sum(self.values[part] for part in parts if self.states[part] is not State.PLAIN)
        return self.states[total] is State.PLAIN and is_small(hidden_count)

    def _thicken(self) -> None:
        """Hide more where all that is hidden of a shown total is too little to be shown: their sum can be computed."""
        waiting = deque(range(len(self._sums)))
        while waiting:
            place = waiting.popleft()
            if not self._is_thin(place):
                continue
            further = next((n for n in self._choices[place] if self._may_be_hidden(n)), None)
            if further is not None:
                self._hide(further)
                waiting.extend(self._places[further])

    def _move(self, number: int) -> Move | None:
        """Return a cheap other truth for this count, first among what is hidden already and what is nearest."""
        for breadth, patience, fare in _SEARCHES:
            moves = [
                move
                for step in (1, -1)
                if (move := self._search(number, step, breadth, patience, fare * self._costs[number])) is not None
            ]
            if moves:
                return min(moves, key=lambda move: move[0])[1]
        return None

    def _search(self, number: int, step: int, breadth: int, patience: int, fare: int) -> tuple[int, Move] | None:
        """Even out one sum after the other, best first: by what it costs so far, and a fare for each uneven sum."""
        price = self._price(number, step)
        if price is None or (price and not fare):
            return None
        trial = _Trial({number: step}, self._uneven({}, number, step), price)
        serial = 0
        heap = [(0, 1, serial, trial)]
        states: set[frozenset[tuple[int, int]]] = set()
        while heap and patience:
            patience -= 1
            _, length, _, trial = heapq.heappop(heap)
            if not trial.uneven:
                return trial.price, trial.move
            state = frozenset(trial.uneven.items())
            if state in states or length == _LONGEST:
                continue
            states.add(state)
            for member, change, extra in self._answers(trial, breadth):
                if fare or not extra:
                    serial += 1
                    uneven = self._uneven(trial.uneven, member, change)
                    price = trial.price + extra
                    rank = price + (fare or 1) * len(uneven)
                    heapq.heappush(
                        heap, (rank, length + 1, serial, _Trial({**trial.move, member: change}, uneven, price))
                    )
        return None

    def _uneven(self, uneven: Mapping[int, int], number: int, change: int) -> dict[int, int]:
        """Return by how much the total of each sum is too high, once this count is changed as well."""
        excess = dict(uneven)
        for place in self._places[number]:
            amount = excess.pop(place, 0) + (change if self._sums[place][0] == number else -change)
            if amount:
                excess[place] = amount
        return excess

    def _answers(self, trial: _Trial, breadth: int) -> Iterator[tuple[int, int, int]]:
        """Give the counts whose change by one makes the shortest sum more even, what is hidden already first."""
        place = min(trial.uneven, key=lambda p: (self._lengths[p], p))
        total = self._sums[place][0]
        towards = 1 if trial.uneven[place] > 0 else -1
        choices = (m for m in self._choices[place] if self.states[m] is State.PLAIN)
        for members in (self._gaps[place], choices):
            number_of_answers = 0
            for member in members:
                change = -towards if member == total else towards
                price = self._price(member, change)
                if price is None or member in trial.move:
                    continue
                yield member, change, price
                number_of_answers += price < _VAGUE
                if number_of_answers == breadth:
                    break

    def _price(self, number: int, step: int) -> int | None:
        """Return what it costs that a reader may believe in one more or one less, None if nobody would."""
        value, state = self.values[number] + step, self.states[number]
        if value < 0:
            return None
        if state in (State.REMAINDER, State.VAGUE):
            return 0
        if state is State.SMALL:
            return 0 if self._lowest[number] <= value < LEAST else _VAGUE
        if value < LEAST or self.values[number] < LEAST:
            return None
        return self._costs[number] if state is State.PLAIN else 0

    def _apply(self, move: Move) -> None:
        for number, step in move.items():
            if self._price(number, step):
                self._hide(number)
        self._proved.update(move)

    def _hide_further(self, number: int) -> int | None:
        """Hide the cheapest count near by where no move is known, then a mark; return which."""
        further = self._further(number)
        if further is not None:
            self._hide(further)
        return further

    def _further(self, number: int) -> int | None:
        """Return what to hide where no move is found: the cheapest count near by, then a mark, then nothing."""
        places, visits = deque(self._places[number]), set(self._places[number])
        while places:
            place = places.popleft()
            for choice in self._choices[place]:
                if self.states[choice] is State.PLAIN:
                    return choice
            for neighbour in (self._sums[place][0], *self._sums[place][1]):
                fresh = [p for p in self._places[neighbour] if p not in visits]
                visits.update(fresh)
                places.extend(fresh)
        marks = (m for place in self._places[number] for m in (self._sums[place][0], number))
        return next((m for m in marks if self.states[m] is State.SMALL), None)
