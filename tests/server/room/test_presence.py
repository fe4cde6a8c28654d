"""One presence channel: who is told what."""

from __future__ import annotations

from server.room.presence import Channel, Present, SayAgain, Tell

HERE = "designs.d1"


def present(src: str, id: str, value: object, pv: int) -> Present:
    return Present(HERE, src, id, value, pv)


def test_others_are_told_and_oneself_is_not() -> None:
    channel = Channel(HERE)
    channel.subscribe("c1", "ann")
    channel.subscribe("c2", "bob")
    channel.subscribe("c3", "ann")  # the same src on a second connection
    assert channel.put("c1", "ann", "cursor", {"x": 1}, 0) == [
        Tell(("c2",), present("ann", "cursor", {"x": 1}, 0), True)
    ]


def test_a_newcomer_makes_the_others_say_where_they_are() -> None:
    channel = Channel(HERE)
    assert channel.subscribe("c1", "ann") == [Tell((), SayAgain(HERE, "ann"), True)]
    assert channel.subscribe("c2", "bob") == [Tell(("c1",), SayAgain(HERE, "bob"), True)]
    assert channel.ask("ann") == [Tell(("c2",), SayAgain(HERE, "ann"), True)]


def test_an_overtaken_presence_is_lost() -> None:
    channel = Channel(HERE)
    channel.subscribe("c2", "bob")
    channel.put("c1", "ann", "cursor", 1, 5)
    assert channel.put("c1", "ann", "cursor", 2, 4) == []
    assert channel.put("c1", "ann", "cursor", 3, 5) != []
    # A client that begins anew on another connection counts from 0 again.
    assert channel.put("c9", "ann", "cursor", 4, 0) != []


def test_leaving_takes_all_presences_along_even_unsubscribed() -> None:
    channel = Channel(HERE)
    channel.subscribe("c2", "bob")
    channel.put("c1", "ann", "one", {}, 3)
    channel.put("c1", "ann", "two", {}, 7)
    channel.put("c1", "ann", "two", None, 8)
    assert channel.leave("c1") == [Tell(("c2",), present("ann", "one", None, 4), True)]
    assert channel.leave("c1") == []
    assert not channel.is_empty
    assert channel.leave("c2") == []
    assert channel.is_empty


def test_a_reconnect_faster_than_the_old_end_keeps_its_presence() -> None:
    channel = Channel(HERE)
    channel.subscribe("c2", "bob")
    channel.put("old", "ann", "cursor", 1, 5)
    channel.put("new", "ann", "cursor", 2, 6)
    assert channel.leave("old") == []
    assert channel.leave("new") == [Tell(("c2",), present("ann", "cursor", None, 7), True)]


def test_news_of_other_nodes_are_told_and_not_published_again() -> None:
    channel = Channel(HERE)
    assert not channel.is_heard
    channel.subscribe("c1", "ann")
    assert channel.is_heard
    news = present("cyd", "cursor", {}, 1)
    assert channel.remote("n2", [news]) == [Tell(("c1",), news, False)]


def test_what_a_lost_node_held_is_gone() -> None:
    channel = Channel("designs.d1")
    channel.subscribe("c1", "ann")
    there = Present("designs.d1", "bob", "cursor", {"x": 1}, 4)
    moved = Present("designs.d1", "cyd", "cursor", {"x": 2}, 1)
    left = Present("designs.d1", "dan", "cursor", {"x": 3}, 1)
    channel.remote("n2", [there, moved, left, Present("designs.d1", "dan", "cursor", None, 2)])
    channel.remote("n3", [moved])
    over = Present("designs.d1", "bob", "cursor", None, 5)
    assert channel.lost("n2") == [Tell(("c1",), over, False)]
    assert channel.lost("n2") == []


def test_who_came_over_from_a_lost_node_stays() -> None:
    channel = Channel("designs.d1")
    channel.subscribe("c1", "ann")
    channel.remote("n2", [Present("designs.d1", "bob", "cursor", {"x": 1}, 4)])
    channel.put("c2", "bob", "cursor", {"x": 1}, 5)
    assert channel.lost("n2") == []
