"""Simulated worlds by name and seed: one seed, one history, wherever and whenever it is run."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from server.document.design import Design
from server.room.kind import SCRATCH, designs
from server.types.registry import TypeRegistry

from .edits import design_document, design_edit, scratch_document, scratch_edit
from .world import World

__all__ = ["WORLDS", "Outcome", "play", "run"]

STEPS = 1_000
TOLD = 40  # the last lines of a failing world's story

TYPES = TypeRegistry.load()
DESIGNS = designs(TYPES)


class Outcome(NamedTuple):
    """What came of some seeds: how often what was told, and of each that failed why."""

    seen: Counter[str]
    failed: dict[int, str]


def scratch(seed: int) -> World:
    """On one node or two, with creates and sometimes deletes."""
    return World(
        seed,
        SCRATCH,
        scratch_document(),
        scratch_edit,
        nodes=1 + seed % 2,
        deletes=seed % 3 == 0,
    )


def design(seed: int) -> World:
    """On one node or two, with fixups, refusals, tree rules."""
    return World(seed, DESIGNS, design_document(), design_edit, nodes=1 + seed % 2, creates=False)


def is_valid(world: World) -> None:
    """Versions on the way, and the last one, are designs without a fault."""
    for version in {*range(1, len(world.store.ops), 30), len(world.store.ops)}:
        made = Design.from_json(world.store.at(version).data, TYPES, strict=False)
        faults = [fault for fault in made.faults() if fault.rule != "reference"]
        assert not faults, (version, faults)


WORLDS: dict[str, tuple[Callable[[int], World], Callable[[World], None]]] = {
    "scratch": (scratch, lambda world: None),
    "design": (design, is_valid),
}


def play(name: str, seed: int) -> World:
    """One world from its beginning until it has come to rest. Raises what does not hold."""
    make, check = WORLDS[name]
    world = make(seed)
    try:
        for number in range(STEPS):
            world.step()
            if number % 50 == 0:
                world.check_rooms()
        world.settle()
        world.check_rooms()
        world.check_settled()
        check(world)
    except Exception as error:
        error.add_note("\n".join([f"{name} world, seed {seed}:", *world.log[-TOLD:]]))
        raise
    return world


def run(name: str, seeds: Iterable[int]) -> Outcome:
    """Each of the seeds; does not raise."""
    outcome = Outcome(Counter(), {})
    for seed in seeds:
        try:
            world = play(name, seed)
        except Exception as error:
            outcome.failed[seed] = "".join(traceback.format_exception(error))
            continue
        outcome.seen.update(world.refused.values())
        outcome.seen["acked"] += len(world.acked)
    return outcome
