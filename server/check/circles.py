"""Circles in who reads from whom, in time that grows with the arrows alone."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Final, TypeVar

__all__ = ["circles"]

Node = TypeVar("Node", bound=Hashable)

_MOST: Final = 200
"""Circles that are told of one knot: whoever has more mends some and asks again."""


def circles(reads: Mapping[Node, Collection[Node]]) -> Iterator[list[Node]]:
    """Some circles, each from its first node on, no node in two of them; none only where there is none.

    Every node that reads from itself by some way is in a circle that is told, or so is another on each of its ways.
    """
    for knot in _knots(reads):
        inside = set(knot)
        told: set[Node] = set()
        found = 0
        for start in knot:
            if found >= _MOST:
                break
            if start in told:
                continue
            circle = _circle(reads, start, inside - told)
            if circle:
                told.update(circle)
                found += 1
                yield circle


def _circle(reads: Mapping[Node, Collection[Node]], start: Node, within: set[Node]) -> list[Node]:
    """The shortest way from `start` back to it inside `within`, or nothing."""
    came: dict[Node, Node] = {}
    queue = [start]
    for node in queue:
        for target in reads.get(node, ()):
            if target == start:
                way = [node]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if target in within and target not in came:
                came[target] = node
                queue.append(target)
    return []


def _knots(reads: Mapping[Node, Collection[Node]]) -> Iterator[list[Node]]:
    """Nodes from each of which all others of the same knot are reached (Tarjan's components, without recursion).

    In the order of `reads`; a single node only if it reads from itself.
    """
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    rank = {node: turn for turn, node in enumerate(reads)}
    for root in reads:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(reads[root]))]
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in reads:
                    continue
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(reads[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], order[target])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == order[node]:
                    at = len(stack) - 1
                    while stack[at] != node:
                        at -= 1
                    knot = stack[at:]
                    del stack[at:]
                    on_stack.difference_update(knot)
                    if len(knot) > 1 or node in reads[node]:
                        yield sorted(knot, key=rank.__getitem__)
