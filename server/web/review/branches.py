"""Branches: opened, compared with the design that they came from, brought up to date, and merged.

A merge is worked out beside the loop from three snapshots and goes through the room as one op. Where
somebody changes what it relies on meanwhile, the room refuses it and it is worked out anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import orjson

from ot.merge import ABSENT
from ot.types import Json, Op

from ...check.rules import check
from ...document.design import Design
from ...document.faults import new_faults
from ...document.limits import MAX_BULK_OP_COMPONENTS
from ...document.model import name_of, path_of
from ...document.versioned import TYPE, Create, Snapshot, why_of
from ...errors import Code, DesignError
from ...history.diff import differing, element_op, to_op
from ...policy.rights import Principal, Right
from ...ports import DesignRow, DocumentId
from ...records import BranchRow, MergeRow, VerdictRow
from ...review.gate import Reason, Subject, Verdict, concerned, reasons
from ...review.merge import Choice, Clash, Merge, merge_designs
from ...review.rules import Rules
from ...types.registry import TypeRegistry
from .choices import Path, value_at
from .desk import Desk, new_id, text_of

__all__ = [
    "MAX_BRANCHES",
    "MAX_BRANCH_NAME",
    "Branches",
    "Compared",
    "Sides",
    "clash_to_json",
    "gated",
]

MAX_BRANCH_NAME: Final = 128
MAX_BRANCHES: Final = 200
"""Open at once of one design."""

_TRIES: Final = 8
"""To merge while others change what the merge is about."""

_PENDING_MS: Final = 120_000
"""After so long a merge whose op is not in the log was never committed: nobody waits for it."""

_REFUSED: Final = frozenset(
    {Code.INVALID, Code.TREE, Code.NAME_TAKEN, Code.TOO_LARGE, Code.UNSAFE_OP, Code.OP_NOT_APPLIED}
)
_MOST_FAULTS: Final = 50


@dataclass(frozen=True, slots=True)
class Sides:
    """The three states that a merge is made of; `base` is that of the branch's row."""

    root: DocumentId
    row: BranchRow
    base: Snapshot
    main: Snapshot
    branch: Snapshot

    @property
    def document(self) -> DocumentId:
        """The branch's."""
        return self.root._replace(id=self.row.id)


@dataclass(frozen=True, slots=True)
class Compared:
    """How a branch and its root differ, and what stands against merging it."""

    sides: Sides
    merge: Merge
    hash: str
    reasons: list[Reason]


