"""The closed set of codes."""

from __future__ import annotations

from server.errors import Code, DesignError


def test_codes_are_distinct_and_named_alike() -> None:
    values = [code.value for code in Code]
    assert len(set(values)) == len(values)
    assert all(value.startswith("ERR_") for value in values)


def test_only_faults_of_the_service_are_worth_another_try() -> None:
    retryable = {Code.UNAVAILABLE, Code.OVERLOADED, Code.RATE}
    assert {code for code in Code if code.is_retryable} == retryable


def test_an_error_keeps_its_details() -> None:
    error = DesignError(Code.INVALID, "Label is too long", element="components/c1", limit=3)
    assert (error.code, error.message) == (Code.INVALID, "Label is too long")
    assert error.details == {"element": "components/c1", "limit": 3}
    assert str(error) == "ERR_DESIGN_INVALID: Label is too long"
