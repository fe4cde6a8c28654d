"""One batch of submitted edits on its way from the mailbox to the commit (DESIGN 4, steps 1 and 4).

Each submit becomes an `Entry`, which ends with either an error or a committed op. `Batch` judges
entries one after the other on top of the committed state, which it does not touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from ot import check, check_value
from ot.types import Op, OpError, where

from ..document.applied import Applied
from ..document.versioned import (
    TYPE,
    Create,
    Delete,
    Edit,
    NoOp,
    coded,
    decode,
    encode,
    is_same,
    stored_update,
)
from ..errors import Code, DesignError
from ..ports import NewOp, StoredOp
from .effects import CommittedOp, Notice
from .events import Submit
from .kind import WHOLE, Draft, Kind, State
from .leases import HeldElements
from .limits import RoomLimits
from .overtaken import Loss, are_related, losses
from .window import Window

__all__ = ["Batch", "Entry", "committed_op"]

MAX_SEQ: Final = 2**53 - 2
"""Beyond it a stock client's counter no longer counts."""

MAX_NOTICES: Final = 20
"""Overtaken places told for one edit: a big paste or delete is not told piece by piece."""

_MAX_SUSPECTS: Final = 256
"""Edits of others that are looked at to say which one a refused edit conflicts with."""

_CONFLICTING: Final = frozenset(
    {Code.INVALID, Code.TREE, Code.NAME_TAKEN, Code.UNSAFE_OP, Code.OP_NOT_APPLIED}
)
"""Refusals that somebody else's edit may be the reason of."""


class Entry:
    """A submit, and what has become of it so far."""

    __slots__ = ("edit", "elements", "error", "notices", "op", "overtakes", "submit")

    def __init__(self, submit: Submit) -> None:
        self.submit = submit
        self.edit = submit.edit
        self.elements: frozenset[str] = WHOLE
        self.error: DesignError | None = None
        self.op: CommittedOp | None = None
        self.notices: list[Notice] = []
        """What the author should know, after the answer."""
        self.overtakes: list[tuple[str, Notice]] = []
        """What the authors of other ops, by src, should know once this one is committed."""

    @classmethod
    def admit(cls, submit: Submit, kind: Kind, limits: RoomLimits) -> Entry:
        """Check all that does not depend on the document: form, size, (src, seq)."""
        entry = cls(submit)
        try:
            entry._check(kind, limits)
        except DesignError as error:
            entry.error = error
        except OpError as error:
            entry.error = coded(error)
        return entry

    def _check(self, kind: Kind, limits: RoomLimits) -> None:
        submit, edit = self.submit, self.edit
        if not submit.src or submit.seq < 1 or (submit.base or 0) < 0:
            raise DesignError(
                Code.OP_BADLY_FORMED, "An op needs a src, a seq from 1 and a version from 0."
            )
        if submit.seq > MAX_SEQ:
            raise DesignError(Code.SEQ_OVERFLOW, "This connection has used up its numbers.")
        bounds = limits.bulk if submit.bulk else limits.client
        if isinstance(edit, Create):
            if edit.type != TYPE:
                raise DesignError(
                    Code.DOC_TYPE_NOT_RECOGNIZED, f"There is no type {edit.type[:200]!r}."
                )
            check_value(edit.data, bounds)
        elif not isinstance(edit, Delete | NoOp):
            self.edit = op = check(edit, bounds, loose=kind.loose)
            if op:
                self.elements = kind.elements_of(op)
            elif submit.update:
                self.edit = NoOp()
            elif not kind.loose:
                raise _no_op()


