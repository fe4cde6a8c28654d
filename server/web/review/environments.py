"""Environments: which version is released to each, by promotion, rollback, or in an emergency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

from ot.types import Json

from ...document.versioned import Snapshot
from ...errors import Code, DesignError
from ...policy.rights import Principal, Right
from ...ports import DocumentId
from ...records import ReleaseRow, VerdictRow
from ...review.gate import Subject, Verdict, approvers, reasons
from ...review.rules import Environment, Rules
from .branches import gated
from .desk import Desk, text_of

__all__ = ["MAX_REASON", "Environments"]

MAX_REASON: Final = 2_000
_TRIES: Final = 5


class Environments:
    """All of it raises DesignError and `StoreUnavailable`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._records = desk.records

    async def listed(
        self, principal: Principal, id: str
    ) -> list[tuple[Environment, ReleaseRow | None]]:
        """Each with what it has now."""
        root, _, _ = await self._desk.root(principal, Right.READ, id)
        rules = await self._desk.rules(root)
        return [(each, await self._current(root, each.name)) for each in rules.environments]

    async def rows(self, principal: Principal, id: str, name: str) -> list[ReleaseRow]:
        """All that was ever released to it, newest first."""
        root, _, _ = await self._desk.root(principal, Right.READ, id)
        await self._environment(root, name)
        return list(reversed(await self._all(root, name)))

    async def release(
        self, principal: Principal, id: str, name: str
    ) -> tuple[ReleaseRow, DocumentId]:
        """What the environment has now. Raises: DesignError(NOT_FOUND) before the first release."""
        part = f"environments/{name}"
        root, _, _ = await self._desk.root(principal, Right.READ, id, part)
        await self._environment(root, name)
        row = await self._current(root, name)
        if row is None:
            raise DesignError(Code.NOT_FOUND, f"Nothing was released to {name} yet")
        return row, root

    async def document(self, root: DocumentId, row: ReleaseRow) -> Snapshot:
        """The released design, which is exactly what was approved.

        Raises: DesignError(UNAVAILABLE) if what is stored is not what was released.
        """
        snapshot = await self._desk.history.snapshot(root, row.version)
        if await self._desk.hash_of(root, snapshot) != row.hash:
            raise DesignError(Code.UNAVAILABLE, "What is stored is not what was released")
        return snapshot

    async def put(
        self, principal: Principal, id: str, name: str, version: Json, kind: Json, reason: Json
    ) -> ReleaseRow:
        """Release a version: as a promotion, a rollback to one that it had, or in an emergency.

        Raises: DesignError: GATED if it is not approved, or was never released where it should go
            back to.
        """
        desk = self._desk
        if kind not in ("promotion", "rollback", "emergency"):
            raise _wrong("A release is a `promotion`, a `rollback` or an `emergency`")
        if type(version) is not int or version < 1:
            raise _wrong("`version` is a version of the design")
        right = Right.PROMOTE_EMERGENCY if kind == "emergency" else Right.PROMOTE
        root, _, _ = await desk.root(principal, right, id, f"environments/{name}")
        rules = await desk.rules(root)
        environment = await self._environment(root, name)
        least = 0 if kind == "promotion" else 1
        why = text_of(reason or "", "reason", MAX_REASON, least=least)
        snapshot = await desk.history.snapshot(root, version)
        if snapshot.type is None:
            raise DesignError(Code.NOT_FOUND, "There is no design in this version")
        hash = await desk.hash_of(root, snapshot)
        for _ in range(_TRIES):
            before = await self._all(root, name)
            approved: Sequence[str] = ()
            if kind == "rollback":
                if not any((row.version, row.hash) == (version, hash) for row in before):
                    raise DesignError(
                        Code.GATED,
                        "A rollback goes to a version that was released before",
                        reasons=[{"rule": "rollback", "message": "It was never released here"}],
                    )
            else:
                is_free = kind == "emergency" or not environment.needs_approval
                approved = await self._approved(
                    root, rules, Snapshot(version, snapshot.type, None), hash, before, is_free
                )
            row = ReleaseRow(
                tenant=root.tenant,
                design=root.id,
                environment=name,
                number=len(before) + 1,
                version=version,
                hash=hash,
                kind=kind,
                reason=why,
                at=desk.clock(),
                author=principal.id,
                approvals=orjson.dumps(sorted(approved)).decode(),
            )
            if await self._records.releases.add(row):
                await desk.acts.record(
                    principal,
                    f"release.{kind}",
                    root,
                    environment=name,
                    version=version,
                    hash=hash,
                )
                await desk.news.tell(root, "environments", name)
                return row
        raise DesignError(Code.STALE, "Others release to this environment: try again")

    async def _approved(
        self,
        root: DocumentId,
        rules: Rules,
        snapshot: Snapshot,
        hash: str,
        before: Sequence[ReleaseRow],
        is_free: bool,
    ) -> Sequence[str]:
        """Who has approved it. Raises: DesignError(GATED) unless it is free of that."""
        # Everything since what the environment has: nobody approves a range that leaves out their own.
        known = [row.version for row in before if row.version <= snapshot.version]
        start = known[-1] if known else 0
        people = await self._desk.contributors.between(root, start, snapshot.version)
        subject = Subject(
            root.id, snapshot.version, hash, people, await self._aliases(root, snapshot.version)
        )
        # What people said of other versions, or of branches that are not in this one, is another matter.
        verdicts = [each for each in await self._verdicts(root) if not subject.is_stale(each)]
        if not is_free:
            against = reasons(rules, subject, verdicts, at_least=1)
            if against:
                raise gated(against)
        return sorted(approvers(subject, verdicts))

    async def _aliases(self, root: DocumentId, version: int) -> frozenset[tuple[str, int]]:
        """The branches that were merged into exactly this version, at the versions that were merged."""
        found = set()
        for branch in await self._records.branches.find(tenant=root.tenant, root=root.id):
            for merge in await self._records.merges.find(
                tenant=root.tenant, branch=branch.id, kind="merge", version=version
            ):
                found.add((branch.id, merge.branch_version))
        return frozenset(found)

    async def _verdicts(self, root: DocumentId) -> list[Verdict]:
        """Of all reviews that are not closed, in the order in which they were given."""
        found: list[tuple[int, str, int, Verdict]] = []
        for review in await self._records.reviews.find(tenant=root.tenant, design=root.id):
            if review.state == "closed":
                continue
            rows = await self._records.verdicts.find(tenant=root.tenant, review=review.id)
            found += [
                (row.at, row.review, row.number, _verdict(review.branch or root.id, row))
                for row in rows
            ]
        return [verdict for *_, verdict in sorted(found, key=lambda each: each[:3])]

    async def _environment(self, root: DocumentId, name: str) -> Environment:
        rules = await self._desk.rules(root)
        found = next((each for each in rules.environments if each.name == name), None)
        if found is None:
            raise DesignError(Code.NOT_FOUND, "There is no such environment")
        return found

    async def _all(self, root: DocumentId, name: str) -> Sequence[ReleaseRow]:
        return await self._records.releases.find(
            tenant=root.tenant, design=root.id, environment=name
        )

    async def _current(self, root: DocumentId, name: str) -> ReleaseRow | None:
        rows = await self._all(root, name)
        return rows[-1] if rows else None


def _verdict(document: str, row: VerdictRow) -> Verdict:
    return Verdict(row.author, row.verdict, document, row.version, row.hash)


def _wrong(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)
