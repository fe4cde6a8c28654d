"""Names by opaque ids."""

from __future__ import annotations

from collections.abc import Sequence

from server.policy.rights import Principal
from server.ports import Person, StoreUnavailable
from server.web.names import Names


class Register:
    """People, and how often was asked for them."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.is_away = False

    async def named(self, tenant: str, name: str) -> Person:
        raise AssertionError("nobody is made here")

    async def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Person]:
        self.asked.append(sorted(ids))
        if self.is_away:
            raise StoreUnavailable
        return {id: Person(id, id.upper()) for id in ids if tenant == "t" and id != "erased"}


async def test_each_person_is_asked_for_once() -> None:
    register = Register()
    names = Names(register)
    assert names.known("t", "ann") is None
    assert await names.find("t", ["ann", "bob", "ann"]) == {"ann": "ANN", "bob": "BOB"}
    assert await names.find("t", ["ann"]) == {"ann": "ANN"}
    assert names.known("t", "ann") == "ANN"
    assert register.asked == [["ann", "bob"]]
    assert await names.find("other", ["ann"]) == {"ann": ""}


async def test_who_is_here_is_known_without_asking() -> None:
    register = Register()
    names = Names(register)
    names.learn(Principal("t", "cyd", "Cyd"))
    assert await names.find("t", ["cyd"]) == {"cyd": "Cyd"}
    assert register.asked == []


async def test_people_without_a_name_are_no_fault() -> None:
    register = Register()
    names = Names(register)
    assert await names.find("t", ["erased"]) == {"erased": ""}
    register.is_away = True
    assert await names.find("t", ["ann"]) == {"ann": ""}
    register.is_away = False
    assert await names.find("t", ["ann"]) == {"ann": "ANN"}
