"""The room and its protocol in a simulated world: every seed must converge and lose nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.document.design import Design
from server.errors import Code
from server.room.kind import SCRATCH, designs
from server.types.registry import TypeRegistry

from .edits import design_document, design_edit, scratch_document, scratch_edit
from .world import World

TYPES = TypeRegistry.load()
DESIGNS = designs(TYPES)
SEEDS = 110
STEPS = 2_000


def run(world: World) -> None:
    for number in range(STEPS):
        world.step()
        if number % 50 == 0:
            world.check_rooms()
    world.settle()
    world.check_rooms()
    world.check_settled()


def simulate(
    make: Callable[[int], World],
    seeds: range,
    check: Callable[[World], None] = lambda world: None,
) -> dict[str, int]:
    """Run each seed; says which one fails, and what led to it. Returns what happened, in numbers."""
    seen: dict[str, int] = {}
    for seed in seeds:
        world = make(seed)
        try:
            run(world)
            check(world)
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


def design_world(seed: int) -> World:
    return World(seed, DESIGNS, design_document(), design_edit, nodes=1 + seed % 2, creates=False)


def test_scratch_converges() -> None:
    seen = simulate(scratch_world, range(SEEDS))
    assert seen["acked"] > SEEDS * 20


def test_designs_converge_and_stay_valid() -> None:
    def check(world: World) -> None:
        for version in {*range(1, len(world.store.ops), 5), len(world.store.ops)}:
            design = Design.from_json(world.store.at(version).data, TYPES, strict=False)
            faults = [fault for fault in design.faults() if fault.rule != "reference"]
            assert not faults, (version, faults)

    seen = simulate(design_world, range(SEEDS), check)
    assert seen["acked"] > SEEDS * 10
    assert {Code.INVALID, Code.TREE, Code.NAME_TAKEN, Code.NO_OP} <= seen.keys()
