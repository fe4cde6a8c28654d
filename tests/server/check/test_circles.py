"""Circles are found where there are some, and nowhere else, in time that grows with the arrows."""

import random
import time

import pytest

from server.check.circles import circles


@pytest.mark.parametrize(
    "reads, expected",
    [
        ({}, []),
        ({"a": ["b"], "b": ["c"]}, []),
        ({"a": ["a"]}, [["a"]]),
        ({"a": ["b"], "b": ["a"]}, [["a", "b"]]),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a", "y"]}, [["a", "b", "c"]]),
        ({"a": ["b", "c"], "b": ["a"], "c": ["a"]}, [["a", "b"]]),
        ({"a": ["b"], "b": ["a"], "c": ["d", "a"], "d": ["c"]}, [["a", "b"], ["c", "d"]]),
        ({"a": ["b"], "b": ["c", "b"], "c": []}, [["b"]]),
    ],
)
def test_circles(reads: dict[str, list[str]], expected: list[list[str]]) -> None:
    assert sorted(circles(reads)) == expected


@pytest.mark.parametrize("seed", range(200))
def test_against_asking_every_node(seed: int) -> None:
    rng = random.Random(seed)
    nodes = range(rng.randrange(1, 9))
    reads = {n: [m for m in nodes if rng.random() < 0.25] for n in nodes}

    def comes_back(start: int) -> bool:
        seen: set[int] = set()
        queue = list(reads[start])
        while queue:
            node = queue.pop()
            if node == start:
                return True
            if node not in seen:
                seen.add(node)
                queue += reads[node]
        return False

    found = list(circles(reads))
    told = [node for circle in found for node in circle]
    assert len(told) == len(set(told))
    for circle in found:
        assert all(b in reads[a] for a, b in zip(circle, [*circle[1:], circle[0]], strict=True))
    assert bool(found) == any(map(comes_back, nodes))
    # Without those that were told no circle is left.
    rest = {n: [m for m in reads[n] if m not in told] for n in nodes if n not in told}
    assert list(circles(rest)) == []


def test_long_chains_and_rings_cost_little() -> None:
    chain = {n: [n + 1] for n in range(50_000)}
    ring = {n: [(n + 1) % 50_000] for n in range(50_000)}
    ladder = {n: [n + 1, max(0, n - 1)] for n in range(20_000)}
    before = time.process_time()
    assert list(circles(chain)) == []
    assert [len(each) for each in circles(ring)] == [50_000]
    assert list(circles(ladder))
    assert time.process_time() - before < 10
