"""What locks are called (C6: no id can leave its place in a key)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from server.locks.keys import lock_keys, prefix
from server.ports import DocumentId

CLAIMS = DocumentId("acme", "designs", "claims")


def test_a_lock_is_called_after_tenant_design_and_element() -> None:
    assert lock_keys(CLAIMS, {"components/c7", "meta"}) == {
        "components/c7": "design:{acme/claims}:components/c7#w",
        "meta": "design:{acme/claims}:meta#w",
    }
    scratch = CLAIMS._replace(collection="scratch")
    assert lock_keys(scratch, {"document"}) == {"document": "scratch:{acme/claims}:document#w"}


def test_keys_are_sorted() -> None:
    keys = lock_keys(CLAIMS, {f"components/c{n}" for n in range(20)})
    assert list(keys.values()) == sorted(keys.values())


documents = st.builds(DocumentId, st.text(), st.sampled_from(["designs", "scratch"]), st.text())
elements = st.builds("{}/{}".format, st.sampled_from(["components", "pages"]), st.text())


@given(documents, documents, elements, elements)
def test_C6_no_two_locks_share_a_key(one: DocumentId, two: DocumentId, a: str, b: str) -> None:
    (first,), (second,) = lock_keys(one, {a}).values(), lock_keys(two, {b}).values()
    assert (first == second) == ((one, a) == (two, b))
    assert second.startswith(prefix(one)) == (one == two)
    assert not set("*?[]\\ \n") & set(first)


@given(documents, st.sets(elements, min_size=2, max_size=5))
def test_all_locks_of_a_document_share_a_slot(document: DocumentId, some: set[str]) -> None:
    assert len({key_slot(key.encode()) for key in lock_keys(document, some).values()}) == 1
