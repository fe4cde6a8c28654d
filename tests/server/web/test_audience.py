"""Who has a document open."""

from __future__ import annotations

from collections.abc import Mapping

from server.errors import Code, DesignError
from server.ports import DocumentId
from server.web.audience import Audience

ONE = DocumentId("t", "designs", "d1")
TWO = DocumentId("t", "designs", "d2")
GONE = DesignError(Code.NOT_FOUND, "It is gone")


class Spectator:
    def __init__(self) -> None:
        self.heard: list[Mapping[str, object]] = []
        self.told: list[tuple[DocumentId, DesignError]] = []

    async def withdraw(self, document: DocumentId, error: DesignError) -> None:
        self.told.append((document, error))

    def hear(self, news: Mapping[str, object]) -> None:
        self.heard.append(news)


def test_news_reach_those_who_have_it_open() -> None:
    audience, ann, bob = Audience(), Spectator(), Spectator()
    audience.join(ONE, ann)
    audience.join(TWO, bob)
    audience.tell(ONE, {"a": "news"})
    assert (ann.heard, bob.heard) == ([{"a": "news"}], [])


async def test_those_and_only_those_who_have_it_open_are_told_once() -> None:
    audience, ann, bob, cyd = Audience(), Spectator(), Spectator(), Spectator()
    audience.join(ONE, ann)
    audience.join(ONE, ann)
    audience.join(ONE, bob)
    audience.join(TWO, cyd)
    audience.leave(ONE, bob)
    audience.leave(TWO, bob)
    await audience.withdraw(ONE, GONE)
    await audience.withdraw(ONE, GONE)
    assert ann.told == [(ONE, GONE)]
    assert bob.told == [] and cyd.told == []
    audience.leave(TWO, cyd)
    assert len(audience) == 0
