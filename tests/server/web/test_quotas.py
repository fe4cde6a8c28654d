"""What a tenant may have only so much of is refused with a code, and only to that tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.accounts import Tenant
from tests.server.web.test_watch import Denied, Wire
from tests.support.described import checked, refused
from tests.support.identity import Site, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path, oidc_tenant_claim="org") as site:
        for tenant in ("acme", "other"):
            assert await site.backend.store.tenants.add(Tenant(tenant, tenant, 1))
        yield site


async def limit(site: Site, **quotas: int) -> None:
    assert await site.backend.store.tenants.set_quotas("acme", quotas)
    await site.backend.watch.look()


async def test_so_many_designs(site: Site) -> None:
    ada, ben = await site.program("ada", org="acme"), await site.program("ben", org="other")
    await limit(site, designs=2)
    rows = [checked(await ada.post("/api/designs", json={"name": "x"}), 201) for _ in range(2)]
    answer = await ada.post("/api/designs", json={"name": "x"})
    assert refused(answer, 403) == "ERR_DESIGN_QUOTA"
    assert answer.json()["error"]["details"] == {"quota": "designs", "limit": 2}
    copy = await ada.post(f"/api/designs/{rows[0]['id']}/duplicate")
    assert refused(copy, 403) == "ERR_DESIGN_QUOTA"
    for _ in range(3):
        checked(await ben.post("/api/designs", json={"name": "x"}), 201)
    await limit(site)
    checked(await ada.post("/api/designs", json={"name": "x"}), 201)


async def test_so_many_bytes(site: Site) -> None:
    ada = await site.program("ada", org="acme")
    row = checked(await ada.post("/api/designs", json={"name": "x"}), 201)
    wire = await Wire.open(site, ada)
    assert "error" not in await wire.ask({"a": "s", "c": "designs", "d": row["id"]})
    assert "error" not in await wire.edit(row["id"], 1, 1)
    await limit(site, bytes=10)
    assert (await wire.edit(row["id"], 2, 2))["error"]["code"] == "ERR_DESIGN_QUOTA"
    answer = await ada.patch(f"/api/designs/{row['id']}", json={"name": "y"})
    assert refused(answer, 403) == "ERR_DESIGN_QUOTA"
    assert refused(await ada.post("/api/designs", json={"name": "x"}), 403) == "ERR_DESIGN_QUOTA"
    checked(await ada.get(f"/api/designs/{row['id']}/snapshot"), 200)
    await limit(site, bytes=1_000_000)
    assert "error" not in await wire.edit(row["id"], 2, 3)
    wire.leave()
    await wire.running


async def test_so_many_connections(site: Site) -> None:
    ada, cyd = await site.program("ada", org="acme"), await site.program("cyd", org="acme")
    ben = await site.program("ben", org="other")
    await limit(site, connections=2)
    wires = [await Wire.open(site, client) for client in (ada, cyd, ben)]
    with pytest.raises(Denied, match="403.*ERR_DESIGN_QUOTA"):
        await Wire.open(site, ada)
    for wire in wires:
        wire.leave()
        await wire.running
