"""Every limit that a user, a client or an operator can meet, read from where it is kept.

`docs/limits.md` shows this table; `tests/server/test_limits.py` holds the two equal and names, for
each line, the test that goes up to the limit and beyond it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .auth import bearer, issue
from .document import limits as design
from .history import journal
from .leases import rules
from .protocol import codec, messages, session
from .review import rules as review_rules
from .room import batch
from .room.limits import RoomLimits
from .runtime import committer
from .runtime.registry import MOST_ROOMS
from .runtime.room_task import MAILBOX_EVENTS
from .settings import Settings
from .store import chronicle
from .web import branches as merge_routes
from .web import (
    budget,
    catalogue,
    frames,
    history,
    http,
    leases,
    outbox,
    requests,
    server,
    sharing,
    versions,
    who,
)
from .web.review import branches, choices, comments, environments, reviews
from .yjs import gateway, presence, update, wire
from .yjs import outbox as yjs_outbox

__all__ = ["LIMITS", "Limit", "table"]

_ROOM: Final = RoomLimits()
_SETTINGS: Final = Settings()

_REFUSED: Final = "refused: `ERR_DESIGN_TOO_LARGE`"
_MALFORMED: Final = "refused: `ERR_MESSAGE_BADLY_FORMED`"
_INVALID: Final = "refused: `ERR_DESIGN_INVALID`"
_SLOWED: Final = "the client is read more slowly"


class Limit(NamedTuple):
    """`most` of `what` are taken; `beyond` says what happens to more."""

    what: str
    most: float
    beyond: str


LIMITS: Final[dict[str, tuple[Limit, ...]]] = {
    "An edit": (
        Limit("parts of one edit of a client", _ROOM.client.components, _REFUSED),
        Limit("bytes of one edit of a client", _ROOM.client.size, _REFUSED),
        Limit("parts of one edit that the server makes", _ROOM.bulk.components, _REFUSED),
        Limit("bytes of one edit that the server makes", _ROOM.bulk.size, _REFUSED),
        Limit("containers around a value in an edit", _ROOM.client.depth, _REFUSED),
        Limit(
            "pairs of parts that meet when an edit is merged with later ones",
            _ROOM.batch_work,
            _REFUSED,
        ),
        Limit(
            "versions that an edit may be behind",
            _ROOM.catch_up_ops,
            "refused: `ERR_SUBMIT_TRANSFORM_OPS_NOT_FOUND`",
        ),
        Limit(
            "bytes of those versions, where they are read from storage",
            _ROOM.catch_up_bytes,
            "refused: `ERR_SUBMIT_TRANSFORM_OPS_NOT_FOUND`",
        ),
        Limit(
            "overwritten places told to one person for one edit",
            batch.MAX_NOTICES,
            "the first are told",
        ),
    ),
    "A design": (
        Limit("bytes of a design", design.MAX_DOCUMENT_BYTES, _REFUSED),
        Limit("elements in each section", design.MAX_ELEMENTS, _REFUSED),
        Limit("containers around a value", design.MAX_DEPTH, _REFUSED),
        Limit("components around a component", design.MAX_TREE_DEPTH, "refused: `ERR_DESIGN_TREE`"),
        Limit("characters of a component's, query's or script's name", design.MAX_NAME, _INVALID),
        Limit("characters of a design's name", catalogue.MAX_DESIGN_NAME, _INVALID),
        Limit("characters of an order key", design.MAX_ORDER_KEY, _INVALID),
        Limit("leases", rules.MAX_LEASES, _REFUSED),
        Limit(
            "seconds that a lease lasts without an edit (`COWEAVE_LEASE_IDLE_SECONDS`)",
            _SETTINGS.lease_idle_seconds,
            "it ends",
        ),
        Limit(
            "seconds that it lasts without its holder's connection (`COWEAVE_LEASE_GRACE_SECONDS`)",
            _SETTINGS.lease_grace_seconds,
            "it ends",
        ),
    ),
    "A message": (
        Limit("bytes of a frame", codec.MAX_FRAME_BYTES, "the connection is closed: 1009"),
        Limit("bytes of a message", codec.MAX_MESSAGE_BYTES, _REFUSED),
        Limit("containers around a value in a message", codec.MAX_NESTING, _MALFORMED),
        Limit("characters of an id or a collection", messages.MAX_NAME, _MALFORMED),
        Limit("characters of a presence channel", messages.MAX_CHANNEL, _MALFORMED),
        Limit("documents named in one message", messages.MAX_BULK, _REFUSED),
        Limit("bytes of one presence", messages.MAX_PRESENCE_BYTES, _REFUSED),
        Limit("elements in one wish for leases", rules.MAX_ELEMENTS, _REFUSED),
        Limit("characters of a reason for a lease", rules.MAX_REASON, _REFUSED),
        Limit("a version or a counter", messages.MAX_SAFE_INTEGER, _MALFORMED),
    ),
    "A connection": (
        Limit("documents and channels followed", session.MAX_SUBSCRIPTIONS, _REFUSED),
        Limit("presences", session.MAX_PRESENCES, _REFUSED),
        Limit(
            "bytes of live edits that wait for a reader",
            outbox.MAX_LIVE_BYTES,
            "it is caught up from storage instead",
        ),
        Limit("bytes of answers that wait for a reader", outbox.MAX_WAITING_BYTES, _SLOWED),
        Limit(
            "seconds in which a reader reads nothing of what waits",
            frames.STALL_SECONDS,
            "closed: 4008",
        ),
        Limit("seconds for the head of a first request", server.REQUEST_SECONDS, "closed"),
        Limit(
            "seconds between pings, and for the answer to one (`COWEAVE_PING_SECONDS`)",
            server.PING_SECONDS,
            "closed: 1011",
        ),
    ),
    "A person": (
        Limit(
            "messages a second, sustained (`COWEAVE_OPS_PER_SECOND`)",
            _SETTINGS.ops_per_second,
            _SLOWED,
        ),
        Limit("messages at once before that (`COWEAVE_OPS_BURST`)", _SETTINGS.ops_burst, _SLOWED),
        Limit(
            "requests over HTTP a second, sustained (`COWEAVE_REQUESTS_PER_SECOND`)",
            _SETTINGS.requests_per_second,
            "they wait",
        ),
        Limit(
            "requests at once before that (`COWEAVE_REQUESTS_BURST`)",
            _SETTINGS.requests_burst,
            "they wait",
        ),
        Limit(
            "seconds for which a request waits",
            budget.MOST_WAIT_SECONDS,
            "refused: 429, `ERR_DESIGN_RATE`",
        ),
        Limit(
            "connections to a node (`COWEAVE_CONNECTIONS_PER_USER`)",
            _SETTINGS.connections_per_user,
            "refused: 403, `ERR_DESIGN_QUOTA`",
        ),
        Limit("characters of a person's name", who.MAX_USER_NAME, _MALFORMED),
        Limit(
            "sign-ins, and credentials that do not hold, of one address a minute"
            " (`COWEAVE_SIGN_INS_PER_MINUTE`)",
            _SETTINGS.sign_ins_per_minute,
            "refused: `ERR_DESIGN_RATE`",
        ),
        Limit("bytes of a bearer token", bearer.MAX_TOKEN_BYTES, "refused: `ERR_DESIGN_SIGN_IN`"),
        Limit("days that a service token holds", issue.MAX_TOKEN_DAYS, _MALFORMED),
        Limit("roles given on one design", sharing.MAX_GRANTS, _REFUSED),
    ),
    "A request over HTTP": (
        Limit("events of leases in one answer", leases.MAX_EVENTS, "the rest is asked for"),
        Limit("bytes of a body", requests.MAX_BODY_BYTES, _REFUSED),
        Limit("bytes of an imported file", http.MAX_IMPORT_BYTES, _REFUSED),
    ),
    "A design's history": (
        Limit("entries of one page of the timeline", history.MAX_PAGE, _MALFORMED),
        Limit(
            "entries that one page looks through",
            chronicle.MOST_LOOKED_AT,
            "the page is short and says where to go on",
        ),
        Limit("edits of one entry", journal.MOST_OPS, "the rest is the next entry"),
        Limit("characters of a version's name", versions.MAX_LABEL, _MALFORMED),
        Limit("characters of a version's note", versions.MAX_NOTE, _MALFORMED),
        Limit("bytes of a wish to restore", history.MAX_RESTORE_BYTES, _REFUSED),
    ),
    "Branches, reviews and releases": (
        Limit("open branches of a design", branches.MAX_BRANCHES, _REFUSED),
        Limit("characters of a branch's name", branches.MAX_BRANCH_NAME, _INVALID),
        Limit("decisions in one merge", choices.MAX_CHOICES, _MALFORMED),
        Limit("bytes of a request to merge", merge_routes.MAX_MERGE_BYTES, _REFUSED),
        Limit("approvals that a merge may need", review_rules.MAX_APPROVALS, _MALFORMED),
        Limit("entries of owners, and what each may name", review_rules.MAX_OWNERS, _MALFORMED),
        Limit("environments of a design", review_rules.MAX_ENVIRONMENTS, _MALFORMED),
        Limit("characters of a review's title", reviews.MAX_TITLE, _INVALID),
        Limit("characters of a description or verdict", reviews.MAX_DESCRIPTION, _INVALID),
        Limit("reviewers of a review", reviews.MAX_REVIEWERS, _MALFORMED),
        Limit("comments on a design", comments.MAX_COMMENTS, _REFUSED),
        Limit("characters of a comment", comments.MAX_COMMENT, _INVALID),
        Limit("people mentioned in a comment", comments.MAX_MENTIONS, _MALFORMED),
        Limit("characters of a reason for a release", environments.MAX_REASON, _INVALID),
    ),
    "A Yjs client": (
        Limit("bytes of an update", gateway.MAX_UPDATE_BYTES, "closed: 4400"),
        Limit("items and deletions in an update", update.MOST_ITEMS, "closed: 4400"),
        Limit("updates of one client that wait to be read", gateway.MOST_WAITING, _SLOWED),
        Limit(
            "updates of one design that are under way", gateway.MOST_IN_FLIGHT, "the others wait"
        ),
        Limit(
            "bytes of changes that wait for a Yjs client", yjs_outbox.MAX_LIVE_BYTES, "closed: 4008"
        ),
        Limit("clients that a connection speaks for", presence.MOST_IDS, "left out"),
        Limit("bytes of one awareness state", presence.MAX_STATE_BYTES, "an empty state instead"),
        Limit("states in one awareness message", wire.MOST_STATES, "closed: 4400"),
    ),
    "A node": (
        Limit(
            "connections (`COWEAVE_CONNECTIONS`)",
            _SETTINGS.connections,
            "refused: 503, `ERR_DESIGN_OVERLOADED`",
        ),
        Limit(
            "open designs",
            MOST_ROOMS,
            "an unused one is closed for it, or `ERR_DESIGN_OVERLOADED` and closed: 1013",
        ),
        Limit("edits, and as many reads, that wait for one design", MAILBOX_EVENTS, _SLOWED),
        Limit(
            "readers of one design that are caught up from storage at once",
            _ROOM.readers,
            "`ERR_DESIGN_OVERLOADED` and closed: 1013",
        ),
        Limit("bytes of edits read from storage at once", _ROOM.piece_bytes, "the rest is next"),
        Limit("edits of one design committed together", _ROOM.batch_ops, "the rest is next"),
        Limit("edits of one design kept in memory", _ROOM.recent_ops, "read from storage"),
        Limit("designs committed together", committer.MOST_BATCHES, "the rest is next"),
    ),
}


def table() -> str:
    """The table as Markdown."""
    lines: list[str] = []
    for heading, limits in LIMITS.items():
        lines += ["", f"## {heading}", "", "| what | at most | beyond it |", "|---|---:|---|"]
        lines += [f"| {what} | {most:,.0f} | {beyond} |" for what, most, beyond in limits]
    return "\n".join([*lines[1:], ""])