class Batch:
    """Entries judged in order on top of a version; nothing lasts until `commit`."""

    __slots__ = (
        "_draft",
        "_found",
        "_kind",
        "_state",
        "_window",
        "base",
        "edited",
        "entries",
        "gone",
        "leases",
        "name",
        "new_ops",
        "tokens",
    )

    def __init__(
        self,
        entries: list[Entry],
        kind: Kind,
        state: State | None,
        window: Window,
        found: Mapping[tuple[str, int], StoredOp | None],
        leases: HeldElements,
    ) -> None:
        """`window` ends at the version of `state`; `found` is what was looked up by (src, seq)."""
        self.entries = entries
        self.base = window.end
        self.new_ops: list[NewOp] = []
        """What there is to commit, from version `base` on; also at the window's end."""
        self.name: str | None = None
        """The design's new name, if an op sets it."""
        self.leases = leases
        self.tokens: set[int] = set()
        """Of the leases that accepted edits rely on."""
        self.edited: set[tuple[str, str]] = set()
        """(author, element) of leases whose holder has edited under them."""
        self.gone: set[str] = set()
        """Leased elements that were deleted."""
        self._kind = kind
        self._found = found
        self._window = window
        self._state = state
        self._draft: Draft | None = state.draft() if state is not None else None

    def lock_sets(self) -> tuple[frozenset[str], ...]:
        """The elements that each entry affects, in order; none for one that is refused already."""
        return tuple(
            frozenset() if entry.error else self._lock_set(entry) for entry in self.entries
        )

    def _lock_set(self, entry: Entry) -> frozenset[str]:
        if self._draft is None or not isinstance(entry.edit, list):
            return WHOLE
        try:
            return self._draft.lock_set(entry.edit)
        except DesignError as error:
            entry.error = error
            return frozenset()

    def judge(self, entry: Entry) -> None:
        """Find out what becomes of the next entry: an op, or an error."""
        if entry.error is not None:
            return
        try:
            entry.op = self._resent(entry) or self._accept(entry)
        except DesignError as error:
            entry.error = error
            if error.code is not Code.NO_OP:
                entry.notices.clear()
            if error.code in _CONFLICTING:
                self._note_conflict(entry, error)

    def commit(self) -> State | None:
        """The state after the batch. To be called once the batch is durable."""
        if self._draft is not None:
            self._draft.commit()
        return self._state

    # -- an op that is committed already -----------------------------------------------------------

    def _resent(self, entry: Entry) -> CommittedOp | None:
        """The op of this (src, seq), if there is one; it must be the same (RM15).

        Raises: DesignError(RESEND_DIFFERS).
        """
        submit = entry.submit
        version = self._window.find(submit.src, submit.seq)
        if version is not None:
            op = self._window[version]
        elif (stored := self._found.get((submit.src, submit.seq))) is not None:
            op = committed_op(stored, self._kind)
        else:
            return None
        if self._is_honest(entry, op):
            return op
        raise DesignError(
            Code.RESEND_DIFFERS,
            "Another edit was committed under this number.",
            version=op.version,
        )

    def _is_honest(self, entry: Entry, op: CommittedOp) -> bool:
        base, edit = entry.submit.base, entry.edit
        if base is not None:
            if base > op.version:
                return False
            try:
                edit = self._window.transform(edit, entry.elements, base, op.version)
            except DesignError:
                return False
        return is_same(edit, op.edit, op.fixups)

    # -- a new op ----------------------------------------------------------------------------------

    def _accept(self, entry: Entry) -> CommittedOp:
        submit, window = entry.submit, self._window
        base = window.end if submit.base is None else submit.base
        if submit.base is not None and base > self.base:
            raise DesignError(
                Code.VERSION_TOO_NEW,
                f"The edit was made on version {base}; the document is at {self.base}.",
                version=self.base,
            )
        if submit.update and self._is_stale(submit, base):
            raise DesignError(
                Code.VERSION_TOO_NEW,
                "Another Yjs update was committed first: this one must be read again.",
                rule="yjs",
            )
        if self.leases.table.is_protected and not submit.is_merge:
            raise DesignError(
                Code.PROTECTED,
                "This design is protected: it is changed on branches, and by merging them.",
            )
        if submit.is_merge:
            self._require_unmoved(entry, base)
        edit = entry.edit
        # Most edits meet nobody: then nothing is lost, and a single component stays as it is.
        is_met = window.is_met(entry.elements, base)
        if is_met:
            self._note_own_losses(entry, base)
        if is_met or not (isinstance(edit, list) and len(edit) == 1):
            edit = window.transform(edit, entry.elements, base, window.end)
        fixups: tuple[Op, ...] = ()
        elements: frozenset[str] | None = None
        match edit:
            case Create():
                self._create(edit)
                edit = Create(edit.type, edit.data)  # what was judged changes from now on
            case Delete():
                self._state = self._draft = None
            case NoOp():
                if not (self._kind.loose or submit.update):
                    raise _no_op()
            case [] if submit.update:
                edit = NoOp()  # the clients that hold the update need it all the same
            case _:
                if not edit and not self._kind.loose:
                    raise _no_op()
                if self._draft is None:
                    raise DesignError(Code.DOC_DOES_NOT_EXIST, "The document does not exist.")
                applied = self._apply(self._draft, edit, base, submit)
                edit, fixups, elements = applied.op, applied.fixups, applied.elements
                if is_met or fixups:
                    self._note_others_losses(entry, base, applied)
                entry.notices += [Notice(*notice) for notice in applied.notices]
                if applied.name is not None:
                    self.name = applied.name
        body = encode(edit, fixups, update=submit.update, why=submit.why)
        time = max(submit.time, window.last_time)
        self.new_ops.append(NewOp(submit.src, submit.seq, submit.author, time, body))
        op = CommittedOp(
            window.end,
            submit.src,
            submit.seq,
            submit.author,
            time,
            edit,
            fixups,
            elements,
            len(body),
            update=submit.update,
        )
        window.append(op)
        return op

    def _require_unmoved(self, entry: Entry, base: int) -> None:
        """A merge was worked out on its base: what it relies on must be what it was (RM56).

        Raises: DesignError(STALE).
        """
        if self._draft is None or base == self._window.end or not isinstance(entry.edit, list):
            return
        if self._window.is_met(entry.elements | self._draft.lock_set(entry.edit), base):
            raise DesignError(
                Code.STALE,
                "What the merge is about has changed meanwhile.",
                version=self._window.end,
            )

    def _is_stale(self, submit: Submit, base: int) -> bool:
        """Whether a Yjs update came between that another reader of updates took: an edit that was
        read from an update without knowing it may repeat what is in it."""
        met = (self._window[version] for version in range(base, self._window.end))
        return any(op.update and op.src != submit.src for op in met)

    def _apply(self, draft: Draft, op: Op, base: int, submit: Submit) -> Applied:
        leases = self.leases
        if submit.lease is not None:
            leases.require(submit.author, submit.lease)
        holds = leases.holds(submit.author)
        try:
            applied = draft.apply(
                op,
                self._window.missed(base),
                bulk=submit.bulk,
                holds=holds,
                within=submit.within,
            )
        except DesignError as error:
            raise leases.refusal(error) if error.code is Code.LOCKED else error from None
        if submit.lease is not None:
            self.tokens.add(submit.lease)
        if leases.table.leases:
            self.edited.update(leases.edited(submit.author, applied.elements, draft.around))
            leased = (lease.element for lease in leases.table)
            self.gone.update(
                element
                for element in leased
                if element in applied.elements and not draft.has(element)
            )
        return applied

    def _note_conflict(self, entry: Entry, error: DesignError) -> None:
        """Say which edit, of somebody else and unknown to the refused one, may be why (RM28)."""
        base, edit = entry.submit.base, entry.edit
        if base is None or self._draft is None or not isinstance(edit, list):
            return
        elements, about = entry.elements, edit
        rivals = frozenset[str]()
        if error.code is Code.NAME_TAKEN:
            rivals = frozenset({error.details["by"]})
            about = [*about, *({"p": [*rival.split("/"), "name"]} for rival in rivals)]
        try:
            around = self._draft.lock_set(edit)
        except DesignError:
            around = elements
        # Of elements that it only relies on, what matters is whether and where they stand.
        about = [*about, *({"p": [*other.split("/"), "place"]} for other in around - elements)]
        elements = elements | around | rivals
        suspects = islice(self._unknown(elements, base, entry.submit.author), _MAX_SUSPECTS)
        for met, other in suspects:
            if are_related(about, other):
                error.details["conflict"] = {"version": met.version, "by": met.author}
                return

    def _note_own_losses(self, entry: Entry, base: int) -> None:
        """What of the edit is lost to edits that it did not know (RM27)."""
        op = entry.edit
        if not isinstance(op, list):
            return
        told: set[str] = set()
        for met, other in self._unknown(entry.elements, base, entry.submit.author):
            for loss in losses(op, other, ties=False):
                if _is_news(loss, told):
                    entry.notices.append(_overtaken(loss, met.author, self._kind))

    def _note_others_losses(self, entry: Entry, base: int, applied: Applied) -> None:
        """What is lost to the edit, and to what the server added to it (RM26)."""
        author = entry.submit.author
        told: set[str] = set()
        # From the last writer of a place back; earlier ones lost it to somebody else.
        for met, other in self._unknown(applied.elements, base, author):
            for loss in losses(other, applied.op, ties=True):
                if _is_news(loss, told):
                    entry.overtakes.append((met.src, _overtaken(loss, author, self._kind)))

    def _unknown(
        self, elements: frozenset[str], base: int, author: str
    ) -> Iterator[tuple[CommittedOp, Op]]:
        """Other people's ops on these elements since `base`, the newest first."""
        if self._kind.loose:
            return
        for version in reversed(self._window.meetings(elements, base, self._window.end)):
            met = self._window[version]
            if met.author != author and isinstance(met.edit, list):
                yield met, met.edit

    def _create(self, edit: Create) -> None:
        if self._draft is not None:
            raise DesignError(Code.DOC_ALREADY_CREATED, "The document was created already.")
        state = edit.judged or self._kind.load(edit.data, True)
        self._state, self._draft, self.name = state, state.draft(), state.name