class Branches:
    """All of it raises DesignError and `StoreUnavailable`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._records = desk.records

    # -- the list ----------------------------------------------------------------------------------

    async def listed(
        self, principal: Principal, id: str, *, every: bool
    ) -> tuple[DesignRow, list[BranchRow], dict[str, DesignRow]]:
        """The root, its branches (the open ones, or every one), and what the catalogue says of them."""
        root, row, _ = await self._desk.root(principal, Right.READ, id)
        found = await self._records.branches.find(tenant=root.tenant, root=root.id)
        kept = sorted(
            (each for each in found if every or each.state == "open"),
            key=lambda each: (-each.created_at, each.id),
        )
        rows: dict[str, DesignRow] = {}
        for each in kept:
            design = await self._desk.designs.get(root.tenant, each.id)
            if design is not None and design.trashed_at is None:
                rows[each.id] = design
        return row, [each for each in kept if each.id in rows], rows

    async def one(
        self, principal: Principal, id: str, branch: str, right: Right = Right.READ
    ) -> tuple[DocumentId, DesignRow, BranchRow]:
        """(root, its row, the branch). Raises: DesignError(NOT_FOUND) if it is not one of that root."""
        root, row, _ = await self._desk.root(principal, right, id)
        return root, row, await self.of_root(root, branch)

    async def of_root(self, root: DocumentId, branch: str) -> BranchRow:
        """One of the root's branches, with its merges settled."""
        found = await self._records.branches.get(root.tenant, branch)
        if found is None or found.root != root.id:
            raise DesignError(Code.NOT_FOUND, "There is no such branch")
        design = await self._desk.designs.get(root.tenant, branch)
        if design is None or design.trashed_at is not None:
            raise DesignError(Code.NOT_FOUND, "There is no such branch")
        return await self._settled(root, found)

    async def create(
        self, principal: Principal, id: str, name: Json, version: int | None
    ) -> BranchRow:
        """A new branch of the root's version (None: as it is now)."""
        desk = self._desk
        wanted = text_of(name, "name", MAX_BRANCH_NAME)
        root, _, _ = await desk.root(principal, Right.BRANCH, id)
        opened = await self._records.branches.find(tenant=root.tenant, root=root.id, state="open")
        if len(opened) >= MAX_BRANCHES:
            raise DesignError(
                Code.TOO_LARGE,
                f"A design has at most {MAX_BRANCHES} open branches",
                limit=MAX_BRANCHES,
            )
        if version is None:
            snapshot = await desk.rooms.snapshot(root)
        else:
            snapshot = await desk.history.snapshot(root, version)
        if snapshot.type is None:
            raise DesignError(Code.NOT_FOUND, "There is no design in this version")
        document = root._replace(id=new_id("b"))
        # Its old faults came with it: they block nobody here either.
        judged = await asyncio.to_thread(
            lambda: Design.from_json(snapshot.data, desk.types, strict=False)
        )
        why = {"kind": "branch", "design": root.id, "version": snapshot.version}
        made = await desk.rooms.submit(
            document, Create(TYPE, snapshot.data, judged), principal.id, why=why
        )
        now = desk.clock()
        row = BranchRow(
            tenant=root.tenant,
            id=document.id,
            root=root.id,
            name=wanted,
            state="open",
            created_at=now,
            created_by=principal.id,
            base_design=root.id,
            base_version=snapshot.version,
            own_version=made,
        )
        await self._records.branches.add(row)
        # Last of all: it can be opened once everything else is there.
        shown = DesignRow(
            id=document.id,
            name=name_of(snapshot.data.get("meta")) or "",
            created_at=now,
            created_by=principal.id,
            updated_at=now,
            version=made,
            trashed_at=None,
            root=root.id,
        )
        await desk.designs.add(root.tenant, shown)
        await desk.acts.record(principal, "branch.open", root, branch=row.id)
        await desk.news.tell(root, "branches", row.id)
        return row

    async def change(
        self, principal: Principal, id: str, branch: str, name: Json, state: Json
    ) -> BranchRow:
        """Another name, closed, or open again."""
        root, _, row = await self.one(principal, id, branch, Right.BRANCH)
        new = row
        if name is not None:
            new = replace(new, name=text_of(name, "name", MAX_BRANCH_NAME))
        if state is not None:
            if state not in ("open", "closed"):
                raise DesignError(Code.MESSAGE_BADLY_FORMED, "A branch is made `open` or `closed`")
            new = replace(new, state=state)
        if new != row:
            if not await self._records.branches.replace(row, new):
                raise DesignError(Code.STALE, "The branch was changed meanwhile")
            await self._desk.acts.record(
                principal, "branch.change", root, branch=row.id, state=new.state
            )
            await self._desk.news.tell(root, "branches", row.id)
        return new

    # -- both sides --------------------------------------------------------------------------------

    async def sides(self, root: DocumentId, row: BranchRow) -> Sides:
        """The three states, the base from the log."""
        desk = self._desk
        base = await desk.history.snapshot(root._replace(id=row.base_design), row.base_version)
        main = await desk.rooms.snapshot(root)
        branch = await desk.rooms.snapshot(root._replace(id=row.id))
        return Sides(root, row, base, main, branch)

    async def compare(self, principal: Principal, id: str, branch: str) -> Compared:
        """What each side has changed, what is in conflict, and what stands against the merge."""
        root, _, row = await self.one(principal, id, branch)
        sides = await self.sides(root, row)
        merged = await self.merged(sides)
        hash = await self._desk.hash_of(sides.document, sides.branch)
        found = await self.against(sides, merged, hash)
        return Compared(sides, merged, hash, found)

    async def merged(self, sides: Sides) -> Merge:
        """What a merge would make of them, nothing decided."""
        return await asyncio.to_thread(_merged, sides, self._desk.types, {})

    async def against(self, sides: Sides, merged: Merge | None, hash: str) -> list[Reason]:
        """What stands against merging the branch as it is now. `merged`: without choices, or None."""
        desk = self._desk
        rules = await desk.rules(sides.root)
        subject = Subject(
            sides.row.id, sides.branch.version, hash, await self.contributors(sides.root, sides.row)
        )
        verdicts = await self.verdicts(sides.root, sides.row.id)
        found = await asyncio.to_thread(
            _against, sides, merged, rules, subject, verdicts, desk.types
        )
        if merged is not None and merged.conflicts:
            count = len(merged.conflicts)
            message = f"{count} conflict{'s' * (count > 1)} with the main design"
            found.append(Reason("conflicts", message, {"count": count}))
        return found

    async def contributors(self, root: DocumentId, row: BranchRow) -> frozenset[str]:
        """Whose ops the branch brings, as it is now."""
        document = root._replace(id=row.id)
        head = (await self._desk.store.head(document)).version
        return await self._desk.contributors.between(document, row.own_version, head)

    async def verdicts(self, root: DocumentId, branch: str) -> list[Verdict]:
        """Of all open reviews of the branch, in the order in which they were given."""
        reviews = await self._records.reviews.find(
            tenant=root.tenant, design=root.id, branch=branch, state="open"
        )
        found: list[VerdictRow] = []
        for review in reviews:
            found += await self._records.verdicts.find(tenant=root.tenant, review=review.id)
        found.sort(key=lambda each: (each.at, each.number))
        return [
            Verdict(each.author, each.verdict, branch, each.version, each.hash) for each in found
        ]

    # -- merging -----------------------------------------------------------------------------------

    async def update(
        self, principal: Principal, id: str, branch: str, choices: Mapping[Path, Choice]
    ) -> dict[str, Any]:
        """Bring what the main design has changed into the branch."""
        root, _, standing = await self._desk.root(principal, Right.BRANCH, id)
        for _ in range(_TRIES):
            sides = await self.sides(root, await self.of_root(root, branch))
            merged = await asyncio.to_thread(_merged, sides, self._desk.types, choices)
            _require_no_conflicts(merged)
            op = await asyncio.to_thread(_op, sides.branch.data, merged.document)
            # What comes from main is as it is there; what is decided is an edit of whoever decides.
            within = standing.within if choices else None
            try:
                return await self._commit(
                    principal, sides, merged, "update", op, sides.branch, within=within
                )
            except DesignError as error:
                if error.code is not Code.STALE:
                    raise
        raise DesignError(Code.STALE, "The branch keeps changing where main has changed: try again")

    async def merge(
        self,
        principal: Principal,
        id: str,
        branch: str,
        choices: Mapping[Path, Choice],
        *,
        version: int | None = None,
        hash: str | None = None,
        main: int | None = None,
    ) -> dict[str, Any]:
        """Bring what the branch has changed into the main design.

        Args: version, hash: of the branch as it was looked at. main: the version of the main design
            that the choices were made on.
        Raises: DesignError: STALE, CONFLICT, GATED, or the refusal of an edit (the result would be
            invalid: `faults` say why). Nothing is changed then.
        """
        root, _, standing = await self._desk.root(principal, Right.MERGE, id)
        for _ in range(_TRIES):
            row = await self.of_root(root, branch)
            if row.state != "open":
                raise DesignError(Code.STALE, f"The branch is {row.state}", state=row.state)
            sides = await self.sides(root, row)
            found = await self._desk.hash_of(sides.document, sides.branch)
            if version not in (None, sides.branch.version) or hash not in (None, found):
                raise DesignError(
                    Code.STALE,
                    "The branch has changed since it was looked at",
                    version=sides.branch.version,
                    hash=found,
                )
            await self._require_same_choices(sides, choices, main)
            merged = await asyncio.to_thread(_merged, sides, self._desk.types, choices)
            _require_no_conflicts(merged)
            against = await self.against(sides, merged, found)
            if against:
                raise gated(against)
            op = await asyncio.to_thread(_op, sides.main.data, merged.document)
            try:
                return await self._commit(
                    principal, sides, merged, "merge", op, sides.main, within=standing.within
                )
            except DesignError as error:
                if error.code is not Code.STALE:
                    raise
        raise DesignError(Code.STALE, "The design keeps changing where the branch has: try again")

    async def _require_same_choices(
        self, sides: Sides, choices: Mapping[Path, Choice], main: int | None
    ) -> None:
        """Nobody decides against a value that they have not seen."""
        if main is None or main == sides.main.version or not choices:
            return
        seen = await self._desk.history.snapshot(sides.root, main)
        for path in choices:
            if value_at(seen.data, path) != value_at(sides.main.data, path):
                raise DesignError(
                    Code.STALE,
                    "The design has changed where a conflict was decided",
                    path=list(path),
                    version=sides.main.version,
                )

    async def _commit(
        self,
        principal: Principal,
        sides: Sides,
        merged: Merge,
        kind: Literal["merge", "update"],
        op: Op,
        target: Snapshot,
        *,
        within: Any,
    ) -> dict[str, Any]:
        desk = self._desk
        document = sides.root if kind == "merge" else sides.document
        contributors = frozenset[str]()
        if kind == "merge":
            contributors = await self.contributors(sides.root, sides.row)
        row = MergeRow(
            tenant=sides.root.tenant,
            id=new_id("m"),
            branch=sides.row.id,
            kind=kind,
            author=principal.id,
            at=desk.clock(),
            main_version=sides.main.version,
            branch_version=sides.branch.version,
            resolutions=orjson.dumps([clash_to_json(each) for each in merged.settled]).decode(),
            renamed=orjson.dumps(
                [
                    {"element": each.element, "from": each.old, "to": each.new}
                    for each in merged.renamed
                ]
            ).decode(),
            contributors=orjson.dumps(sorted(contributors)).decode(),
        )
        # Known before it happens: what a crash leaves is found out from the log.
        await self._records.merges.add(row)
        version = target.version
        if op:
            why = {
                "kind": kind,
                "merge": row.id,
                "design": sides.row.id if kind == "merge" else sides.root.id,
                "version": sides.branch.version if kind == "merge" else sides.main.version,
                # Sealed with the op: who may approve it is read from here.
                "contributors": sorted(contributors),
                "decided": len(merged.settled),
            }
            try:
                version = await desk.rooms.submit(
                    document,
                    op,
                    principal.id,
                    base=target.version,
                    why=why,
                    within=within,
                    is_merge=True,
                )
            except DesignError as error:
                if error.code.is_retryable:  # it may be committed all the same
                    raise
                await self._records.merges.remove(row)
                if error.code in _REFUSED:
                    raise await self._with_faults(error, target, merged) from None
                raise
        await self._finish(sides.root, sides.row, row, version)
        await desk.acts.record(
            principal,
            f"branch.{kind}",
            sides.root,
            branch=sides.row.id,
            merge=row.id,
            version=version,
            decided=len(merged.settled),
        )
        await desk.news.tell(sides.root, "branches", sides.row.id)
        return {"version": version, "merge": row.id, "renamed": orjson.loads(row.renamed)}

    async def _with_faults(
        self, error: DesignError, target: Snapshot, merged: Merge
    ) -> DesignError:
        """The refusal with all that would be wrong, not only the first of it."""

        def found() -> list[dict[str, Any]]:
            types = self._desk.types
            before, after = (
                Design.from_json(each, types, strict=False).faults()
                for each in (target.data, merged.document)
            )
            return [
                {
                    "element": each.element,
                    "path": list(each.path),
                    "rule": each.rule,
                    "message": each.message,
                }
                for each in new_faults(before, after)[:_MOST_FAULTS]
            ]

        try:
            faults = await asyncio.to_thread(found)
        except DesignError:
            faults = []
        return DesignError(error.code, error.message, **{**error.details, "faults": faults})

    async def _finish(
        self, root: DocumentId, branch: BranchRow, merge: MergeRow, version: int
    ) -> BranchRow:
        """Say of the branch what the merge has made of it. May be done twice."""
        if merge.kind == "merge":
            new = replace(
                branch,
                state="merged",
                base_design=branch.id,
                base_version=merge.branch_version,
                own_version=merge.branch_version,
                merged_version=version,
            )
            for review in await self._records.reviews.find(
                tenant=root.tenant, design=root.id, branch=branch.id, state="open"
            ):
                await self._records.reviews.replace(review, replace(review, state="merged"))
        else:
            new = replace(branch, base_design=root.id, base_version=merge.main_version)
        if not await self._records.branches.replace(branch, new):
            # Renamed meanwhile, or settled by whoever looked: as it is now, it is brought to the same.
            now = await self._records.branches.get(root.tenant, branch.id)
            assert now is not None
            new = replace(new, name=now.name)
            await self._records.branches.replace(now, new)
        await self._records.merges.replace(merge, replace(merge, version=version))
        return new

    async def _settled(self, root: DocumentId, branch: BranchRow) -> BranchRow:
        """The branch, after merges that were begun and not finished: a node died, or took long."""
        for merge in await self._records.merges.find(
            tenant=root.tenant, branch=branch.id, version=None
        ):
            document, start = root, merge.main_version
            if merge.kind == "update":
                document, start = root._replace(id=branch.id), merge.branch_version
            version = await self._find(document, start, merge.id)
            if version is not None:
                branch = await self._finish(root, branch, merge, version)
            elif self._desk.clock() - merge.at > _PENDING_MS:
                await self._records.merges.remove(merge)
        return branch

    async def _find(self, document: DocumentId, start: int, merge: str) -> int | None:
        """The version that the merge has led to, if its op is in the log."""
        while ops := await self._desk.store.read(document, start, start + 200):
            for op in ops:
                why = why_of(op.body)
                if why is not None and why.get("merge") == merge:
                    return op.version + 1
            start += len(ops)
        return None


