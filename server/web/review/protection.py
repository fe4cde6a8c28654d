"""The rules of a design, and whether its main line is protected."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from ot.types import Json

from ...errors import Code, DesignError
from ...policy.rights import Principal, Right
from ...records import RulesRow
from ...review.rules import Rules
from .desk import Desk

__all__ = ["Protection"]

_TRIES = 5


class Protection:
    """All of it raises DesignError and `StoreUnavailable`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def rules(self, principal: Principal, id: str) -> tuple[bool, Rules]:
        """(is it protected, its rules)."""
        root, row, _ = await self._desk.root(principal, Right.READ, id)
        return row.protected_at is not None, await self._desk.rules(root)

    async def change(
        self, principal: Principal, id: str, given: Mapping[str, Json]
    ) -> tuple[bool, Rules]:
        """Change what is given. From the answer on, nobody edits a protected design, on any node."""
        desk = self._desk
        root, row, _ = await desk.root(principal, Right.PROTECT, id)
        protected = given.get("protected")
        if protected is not None and type(protected) is not bool:
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "`protected` is true or false")
        rows = desk.records.rules
        for _ in range(_TRIES):
            kept = await rows.get(root.tenant, root.id)
            before = Rules() if kept is None else Rules().changed(orjson.loads(kept.body))
            after = before.changed(given)
            new = RulesRow(root.tenant, root.id, orjson.dumps(after.to_json()).decode())
            if await (rows.add(new) if kept is None else rows.replace(kept, new)):
                break
        else:
            raise DesignError(Code.STALE, "Others change the rules: try again")
        is_protected = row.protected_at is not None
        if protected is not None and protected != is_protected:
            is_protected = protected
            at = desk.clock() if protected else None
            await desk.designs.set_protected(root.tenant, root.id, at)
            desk.access.forget(root)
            await desk.protection_changed(root)
        changed = sorted(key for key in given if key in {"protected", *after.to_json()})
        await desk.acts.record(
            principal, "rules.change", root, changed=changed, protected=is_protected
        )
        await desk.news.tell(root, "rules", root.id)
        return is_protected, after
