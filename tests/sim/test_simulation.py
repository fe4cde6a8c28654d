"""The room and its protocol in a simulated world: every seed must converge and lose nothing.

`pytest tests/sim --seed 17` plays the worlds of one seed again, and nothing else.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from server.errors import Code

from .seeds import WORLDS, Outcome, play, run

SEEDS = 1_500
HERE = 60
"""Seeds that are played in this process: what is badly wrong shows at once, with its traceback."""
PIECE = 40
PROCESSES = 2


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        yield pool


def simulate(name: str, only: int | None, elsewhere: ProcessPoolExecutor) -> Outcome | None:
    """Play all seeds, or one; says which one fails, and what led to it."""
    if only is not None:
        play(name, only)
        return None
    outcome = run(name, ())
    for seed in range(HERE):
        world = play(name, seed)
        outcome.seen.update(world.refused.values())
        outcome.seen["acked"] += len(world.acked)
    pieces = [range(at, min(at + PIECE, SEEDS)) for at in range(HERE, SEEDS, PIECE)]
    for one in elsewhere.map(run, [name] * len(pieces), pieces):
        outcome.seen.update(one.seen)
        outcome.failed.update(one.failed)
    if outcome.failed:
        seed, why = min(outcome.failed.items())
        failed = ", ".join(map(str, sorted(outcome.failed)))
        pytest.fail(
            f"{name} world, seeds {failed}; again: pytest tests/sim -k {name} --seed {seed}\n{why}",
            pytrace=False,
        )
    return outcome


def test_scratch_converges(seed: int | None, elsewhere: ProcessPoolExecutor) -> None:
    outcome = simulate("scratch", seed, elsewhere)
    if outcome is not None:
        assert outcome.seen["acked"] > SEEDS * 10


def test_designs_converge_and_stay_valid(seed: int | None, elsewhere: ProcessPoolExecutor) -> None:
    outcome = simulate("design", seed, elsewhere)
    if outcome is not None:
        assert outcome.seen["acked"] > SEEDS * 5
        assert {Code.INVALID, Code.TREE, Code.NAME_TAKEN, Code.NO_OP} <= outcome.seen.keys()


@pytest.mark.parametrize("name", WORLDS)
def test_F7_one_seed_has_one_history(name: str) -> None:
    stories = [(world.log, world.store.ops) for world in (play(name, 7), play(name, 7))]
    assert stories[0] == stories[1]
