"""Which of the other nodes are there: those that were heard of a moment ago. Pure; time comes in."""

from __future__ import annotations

from typing import Final

__all__ = ["BEAT_SECONDS", "SILENT_SECONDS", "Roll"]

BEAT_SECONDS: Final = 2.0
"""Between two signs of life of a node."""

SILENT_SECONDS: Final = 7.0
"""Without any, it counts as gone: its people's presence is over within 10 s."""


class Roll:
    """The nodes that are there, by name."""

    def __init__(self, silent_seconds: float = SILENT_SECONDS) -> None:
        self._silent_seconds = silent_seconds
        self._heard: dict[str, float] = {}

    def heard(self, node: str, now: float) -> bool:
        """A sign of life. Returns whether it is news that the node is there."""
        is_news = node not in self._heard
        self._heard[node] = now
        return is_news

    def gone(self, now: float) -> list[str]:
        """Those that have fallen silent since this was last asked."""
        silent = [n for n, at in self._heard.items() if now - at >= self._silent_seconds]
        for node in silent:
            del self._heard[node]
        return silent
