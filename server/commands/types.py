"""`coweave types`: is a pack of component types right, and may it take the place of another one?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["add_commands"]

Add = Callable[[str, Callable[..., int], str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the command. `add(name, run, about)` makes a subcommand's parser."""
    types = add(
        "types",
        _run,
        "Check a pack of component types. Exit code 0: right, 1: it may not take the place of the one before, "
        "2: it is not right.",
    )
    types.add_argument("pack", type=Path, metavar="DIR", help="the folder of the pack")
    types.add_argument(
        "--against",
        type=Path,
        metavar="DIR",
        help="the pack as it was: what designs hold by its schemas must stay right",
    )


def _run(options: argparse.Namespace, settings: object) -> int:
    from ..packs import read_pack, registry
    from ..types.compatibility import refusals
    from ..types.packs import PackError, shared_schemas

    try:
        registry([options.pack])
        pack = read_pack(options.pack)
        before = None if options.against is None else read_pack(options.against)
    except (PackError, ValueError, OSError) as error:
        print(f"coweave: {error}", file=sys.stderr)
        return 2
    print(f"{pack.name} {pack.manifest['version']}: {len(pack.types)} versions of types")
    if before is None:
        return 0
    found = refusals(before.schemas(), pack.schemas(), shared_schemas())
    for (name, version), breaks in found.items():
        for each in breaks:
            print(f"{name} version {version}: {each}")
    if found:
        print("A schema that takes less needs a new version with a migration.")
    return int(bool(found))
