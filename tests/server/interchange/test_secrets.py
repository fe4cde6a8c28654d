"""Secrets are found by key, header and address; what only names one stays."""

import pytest

from ot.types import Json
from server.interchange.imported import Report
from server.interchange.secrets import is_secret_key, without_secrets


def cleaned(value: Json) -> tuple[Json, int]:
    report = Report()
    return without_secrets(value, "dataSources/d1", "My Db", report), report.to_json("x")[
        "secrets"
    ]["count"]


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"password": "x"}, {"password": {"$secret": "My_Db_password"}}),
        ({"a": {"b": {"apiKey": 5}}}, {"a": {"b": {"apiKey": {"$secret": "My_Db_b_apiKey"}}}}),
        ({"privateKey": {"data": "x"}}, {"privateKey": {"$secret": "My_Db_privateKey"}}),
        ([{"key": "X-Api-Key", "value": "x"}], [{"key": "X-Api-Key", "value": {"$secret": "My_Db_X_Api_Key"}}]),
        ({"uri": "mongodb://me:pw@host"}, {"uri": {"$secret": "My_Db_uri"}}),
        ({"token": {"$secret": 5}}, {"token": {"$secret": "My_Db_token"}}),
    ],
)  # fmt: skip
def test_replaced(value: Json, expected: Json) -> None:
    assert cleaned(value) == (expected, 1)


@pytest.mark.parametrize(
    "value",
    [
        {"password": ""}, {"password": None}, {"useToken": True}, {"token": {"$secret": "x"}},
        [{"key": "Authorization", "value": "{{ auth.token }}"}], [{"key": "Accept", "value": "x"}],
        {"url": "https://host/path@x"}, {"tokenUrl": "https://host"}, 5, "x", None, {"key": 1, "value": "x"},
    ],
)  # fmt: skip
def test_left_alone(value: Json) -> None:
    assert cleaned(value) == (value, 0)


def test_keys() -> None:
    assert all(
        map(is_secret_key, ["PASSWORD", "db_password", "clientSecret", "private_key", "accessKey"])
    )
    assert not any(map(is_secret_key, ["key", "passwordless", "tokens", ""]))
