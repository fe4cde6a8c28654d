"""Comments on a design: about an element, a value or a range of a text, and on target while that is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ot.types import Json, Op

from ...document.versioned import decode
from ...errors import Code, DesignError
from ...policy.rights import DESIGNS, Principal, Right
from ...ports import DocumentId
from ...records import Ask, CommentRow
from ...review.place import Place
from .desk import Desk, new_id, text_of, texts_in

__all__ = ["MAX_COMMENT", "MAX_COMMENTS", "MAX_MENTIONS", "Comments", "Placed"]

MAX_COMMENT: Final = 10_000
MAX_COMMENTS: Final = 5_000
"""On one design."""
MAX_MENTIONS: Final = 50

MENTIONED: Final = "mention"
_OPS_AT_ONCE: Final = 500
_BYTES_AT_ONCE: Final = 4_000_000
_KEPT_AFTER: Final = 200
"""A place that has been carried past so many ops is stored anew, so that nobody carries it so far again."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A comment, where its target is now, and who is mentioned."""

    row: CommentRow
    place: Place | None
    mentions: tuple[str, ...]


class Comments:
    """All of it raises DesignError and `StoreUnavailable`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._records = desk.records

    async def listed(
        self, principal: Principal, id: str, *, review: str | None, is_resolved: bool | None
    ) -> tuple[int, list[Placed]]:
        """(the version at which they are placed, the comments: oldest first)."""
        document = await self._document(principal, Right.READ, id)
        equal = {} if review is None else {"review": review}
        rows = await self._records.comments.find(tenant=document.tenant, design=id, **equal)
        kept = [
            row
            for row in rows
            if is_resolved is None or (row.resolved_at is not None) == is_resolved
        ]
        kept.sort(key=lambda row: (row.at, row.id))
        version = (await self._desk.store.head(document)).version
        return version, await self._placed(document, kept, version)

    async def one(self, principal: Principal, id: str, comment: str) -> Placed:
        document = await self._document(principal, Right.READ, id)
        return await self._now(document, await self._row(document, comment))

    async def create(
        self,
        principal: Principal,
        id: str,
        *,
        text: Json,
        anchor: Json,
        review: Json,
        thread: Json,
        mentions: Json,
    ) -> Placed:
        """A new comment; `thread` is the first comment of those that it answers to."""
        document = await self._document(principal, Right.COMMENT, id)
        said = text_of(text, "text", MAX_COMMENT)
        people = texts_in([] if mentions is None else mentions, "mentions", MAX_MENTIONS)
        there = await self._records.comments.find(tenant=document.tenant, design=id)
        if len(there) >= MAX_COMMENTS:
            raise DesignError(
                Code.TOO_LARGE,
                f"A design has at most {MAX_COMMENTS:,} comments",
                limit=MAX_COMMENTS,
            )
        if thread is not None:
            first = next((row for row in there if row.id == thread), None)
            if first is None or first.thread is not None or anchor is not None:
                raise _wrong("`thread` is the first comment of one, which alone has the anchor")
        if review is not None:
            await self._require_review(document, review)
        place, version = None, 0
        if anchor is not None:
            made = anchor.get("version") if type(anchor) is dict else None
            if type(made) is not int:
                raise _wrong("An anchor names the `version` that it was made in")
            version = made
            snapshot = await self._desk.history.snapshot(document, version)
            place = Place.read(anchor, snapshot.data)
        row = CommentRow(
            tenant=document.tenant,
            id=new_id("k"),
            design=id,
            review=review,
            thread=thread,
            author=principal.id,
            at=self._desk.clock(),
            text=said,
            anchor=None if place is None else place.pack(),
            version=version,
        )
        await self._records.comments.add(row)
        await self._mention(row, people)
        await self._desk.news.tell(document, "comments", row.id)
        return await self._now(document, row)

    async def change(
        self, principal: Principal, id: str, comment: str, given: dict[str, Json]
    ) -> Placed:
        """Another text (the author's own only); resolved, or not any more."""
        document = await self._document(principal, Right.COMMENT, id)
        row = await self._row(document, comment)
        new = row
        if "text" in given or "mentions" in given:
            _require_own(principal, row)
        if "text" in given:
            text = text_of(given["text"], "text", MAX_COMMENT)
            new = replace(new, text=text, edited_at=self._desk.clock())
        if "resolved" in given:
            resolved = given["resolved"]
            if type(resolved) is not bool:
                raise _wrong("`resolved` is true or false")
            if resolved != (row.resolved_at is not None):
                now = self._desk.clock()
                new = replace(
                    new,
                    resolved_at=now if resolved else None,
                    resolved_by=principal.id if resolved else None,
                )
        people = None
        if given.get("mentions") is not None:
            people = texts_in(given["mentions"], "mentions", MAX_MENTIONS)
        if new != row and not await self._records.comments.replace(row, new):
            raise DesignError(Code.STALE, "The comment was changed meanwhile")
        if people is not None:
            await self._mention(new, people)
        await self._desk.news.tell(document, "comments", row.id)
        return await self._now(document, new)

    async def remove(self, principal: Principal, id: str, comment: str) -> None:
        """Take one's own comment away, unless others have answered to it."""
        document = await self._document(principal, Right.COMMENT, id)
        row = await self._row(document, comment)
        _require_own(principal, row)
        if await self._records.comments.find(tenant=row.tenant, design=id, thread=row.id):
            raise DesignError(Code.INVALID, "Others have answered to this comment", rule="answered")
        await self._mention(row, ())
        await self._records.comments.remove(row)
        await self._desk.news.tell(document, "comments", row.id)

    async def waiting(self, principal: Principal) -> list[Placed]:
        """Where `principal` is mentioned, and which is not resolved; the newest first."""
        asks = await self._records.asks.find(
            tenant=principal.tenant, person=principal.id, kind=MENTIONED
        )
        found = []
        for ask in asks:
            row = await self._records.comments.get(principal.tenant, ask.subject)
            if row is None or row.resolved_at is not None:
                continue
            document = DocumentId(principal.tenant, DESIGNS, row.design)
            try:
                await self._desk.access.check(principal, Right.READ, document)
            except DesignError:
                continue  # hidden from them, or in the trash
            found.append(await self._now(document, row))
        return sorted(found, key=lambda each: (-each.row.at, each.row.id))

    # -- one comment -------------------------------------------------------------------------------

    async def _document(self, principal: Principal, right: Right, id: str) -> DocumentId:
        document = DocumentId(principal.tenant, DESIGNS, id)
        await self._desk.access.check(principal, right, document)
        return document

    async def _row(self, document: DocumentId, comment: str) -> CommentRow:
        row = await self._records.comments.get(document.tenant, comment)
        if row is None or row.design != document.id:
            raise DesignError(Code.NOT_FOUND, "There is no such comment")
        return row

    async def _require_review(self, document: DocumentId, review: Json) -> None:
        row = None
        if type(review) is str:
            row = await self._records.reviews.get(document.tenant, review)
        if row is None or document.id not in (row.design, row.branch):
            raise _wrong("`review` is a review of this design")

    async def _mention(self, row: CommentRow, people: Sequence[str]) -> None:
        asks = self._records.asks
        for ask in await asks.find(tenant=row.tenant, kind=MENTIONED, subject=row.id):
            if ask.person not in people:
                await asks.remove(ask)
        for person in people:
            await asks.add(Ask(row.tenant, person, MENTIONED, row.id))

    async def _now(self, document: DocumentId, row: CommentRow) -> Placed:
        version = (await self._desk.store.head(document)).version
        (placed,) = await self._placed(document, [row], version)
        return placed

    async def _placed(
        self, document: DocumentId, rows: Sequence[CommentRow], version: int
    ) -> list[Placed]:
        """Their places at `version`, the log read once for all of them."""
        places = {row.id: Place.unpack(row.anchor) for row in rows if row.anchor is not None}
        since = {row.id: row.version for row in rows if row.id in places}
        at = min(since.values(), default=version)
        while at < version:
            stored = await self._desk.store.read(
                document, at, min(version, at + _OPS_AT_ONCE), max_bytes=_BYTES_AT_ONCE
            )
            if not stored:
                break
            ops: list[tuple[int, Op]] = []
            for each in stored:
                edit, _ = decode(each.body)
                if isinstance(edit, list):
                    ops.append((each.version, edit))
            for id, place in places.items():
                if since[id] < at + len(stored):
                    later = (op for made, op in ops if made >= since[id])
                    places[id] = place.after(later)
            at += len(stored)
        found = []
        for row in rows:
            now = places.get(row.id)
            if now is not None and version - row.version >= _KEPT_AFTER:
                # Who is not the first to do so does no harm.
                moved = replace(row, anchor=now.pack(), version=version)
                await self._records.comments.replace(row, moved)
            asks = await self._records.asks.find(tenant=row.tenant, kind=MENTIONED, subject=row.id)
            found.append(Placed(row, now, tuple(ask.person for ask in asks)))
        return found


def _require_own(principal: Principal, row: CommentRow) -> None:
    if row.author != principal.id:
        raise DesignError(Code.FORBIDDEN, "Only who wrote a comment changes or deletes it")


def _wrong(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)
