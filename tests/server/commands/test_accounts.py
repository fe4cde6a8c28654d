"""`coweave token` and `coweave tenant`, from making to disabling."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from server.cli import main
from server.ports import AuditRecord
from server.store import SqlStore
from tests.support.identity import open_site


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'coweave.sqlite3'}"
    monkeypatch.setenv("COWEAVE_DATABASE", url)
    monkeypatch.setenv("COWEAVE_DATA_DIR", str(tmp_path))
    return url


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(words)
    told = capsys.readouterr()
    return code, told.out + told.err


def test_a_token_is_made_listed_and_revoked(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = run(capsys, "token", "create", "CI", "--scope", "viewer:*", "--scope", "create")
    token = told.strip()
    assert code == 0 and token.startswith("cwt.default.t")
    id, secret = token.split(".")[2:]
    code, told = run(capsys, "token", "list")
    assert code == 0 and id in told and "CI: create, viewer:*" in told and secret not in told

    async def asked() -> int:
        async with open_site(tmp_path) as site:
            client = await site.client(headers={"authorization": f"Bearer {token}"})
            answer: httpx.Response = await client.get("/api/designs")
            return answer.status_code

    assert asyncio.run(asked()) == 200
    assert run(capsys, "token", "revoke", id)[0] == 0
    assert asyncio.run(asked()) == 401
    assert "revoked" in run(capsys, "token", "list")[1]
    code, told = run(capsys, "token", "revoke", id)
    assert code == 1 and told == f"coweave: There is no token {id} that still holds\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["token", "create", "CI", "--scope", "root"], "A scope is"),
        (["token", "create", "", "--scope", "create"], "`name`"),
        (["token", "create", "CI", "--scope", "create", "--days", "0"], "`days`"),
        (["token", "--tenant", "nobody", "create", "CI", "--scope", "create"], "no tenant nobody"),
        (["tenant", "create", "A B"], "small letters"),
        (["tenant", "create", "../x"], "small letters"),
        (["tenant", "disable", "nobody"], "no tenant nobody"),
        (["tenant", "quota", "default", "designs"], "no quota"),
        (["tenant", "quota", "default", "cows=5"], "no quota"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    url: str, words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = run(capsys, *words)
    assert code == 1 and why in told and told.count("\n") == 1


def test_a_tenant_is_made_limited_and_disabled(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "tenant", "create", "acme", "--name", "Acme") == (
        0,
        "Made the tenant acme\n",
    )
    assert run(capsys, "tenant", "create", "acme")[0] == 1
    assert run(capsys, "tenant", "quota", "acme", "designs=5", "bytes=1000")[0] == 0
    assert run(capsys, "tenant", "list")[1] == "acme  open  Acme: bytes=1000, designs=5\n"
    assert run(capsys, "tenant", "disable", "acme")[0] == 0
    assert "disabled" in run(capsys, "tenant", "list")[1]
    assert run(capsys, "tenant", "enable", "acme")[0] == 0
    assert "open" in run(capsys, "tenant", "list")[1]
    assert run(capsys, "tenant", "quota", "default", "designs=5")[0] == 0  # it gets its row

    async def acts() -> list[AuditRecord]:
        async with SqlStore(url) as store:
            return await store.audit.read("acme")

    done = [record.entry for record in asyncio.run(acts())]
    assert [entry.action for entry in done] == [
        "tenant.create",
        "tenant.quota",
        "tenant.disable",
        "tenant.enable",
    ]
    assert all(entry.details == {"by": "command line"} for entry in done)


def test_without_an_action_it_says_how(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("token", "tenant"):
        with pytest.raises(SystemExit) as misused:
            main([command])
        assert misused.value.code == 2
        assert "ACTION" in capsys.readouterr().err
