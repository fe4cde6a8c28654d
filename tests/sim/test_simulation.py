"""The room and its protocol in a simulated world: every seed must converge and lose nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.room.kind import SCRATCH

from .edits import scratch_document, scratch_edit
from .world import World

SEEDS = 400
STEPS = 2_000


def run(world: World, steps: int) -> None:
    for number in range(steps):
        world.step()
        if number % 50 == 0:
            world.check_rooms()
    world.settle()
    world.check_rooms()
    world.check_settled()


def simulate(make: Callable[[int], World], seeds: range, steps: int = STEPS) -> dict[str, int]:
    """Run each seed; says which one fails, and what led to it. Returns what happened, in numbers."""
    seen: dict[str, int] = {}
    for seed in seeds:
        world = make(seed)
        try:
            run(world, steps)
        except Exception as error:
            story = "\n".join(world.log[-40:])
            pytest.fail(f"seed {seed}: {error!r}\n{story}", pytrace=True)
        for code in world.refused.values():
            seen[code] = seen.get(code, 0) + 1
        seen["acked"] = seen.get("acked", 0) + len(world.acked)
    return seen


def scratch_world(seed: int) -> World:
    return World(
        seed,
        SCRATCH,
        scratch_document(),
        scratch_edit,
        nodes=1 + seed % 2,
        deletes=seed % 3 == 0,
    )


def test_scratch_converges() -> None:
    seen = simulate(scratch_world, range(SEEDS))
    assert seen["acked"] > SEEDS * 20
    print(seen)
