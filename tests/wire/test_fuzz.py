"""Mutated mail: whatever happens to a message on its way, it is read, judged, and what is wrong is told in a sentence.

`python -m bench.fuzz 1000000` does the same for longer.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.thoroughness import cases
from tests.wire import mutations
from tests.wire.mutations import mutated
from tests.wire.verdicts import faults_of


@settings(max_examples=cases(400, 20_000), deadline=None)
@given(st.integers(0, 2**64))
def test_mutated_mail_is_read_and_judged(seed: int) -> None:
    """No exception, not even one that `mime.read` catches; and a fault is a sentence at most."""
    assert faults_of(mutated(seed)) == ""


def test_a_seed_is_a_mail() -> None:
    """A report of a fault needs its seed only; and the mutations do change something."""
    assert [mutated(seed) for seed in range(50)] == [mutated(seed) for seed in range(50)]
    assert len({mutated(seed) for seed in range(200)} - set(mutations.corpus())) > 150


@pytest.mark.parametrize("mutation", mutations.MUTATIONS, ids=lambda mutation: mutation.__name__.strip("_"))
def test_every_mutation_bears_nothing_at_all(mutation: mutations.Mutation) -> None:
    """A mail cut to nothing can be mutated once more."""
    assert faults_of(mutation(b"", random.Random(1))) == ""