def gated(against: Sequence[Reason]) -> DesignError:
    """The refusal of a merge or a release."""
    return DesignError(
        Code.GATED, against[0].message, reasons=[reason.to_json() for reason in against]
    )


def clash_to_json(clash: Clash) -> dict[str, Any]:
    """A conflict as it is told: what stands nowhere is left out."""
    told: dict[str, Any] = {"path": list(clash.path), "kind": clash.kind}
    for name in ("base", "main", "branch"):
        value = getattr(clash, name)
        if value is not ABSENT:
            told[name] = value
    return told


def _merged(sides: Sides, types: TypeRegistry, choices: Mapping[Path, Choice]) -> Merge:
    return merge_designs(sides.base.data, sides.main.data, sides.branch.data, types, choices)


def _op(old: Mapping[str, Any], new: Mapping[str, Any]) -> Op:
    """From one side to the merged design. Of very many changes, elements are set whole."""
    op = to_op(old, new)
    if len(op) <= MAX_BULK_OP_COMPONENTS:
        return op
    op = []
    for element, before, after in differing(old, new):
        parts = element_op(element, before, after)
        if len(parts) > 1 and "/" in element:
            parts = [{"p": path_of(element), "od": before, "oi": after}]
        op += parts
    return op


def _require_no_conflicts(merged: Merge) -> None:
    if merged.conflicts:
        raise DesignError(
            Code.CONFLICT,
            "Both sides have changed the same: say for each conflict what is to stand there",
            conflicts=[clash_to_json(clash) for clash in merged.conflicts],
        )


def _against(
    sides: Sides,
    merged: Merge | None,
    rules: Rules,
    subject: Subject,
    verdicts: Sequence[Verdict],
    types: TypeRegistry,
) -> list[Reason]:
    owners = []
    if rules.owners:
        changed = [element for element, _, _ in differing(sides.base.data, sides.branch.data)]
        owners = concerned(rules, changed, sides.base.data, sides.branch.data)
    findings = check(merged.document, types) if merged is not None and rules.checks else ()
    return reasons(rules, subject, verdicts, owners=owners, findings=findings)
