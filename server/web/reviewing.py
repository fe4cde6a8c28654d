"""How branches, reviews, comments and releases are told over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from ot.types import Json

from ..history.diff import changes
from ..ports import DesignRow, DocumentId
from ..records import BranchRow, ReleaseRow
from ..review.gate import Reason
from ..review.rules import Rules
from .review.branches import Compared, Sides, clash_to_json
from .review.comments import Placed
from .review.desk import Desk
from .review.reviews import Reviewed
from .versions import shown_changes

__all__ = ["Shown"]


class Shown:
    """Puts names to ids, once for each answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def _people(self, tenant: str, ids: Iterable[str | None]) -> dict[str | None, Json]:
        people: dict[str | None, Json] = {None: None}
        people.update(await self._desk.people(tenant, {id for id in ids if id is not None}))
        return people

    async def branches(
        self, root: DesignRow, rows: Iterable[BranchRow], designs: Mapping[str, DesignRow]
    ) -> list[dict[str, Any]]:
        """Each as `Branch`."""
        listed = list(rows)
        tenant = listed[0].tenant if listed else ""
        people = await self._people(tenant, (row.created_by for row in listed))
        return [
            {
                "id": row.id,
                "root": row.root,
                "name": row.name,
                "state": row.state,
                "createdAt": row.created_at,
                "createdBy": people[row.created_by],
                "updatedAt": designs[row.id].updated_at,
                "version": designs[row.id].version,
                "base": {"design": row.base_design, "version": row.base_version},
                "behind": await self._behind(root, row),
                "mergedVersion": row.merged_version,
            }
            for row in listed
        ]

    async def branch(self, tenant: str, root: DesignRow, row: BranchRow) -> dict[str, Any]:
        """One as `Branch`."""
        design = await self._desk.row(DocumentId(tenant, "designs", row.id))
        return (await self.branches(root, [row], {row.id: design}))[0]

    async def _behind(self, root: DesignRow, row: BranchRow) -> int:
        if row.base_design == root.id:
            return root.version - row.base_version
        return root.version - (row.merged_version or 0)

    async def compared(self, compared: Compared) -> dict[str, Any]:
        """As `Comparison`."""
        sides = compared.sides
        own, mains = await asyncio.to_thread(_both_changes, sides)
        return {
            "base": {"design": sides.row.base_design, "version": sides.base.version},
            "main": {"version": sides.main.version},
            "branch": {"version": sides.branch.version, "hash": compared.hash},
            "changes": own,
            "mainChanges": mains,
            "conflicts": [clash_to_json(each) for each in compared.merge.conflicts],
            "renamed": [
                {"element": each.element, "from": each.old, "to": each.new}
                for each in compared.merge.renamed
            ],
            "gate": gate(compared.reasons),
        }

    async def rules(self, tenant: str, is_protected: bool, rules: Rules) -> dict[str, Any]:
        """As `Rules`."""
        told = rules.to_json()
        people = await self._people(tenant, (id for each in rules.owners for id in each.people))
        for each in told["owners"]:
            each["people"] = [people[id] for id in each["people"]]
        return {"protected": is_protected, **told}

    async def review(self, seen: Reviewed) -> dict[str, Any]:
        """As `Review`; with its gate if the reasons were asked for."""
        row, subject = seen.row, seen.subject
        ids = {row.created_by, *seen.reviewers, *subject.contributors}
        people = await self._people(row.tenant, ids | {each.author for each in seen.verdicts})
        verdicts = []
        for each in seen.verdicts:
            is_stale, counts = seen.standing(each)
            verdicts.append(
                {
                    "by": people[each.author],
                    "verdict": each.verdict,
                    "version": each.version,
                    "hash": each.hash,
                    "at": each.at,
                    "text": each.text,
                    "stale": is_stale,
                    "counts": counts,
                }
            )
        told = {
            "id": row.id,
            "design": row.design,
            "branch": row.branch,
            "from": row.from_version,
            "to": row.to_version,
            "title": row.title,
            "description": row.description,
            "state": row.state,
            "createdAt": row.created_at,
            "createdBy": people[row.created_by],
            "reviewers": [people[id] for id in seen.reviewers],
            "version": subject.version,
            "hash": subject.hash,
            "contributors": [people[id] for id in sorted(subject.contributors)],
            "verdicts": verdicts,
        }
        return told if seen.reasons is None else {**told, "gate": gate(seen.reasons)}

    async def comments(self, tenant: str, placed: Iterable[Placed]) -> list[dict[str, Any]]:
        """Each as `Comment`."""
        listed = list(placed)
        ids = {id for each in listed for id in (each.row.author, each.row.resolved_by)}
        people = await self._people(tenant, ids.union(*(each.mentions for each in listed)))
        return [
            {
                "id": each.row.id,
                "design": each.row.design,
                "thread": each.row.thread,
                "review": each.row.review,
                "author": people[each.row.author],
                "at": each.row.at,
                "editedAt": each.row.edited_at,
                "text": each.row.text,
                "mentions": [people[id] for id in each.mentions],
                "anchor": None if each.place is None else each.place.to_json(),
                "resolvedAt": each.row.resolved_at,
                "resolvedBy": people[each.row.resolved_by],
            }
            for each in listed
        ]

    async def releases(self, rows: Iterable[ReleaseRow]) -> list[dict[str, Any]]:
        """Each as `Release`."""
        listed = list(rows)
        approved: list[list[str]] = [orjson.loads(row.approvals) for row in listed]
        tenant = listed[0].tenant if listed else ""
        ids = {row.author for row in listed}.union(*approved)
        people = await self._people(tenant, ids)
        return [
            {
                "number": row.number,
                "version": row.version,
                "hash": row.hash,
                "kind": row.kind,
                "reason": row.reason,
                "at": row.at,
                "by": people[row.author],
                "approvals": [people[id] for id in approvals],
            }
            for row, approvals in zip(listed, approved, strict=True)
        ]


def gate(against: list[Reason]) -> dict[str, Any]:
    """As `Gate`."""
    return {"open": not against, "reasons": [reason.to_json() for reason in against]}


def _both_changes(sides: Sides) -> tuple[list[dict[str, Json]], list[dict[str, Json]]]:
    """What the branch has changed, and what the main design has."""
    base = sides.base.data
    own, mains = (
        shown_changes(changes(base, side.data), base, side.data)
        for side in (sides.branch, sides.main)
    )
    return own, mains