def committed_op(stored: StoredOp, kind: Kind) -> CommittedOp:
    """A stored op as the room holds it."""
    edit, fixups = decode(stored.body)
    return CommittedOp(
        stored.version,
        stored.src,
        stored.seq,
        stored.author,
        stored.time,
        edit,
        fixups,
        elements_of(edit, kind),
        len(stored.body),
        update=stored_update(stored.body),
    )


def elements_of(edit: Edit, kind: Kind) -> frozenset[str] | None:
    """The elements that a stored edit touches; None: the whole document."""
    if not isinstance(edit, list):
        return None
    try:
        return kind.elements_of(edit)
    except DesignError:
        return None  # stored under older rules: it meets everything


def _is_news(loss: Loss, told: set[str]) -> bool:
    place = where(loss.path)
    if place in told or len(told) >= MAX_NOTICES:
        return False
    told.add(place)
    return True


def _overtaken(loss: Loss, by: str, kind: Kind) -> Notice:
    element = next(iter(kind.elements_of([{"p": loss.path}])))
    message = (
        "What you changed was deleted by somebody who had not seen your change."
        if loss.is_gone
        else "Your change was replaced by somebody who had not seen it."
    )
    return Notice("overtaken", message, loss.details(element, by))


def _no_op() -> DesignError:
    return DesignError(Code.NO_OP, "Nothing is left of this edit.")
