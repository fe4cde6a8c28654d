"""One shape for errors, one status per code."""

from __future__ import annotations

import orjson
import pytest

from server.errors import Code, DesignError
from server.web.replies import refusal_reply


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.MESSAGE_BADLY_FORMED, 400),
        (Code.FORBIDDEN, 403),
        (Code.NOT_FOUND, 404),
        (Code.VERSION_TOO_NEW, 404),
        (Code.TOO_LARGE, 413),
        (Code.INVALID, 422),
        (Code.TREE, 422),
        (Code.IMPORT, 422),
        (Code.UNAVAILABLE, 503),
        (Code.OVERLOADED, 503),
    ],
)
def test_a_refusal_has_the_status_of_its_code(code: Code, status: int) -> None:
    answer = refusal_reply(DesignError(code, "No", element="components/c1"))
    assert answer.status_code == status
    assert orjson.loads(answer.body) == {
        "error": {"code": code, "message": "No", "details": {"element": "components/c1"}}
    }
    assert answer.headers["cache-control"] == "no-store"


def test_no_refusal_is_a_fault_of_the_server() -> None:
    statuses = {code: refusal_reply(DesignError(code, "No")).status_code for code in Code}
    assert all(400 <= status <= 503 and status != 500 for status in statuses.values())
