"""What is kept beside designs of the work on them: branches, merges, reviews, comments, releases.

Rows are plain values. `Rows` is the port that keeps one kind of them; the adapters lie in
`server/store`, and one contract suite runs against both. Times are in ms since 1970; people are
opaque ids; fields of JSON hold it as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

__all__ = [
    "Ask",
    "BranchRow",
    "CommentRow",
    "MergeRow",
    "Record",
    "Records",
    "ReleaseRow",
    "ReviewRow",
    "Rows",
    "RulesRow",
    "VerdictRow",
]


@dataclass(frozen=True, slots=True)
class Record:
    """A row: texts, whole numbers and None."""

    KEY: ClassVar[tuple[str, ...]] = ()
    """The fields that name a row, the tenant first."""


@dataclass(frozen=True, slots=True)
class BranchRow(Record):
    """A branch: a design of its own, which came from a version of `root`.

    `base_design`, `base_version`: the state that both sides have in common: one of the root, or, once
    the branch was merged, one of the branch itself. `own_version`: its ops from there on are not in
    the root. `state`: open, merged (into root version `merged_version`) or closed.
    """

    KEY: ClassVar[tuple[str, ...]] = ("tenant", "id")

    tenant: str
    id: str
    root: str
    name: str
    state: str
    created_at: int
    created_by: str
    base_design: str
    base_version: int
    own_version: int
    merged_version: int | None = None


@dataclass(frozen=True, slots=True)
class MergeRow(Record):
    """A merge, written before its op is: `version` is None until that is committed.

    `kind`: merge (the branch into its root) or update (the root into the branch). `version` is the
    one it led to, of the root or the branch. `resolutions`, `renamed`: JSON lists, what was decided
    where both sides disagreed. `contributors`: a JSON list of those whose ops it brings.
    """

    KEY: ClassVar[tuple[str, ...]] = ("tenant", "id")

    tenant: str
    id: str
    branch: str
    kind: str
    author: str
    at: int
    main_version: int
    branch_version: int
    resolutions: str
    renamed: str
    contributors: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class RulesRow(Record):
    """What must hold before a merge into `design`; `body` is JSON."""

    KEY: ClassVar[tuple[str, ...]] = ("tenant", "design")

    tenant: str
    design: str
    body: str


@dataclass(frozen=True, slots=True)
class ReviewRow(Record):
    """A review of a branch, or of what lies between two versions of the root."""

    KEY: ClassVar[tuple[str, ...]] = ("tenant", "id")

    tenant: str
    id: str
    design: str
    branch: str | None
    from_version: int | None
    to_version: int | None
    title: str
    description: str
    state: str
    created_at: int
    created_by: str


@dataclass(frozen=True, slots=True)
class VerdictRow(Record):
    """What somebody said of one version of what is reviewed. Append-only."""

    KEY: ClassVar[tuple[str, ...]] = ("tenant", "review", "number")

    tenant: str
    review: str
    number: int
    author: str
    verdict: str
    version: int
    hash: str
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class CommentRow(Record):
    """A comment on `design` (a root or a branch). `anchor`: JSON, where its target was at `version`."""

    KEY: ClassVar[tuple[str, ...]] = ("tenant", "id")

    tenant: str
    id: str
    design: str
    review: str | None
    thread: str | None
    author: str
    at: int
    text: str
    anchor: str | None
    version: int
    edited_at: int | None = None
    resolved_at: int | None = None
    resolved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Ask(Record):
    """Somebody is asked for something: to review (`subject` a review), or to look (a comment)."""

    KEY: ClassVar[tuple[str, ...]] = ("tenant", "person", "kind", "subject")

    tenant: str
    person: str
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class ReleaseRow(Record):
    """A version given to an environment. The last one is what the environment has. Append-only.

    `kind`: promotion, rollback or emergency. `approvals`: a JSON list of who had approved it.
    """

    KEY: ClassVar[tuple[str, ...]] = ("tenant", "design", "environment", "number")

    tenant: str
    design: str
    environment: str
    number: int
    version: int
    hash: str
    kind: str
    reason: str
    at: int
    author: str
    approvals: str


Row = TypeVar("Row", bound=Record)


class Rows(Protocol[Row]):
    """Rows of one kind. Everything raises `StoreUnavailable` where it cannot answer.

    What was written is durable when the call returns. `OutcomeUnknown` if it may be.
    """

    async def add(self, row: Row) -> bool:
        """Keep a new row. False, and nothing is changed, if its key is taken."""
        ...

    async def get(self, *key: str | int) -> Row | None:
        """The row of that key, all of whose fields are given."""
        ...

    async def find(self, **equal: str | int | None) -> Sequence[Row]:
        """The rows with those values (`tenant` always among them), in the order of their keys."""
        ...

    async def replace(self, old: Row, new: Row) -> bool:
        """Put `new` in the place of `old`, of the same key. False if `old` is not there any more."""
        ...

    async def remove(self, row: Row) -> bool:
        """Take the row away. False if it is not there any more."""
        ...


@dataclass(frozen=True, slots=True)
class Records:
    """A port for each kind of row."""

    branches: Rows[BranchRow]
    merges: Rows[MergeRow]
    rules: Rows[RulesRow]
    reviews: Rows[ReviewRow]
    verdicts: Rows[VerdictRow]
    comments: Rows[CommentRow]
    asks: Rows[Ask]
    releases: Rows[ReleaseRow]
