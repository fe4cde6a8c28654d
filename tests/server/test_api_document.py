"""E9: the API's document is true: schemathesis asks what it describes, as two tenants beside each other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.process import ServerProcess

BIN = Path(sys.executable).parent
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,ignored_auth,use_after_free,ensure_resource_availability"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    # Its requests are meant to be many; how often one may ask has tests of its own.
    own = {
        "COWEAVE_DEVELOPMENT": "0",
        "COWEAVE_REQUESTS_PER_SECOND": "100000",
        "COWEAVE_REQUESTS_BURST": "1000000",
        "COWEAVE_SIGN_INS_PER_MINUTE": "100000",
    }
    with ServerProcess(tmp_path / "node", own) as server:
        yield server


def coweave(server: ServerProcess, *words: str) -> str:
    done = subprocess.run(
        [BIN / "coweave", *words],
        env=server.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def token(server: ServerProcess, tenant: str) -> str:
    coweave(server, "tenant", "create", tenant)
    scopes = [f"--scope={scope}" for scope in ("owner:*", "create", "audit")]
    return coweave(server, "token", "--tenant", tenant, "create", "CI", *scopes)


def asked(
    server: ServerProcess, folder: Path, token: str, phases: str, examples: int
) -> subprocess.Popen[str]:
    folder.mkdir()
    command = [
        str(BIN / "schemathesis"),
        "run",
        f"{server.url}/api/openapi.json",
        f"--header=Authorization: Bearer {token}",
        f"--checks={CHECKS}",
        f"--phases={phases}",
        f"--max-examples={examples}",
        "--seed=1",
        "--generation-database=none",
        "--no-color",
    ]
    return subprocess.Popen(
        command, cwd=folder, env={**os.environ, "CI": "1"}, stdout=subprocess.PIPE, text=True
    )


def hold(server: ServerProcess, folder: Path, phases: str, examples: int, seconds: int) -> None:
    tokens = {tenant: token(server, tenant) for tenant in ("acme", "other")}
    with httpx.Client(base_url=server.url) as http:
        bearer = {"authorization": f"Bearer {tokens['acme']}"}
        made = http.post("/api/designs", json={"name": "A secret name"}, headers=bearer).json()
        running = [
            asked(server, folder / tenant, each, phases, examples)
            for tenant, each in tokens.items()
        ]
        try:
            for process in running:
                told, _ = process.communicate(timeout=seconds)
                assert process.returncode == 0, told
                assert "secret" not in told
        finally:
            for process in running:
                process.kill()
                process.wait()
        other = {"authorization": f"Bearer {tokens['other']}"}
        assert made["id"] not in http.get("/api/designs", headers=other).text
    assert coweave(server, "verify").endswith("no fault")


def test_E9_what_the_document_describes_is_what_is_answered(
    server: ServerProcess, tmp_path: Path
) -> None:
    hold(server, tmp_path, "fuzzing,stateful", 2, 250)


@pytest.mark.soak
def test_E9_the_same_at_length(server: ServerProcess, tmp_path: Path) -> None:
    hold(server, tmp_path, "coverage,fuzzing,stateful", 30, 1_200)
