"""Reviews: of a branch, or of what lies between two versions; who approves, and who is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ot.types import Json

from ...check.rules import check
from ...document.versioned import Snapshot
from ...errors import Code, DesignError
from ...history.diff import differing
from ...policy.rights import DESIGNS, Principal, Right
from ...ports import DocumentId
from ...records import Ask, ReviewRow, VerdictRow
from ...review.gate import (
    APPROVE,
    REQUEST_CHANGES,
    Reason,
    Subject,
    Verdict,
    concerned,
    reasons,
)
from .branches import Branches
from .desk import Desk, new_id, text_of, texts_in

__all__ = ["MAX_DESCRIPTION", "MAX_REVIEWERS", "MAX_TITLE", "Reviewed", "Reviews", "Wanted"]

MAX_TITLE: Final = 200
MAX_DESCRIPTION: Final = 10_000
MAX_REVIEWERS: Final = 50
_TRIES: Final = 5
"""To say something while others say something of the same review."""

ASKED: Final = "review"
"""The kind of `Ask` that a reviewer has."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review with what it is about now. `reasons` are None where they were not asked for."""

    row: ReviewRow
    reviewers: tuple[str, ...]
    subject: Subject
    verdicts: Sequence[VerdictRow]
    reasons: list[Reason] | None = None

    def standing(self, verdict: VerdictRow) -> tuple[bool, bool]:
        """(stale, counts) of one verdict."""
        said = _verdict(self.subject.document, verdict)
        is_last = not any(
            each.author == verdict.author and each.number > verdict.number for each in self.verdicts
        )
        return self.subject.is_stale(said), is_last and self.subject.counts(said)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A review that waits for somebody. `why`: reviewer, owner or changes-requested."""

    reviewed: Reviewed
    why: str


class Reviews:
    """All of it raises DesignError and `StoreUnavailable`."""

    def __init__(self, desk: Desk, branches: Branches) -> None:
        self._desk = desk
        self._records = desk.records
        self._branches = branches

    async def listed(self, principal: Principal, id: str, state: str) -> list[Reviewed]:
        """Those in a state ("all": in any), the newest first."""
        root, _, _ = await self._desk.root(principal, Right.READ, id)
        equal = {} if state == "all" else {"state": state}
        rows = await self._records.reviews.find(tenant=root.tenant, design=root.id, **equal)
        rows = sorted(rows, key=lambda row: (-row.created_at, row.id))
        found = []
        for row in rows:
            try:
                found.append(await self._reviewed(root, row))
            except DesignError as error:
                if error.code is not Code.NOT_FOUND:
                    raise  # its branch is in the trash, and so is it
        return found

    async def one(self, principal: Principal, id: str, review: str) -> Reviewed:
        """With what stands against what it is about."""
        root, row = await self._row(principal, Right.READ, id, review)
        return await self._with_reasons(root, await self._reviewed(root, row))

    async def create(
        self,
        principal: Principal,
        id: str,
        *,
        title: Json,
        description: Json,
        branch: Json,
        versions: tuple[Json, Json],
        reviewers: Json,
    ) -> Reviewed:
        """A new review, of a branch or of what `versions` lie between."""
        root, _, _ = await self._desk.root(principal, Right.COMMENT, id)
        asked = texts_in([] if reviewers is None else reviewers, "reviewers", MAX_REVIEWERS)
        start, end = versions
        if (branch is None) == (start is None and end is None):
            raise _wrong("A review is of a `branch`, or of what lies between `from` and `to`")
        if branch is not None:
            if type(branch) is not str:
                raise _wrong("`branch` is an id")
            await self._branches.of_root(root, branch)
        else:
            if type(start) is not int or type(end) is not int or not 0 < start < end:
                raise _wrong("`from` and `to` are two versions, the older first")
            await self._desk.history.snapshot(root, end)  # must be there
        row = ReviewRow(
            tenant=root.tenant,
            id=new_id("r"),
            design=root.id,
            branch=branch,
            from_version=start,
            to_version=end,
            title=text_of(title, "title", MAX_TITLE),
            description=text_of(description or "", "description", MAX_DESCRIPTION, least=0),
            state="open",
            created_at=self._desk.clock(),
            created_by=principal.id,
        )
        await self._records.reviews.add(row)
        await self._ask(row, asked)
        await self._noted(principal, root, row, "review.open")
        return await self._with_reasons(root, await self._reviewed(root, row))

    async def change(
        self, principal: Principal, id: str, review: str, given: dict[str, Json]
    ) -> Reviewed:
        """Another title, description or set of reviewers; closed, or open again."""
        root, row = await self._row(principal, Right.COMMENT, id, review)
        if principal.id != row.created_by:
            await self._desk.access.check(principal, Right.MERGE, root)
        new = row
        if "title" in given:
            new = replace(new, title=text_of(given["title"], "title", MAX_TITLE))
        if "description" in given:
            text = text_of(given["description"], "description", MAX_DESCRIPTION, least=0)
            new = replace(new, description=text)
        if "state" in given:
            if given["state"] not in ("open", "closed"):
                raise _wrong("A review is made `open` or `closed`")
            new = replace(new, state=given["state"])
        reviewers = given.get("reviewers")
        asked = None if reviewers is None else texts_in(reviewers, "reviewers", MAX_REVIEWERS)
        if new != row and not await self._records.reviews.replace(row, new):
            raise DesignError(Code.STALE, "The review was changed meanwhile")
        if asked is not None:
            await self._ask(new, asked)
        await self._noted(principal, root, new, "review.change", state=new.state)
        return await self._with_reasons(root, await self._reviewed(root, new))

    async def judge(
        self,
        principal: Principal,
        id: str,
        review: str,
        *,
        verdict: Json,
        version: Json,
        hash: Json,
        text: Json,
    ) -> Reviewed:
        """Approve, or request changes of, exactly what was looked at.

        Raises: DesignError: STALE if that is not what is there now; OWN_CHANGE.
        """
        root, row = await self._row(principal, Right.REVIEW, id, review)
        if verdict not in (APPROVE, REQUEST_CHANGES):
            raise _wrong(f"A verdict is `{APPROVE}` or `{REQUEST_CHANGES}`")
        if type(version) is not int or type(hash) is not str:
            raise _wrong("A verdict names the `version` and the `hash` of what was looked at")
        said = text_of(text or "", "text", MAX_DESCRIPTION, least=0)
        for _ in range(_TRIES):
            seen = await self._reviewed(root, row)
            subject = seen.subject
            if row.state != "open":
                raise DesignError(Code.STALE, f"The review is {row.state}", state=row.state)
            if (version, hash) != (subject.version, subject.hash):
                raise DesignError(
                    Code.STALE,
                    "It has changed since you looked at it",
                    version=subject.version,
                    hash=subject.hash,
                )
            if verdict == APPROVE and principal.id in subject.contributors:
                raise DesignError(
                    Code.OWN_CHANGE, "Nobody approves a change that they contributed to"
                )
            kept = VerdictRow(
                tenant=root.tenant,
                review=row.id,
                number=len(seen.verdicts) + 1,
                author=principal.id,
                verdict=verdict,
                version=version,
                hash=hash,
                at=self._desk.clock(),
                text=said,
            )
            if await self._records.verdicts.add(kept):
                await self._noted(
                    principal, root, row, f"review.{verdict}", version=version, hash=hash
                )
                return await self._with_reasons(root, await self._reviewed(root, row))
        raise DesignError(Code.STALE, "Others say something of this review: try again")

    async def waiting(self, principal: Principal) -> list[Wanted]:
        """The open reviews that wait for `principal`: asked for, as an owner, or their own with changes
        requested."""
        found: dict[str, Wanted] = {}
        rows = await self._records.reviews.find(tenant=principal.tenant, state="open")
        asks = await self._records.asks.find(
            tenant=principal.tenant, person=principal.id, kind=ASKED
        )
        asked = {ask.subject for ask in asks}
        for row in rows:
            root = DocumentId(principal.tenant, DESIGNS, row.design)
            try:
                await self._desk.access.check(principal, Right.READ, root)
                if not await self._may_wait(principal, root, row, asked):
                    continue
                reviewed = await self._reviewed(root, row)
            except DesignError:
                continue  # hidden from them, in the trash, or its branch is
            if (why := await self._why(principal, root, reviewed, asked)) is not None:
                found[row.id] = Wanted(reviewed, why)
        return sorted(found.values(), key=lambda each: -each.reviewed.row.created_at)

    async def _may_wait(
        self, principal: Principal, root: DocumentId, row: ReviewRow, asked: set[str]
    ) -> bool:
        """Whether it is worth looking at: most reviews of a tenant wait for others."""
        if row.created_by == principal.id or row.id in asked:
            return True
        rules = await self._desk.rules(root)
        return any(principal.id in each.people for each in rules.owners)

    async def _why(
        self, principal: Principal, root: DocumentId, seen: Reviewed, asked: set[str]
    ) -> str | None:
        last = {each.author: each for each in seen.verdicts}
        if seen.row.created_by == principal.id:
            is_asked_to_change = any(each.verdict == REQUEST_CHANGES for each in last.values())
            return "changes-requested" if is_asked_to_change else None
        own = last.get(principal.id)
        if own is not None and not seen.subject.is_stale(_verdict(seen.subject.document, own)):
            return None
        if seen.row.id in asked:
            return "reviewer"
        rules = await self._desk.rules(root)
        if not any(principal.id in each.people for each in rules.owners):
            return None
        if principal.id in seen.subject.contributors:
            return None
        before, after = await self._states(root, seen.row)
        changed = [element for element, _, _ in differing(before.data, after.data)]
        owners = concerned(rules, changed, before.data, after.data)
        return "owner" if any(principal.id in each.people for each in owners) else None

    # -- one review --------------------------------------------------------------------------------

    async def _row(
        self, principal: Principal, right: Right, id: str, review: str
    ) -> tuple[DocumentId, ReviewRow]:
        root, _, _ = await self._desk.root(principal, right, id)
        row = await self._records.reviews.get(root.tenant, review)
        if row is None or row.design != root.id:
            raise DesignError(Code.NOT_FOUND, "There is no such review")
        return root, row

    async def _states(self, root: DocumentId, row: ReviewRow) -> tuple[Snapshot, Snapshot]:
        """What is compared: before, after."""
        history = self._desk.history
        if row.branch is None:
            assert row.from_version is not None and row.to_version is not None
            return (
                await history.snapshot(root, row.from_version),
                await history.snapshot(root, row.to_version),
            )
        branch = await self._branches.of_root(root, row.branch)
        sides = await self._branches.sides(root, branch)
        return sides.base, sides.branch

    async def subject(self, root: DocumentId, row: ReviewRow) -> Subject:
        """What would be approved now."""
        desk = self._desk
        if row.branch is None:
            assert row.from_version is not None and row.to_version is not None
            people = await desk.contributors.between(root, row.from_version, row.to_version)
            hash = desk.hashes.known(root, row.to_version)
            if hash is None:
                after = await desk.history.snapshot(root, row.to_version)
                hash = await desk.hash_of(root, after)
            return Subject(root.id, row.to_version, hash, people)
        branch = await self._branches.of_root(root, row.branch)
        document = root._replace(id=branch.id)
        version, hash = await desk.current(document)
        people = await desk.contributors.between(document, branch.own_version, version)
        return Subject(branch.id, version, hash, people)

    async def _reviewed(self, root: DocumentId, row: ReviewRow) -> Reviewed:
        asks = await self._records.asks.find(tenant=root.tenant, kind=ASKED, subject=row.id)
        verdicts = await self._records.verdicts.find(tenant=root.tenant, review=row.id)
        subject = await self.subject(root, row)
        return Reviewed(row, tuple(ask.person for ask in asks), subject, verdicts)

    async def _with_reasons(self, root: DocumentId, seen: Reviewed) -> Reviewed:
        row = seen.row
        if row.branch is not None:
            branch = await self._branches.of_root(root, row.branch)
            sides = await self._branches.sides(root, branch)
            merged = await self._branches.merged(sides)
            return replace(
                seen, reasons=await self._branches.against(sides, merged, seen.subject.hash)
            )
        rules = await self._desk.rules(root)
        before, after = await self._states(root, row)

        def found() -> list[Reason]:
            changed = [element for element, _, _ in differing(before.data, after.data)]
            return reasons(
                rules,
                seen.subject,
                [_verdict(root.id, each) for each in seen.verdicts],
                owners=concerned(rules, changed, before.data, after.data),
                findings=check(after.data, self._desk.types) if rules.checks else (),
            )

        return replace(seen, reasons=await asyncio.to_thread(found))

    async def _ask(self, row: ReviewRow, people: Sequence[str]) -> None:
        asks = self._records.asks
        before = await asks.find(tenant=row.tenant, kind=ASKED, subject=row.id)
        for ask in before:
            if ask.person not in people:
                await asks.remove(ask)
        for person in people:
            await asks.add(Ask(row.tenant, person, ASKED, row.id))

    async def _noted(
        self, principal: Principal, root: DocumentId, row: ReviewRow, action: str, **details: Any
    ) -> None:
        await self._desk.acts.record(principal, action, root, review=row.id, **details)
        for document in {root, root._replace(id=row.branch or root.id)}:
            await self._desk.news.tell(document, "reviews", row.id)


def _verdict(document: str, row: VerdictRow) -> Verdict:
    return Verdict(row.author, row.verdict, document, row.version, row.hash)


def _wrong(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)
