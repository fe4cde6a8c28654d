"""Recorded edits of real texts, replayed through the engine.

Formats: see the README of github.com/josephg/editing-traces. Positions count code points.
"""

import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

from ot import json0
from ot.types import Op
from ot.utf16 import units

__all__ = ["CORPUS", "DATA", "Trace", "edits", "load", "replay", "replay_concurrent", "traces"]

DATA = Path(__file__).with_name("data")
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
"""More of the same beside the checkout, where it is there."""


class Trace(NamedTuple):
    end: str
    transactions: list[Any]


def traces(folder: str, kept: str) -> list[Path]:
    """The trace that is kept here, and the others of its folder where they are there."""
    more = (CORPUS / "traces" / "editing-traces" / folder).glob("*.json.gz")
    return [DATA / kept, *sorted(path for path in more if path.name != kept)]


def load(path: Path) -> Trace:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        recorded = json.load(file)
    return Trace(recorded["endContent"], recorded["txns"])


def _patched(text: str, patches: list[Any], op: Op) -> str:
    """The text with the patches done; each is also appended to `op`, in units, as edits of "text"."""
    for at, deletes, inserted in patches:
        offset = at if text.isascii() else units(text[:at])
        if deletes:
            op.append({"p": ["text", offset], "sd": text[at : at + deletes]})
        if inserted:
            op.append({"p": ["text", offset], "si": inserted})
        text = text[:at] + inserted + text[at + deletes :]
    return text


def edits(trace: Trace) -> list[Op]:
    """A sequential trace as ops on {"text": ""}."""
    text, ops = "", []
    for transaction in trace.transactions:
        op: Op = []
        text = _patched(text, transaction["patches"], op)
        ops.append(op)
    return ops


def replay(ops: list[Op]) -> str:
    doc: Any = {"text": ""}
    for op in ops:
        doc = json0.apply(doc, op)
    text: str = doc["text"]
    return text


def replay_concurrent(trace: Trace) -> list[str]:
    """The text on a server, and at each writer, once everybody has everything.

    The order of the file is the server's. Each writer has seen all of their own transactions and, of
    the others', those before a point in that order: what the parents of a transaction say.
    """
    writers = 1 + max(transaction["agent"] for transaction in trace.transactions)
    clocks: list[list[int]] = []
    server: Any = {"text": ""}
    texts: list[Any] = [{"text": ""}] * writers
    seen = [0] * writers  # how many transactions of others each writer has taken in
    coming: list[list[Op]] = [[] for _ in range(writers)]  # what comes next, as it fits their text
    for transaction in trace.transactions:
        me = transaction["agent"]
        clock = [0] * writers
        for parent in transaction["parents"]:
            clock = [max(pair) for pair in zip(clock, clocks[parent], strict=True)]
        new = sum(clock) - clock[me] - seen[me]
        for op in coming[me][:new]:
            texts[me] = json0.apply(texts[me], op)
        seen[me] += new
        waiting = coming[me][new:]
        op = []
        _patched(texts[me]["text"], transaction["patches"], op)
        texts[me] = json0.apply(texts[me], op)
        coming[me] = []
        for other in waiting:
            op, other = json0.transform_both(op, other)
            coming[me].append(other)
        server = json0.apply(server, op)
        for writer in range(writers):
            if writer != me:
                coming[writer].append(op)
        clock[me] += 1
        clocks.append(clock)
    for writer, rest in enumerate(coming):
        for op in rest:
            texts[writer] = json0.apply(texts[writer], op)
    return [server["text"], *(doc["text"] for doc in texts)]
