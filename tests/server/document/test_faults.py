"""Old faults are told from new ones, wherever lists have shifted them."""

from ot.types import Step
from server.document.faults import Fault, fingerprint, new_faults
from server.document.limits import MAX_FAULTS
from server.errors import Code


def fault(*path: Step, value: object = None, keyword: str = "type", excess: int = 0) -> Fault:
    anywhere = tuple("*" if isinstance(step, int) else step for step in path)
    identity, kin = (keyword, path), (keyword, anywhere, fingerprint(value))
    return Fault(Code.INVALID, "components/c1", "schema", "It is.", path, identity, kin, excess)


def test_the_same_fault_is_old() -> None:
    assert new_faults([fault("a")], [fault("a", value=2)]) == []


def test_another_place_or_keyword_is_new() -> None:
    assert new_faults([fault("a")], [fault("b")]) == [fault("b")]
    other = fault("a", keyword="enum")
    assert new_faults([fault("a")], [other]) == [other]


def test_each_old_fault_accounts_for_one() -> None:
    after = [fault("a", 0), fault("a", 1)]
    assert new_faults([fault("a", 0)], after) == [fault("a", 1)]
    assert new_faults([fault("a", 0), fault("a", 0)], [fault("a", 0), fault("a", 0)]) == []


def test_a_shifted_fault_is_old() -> None:
    before = [fault("a", 3, "b", value="x")]
    assert new_faults(before, [fault("a", 4, "b", value="x")]) == []
    changed = fault("a", 4, "b", value="y")
    assert new_faults(before, [changed]) == [changed]


def test_further_beyond_a_bound_is_new() -> None:
    before = [fault("a", value="xx", excess=2)]
    assert new_faults(before, [fault("a", value="xx", excess=2)]) == []
    assert new_faults(before, [fault("a", value="x", excess=1)]) == []
    assert len(new_faults(before, [fault("a", value="xxx", excess=3)])) == 1


def test_beyond_the_listing_nothing_is_new() -> None:
    before = [fault("a", n) for n in range(MAX_FAULTS)]
    assert new_faults(before, [fault("b")]) == []


def test_as_a_refusal() -> None:
    error = fault("components", "c1", "a").error("Button1")
    assert error.details == {
        "element": "components/c1",
        "path": ["components", "c1", "a"],
        "rule": "schema",
        "name": "Button1",
    }
    assert "name" not in fault("a").error(None).details


def test_fingerprint_knows_no_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])
