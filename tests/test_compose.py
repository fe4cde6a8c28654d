"""docker-compose.yml and Dockerfile: the topology of `make cluster`, and what keeps it safe."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import Settings

TOP = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (TOP / "Dockerfile").read_text("utf-8")
NODES = ("node1", "node2")
PINNED = re.compile(r"[a-z]+:\d+\.\d+(\.\d+)?(-[a-z0-9-]+)?")


def test_the_topology() -> None:
    assert sorted(SERVICES) == ["node1", "node2", "postgres", "proxy", "redis"]
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["proxy"]["ports"] == ["127.0.0.1:${COWEAVE_PORT:-8000}:8000"]
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql/data"]


def test_nodes_are_told_where_everything_is_and_agree() -> None:
    one, two = (SERVICES[name]["environment"] for name in NODES)
    assert one == two
    assert "@postgres:5432/" in one["COWEAVE_DATABASE"]
    settings = Settings.from_env({name: value for name, value in one.items() if "${" not in value})
    assert settings.redis == "redis://redis:6379"
    proxy = SERVICES["proxy"]
    assert settings.trusted_proxies == (proxy["networks"]["inside"]["ipv4_address"],)
    for number, name in enumerate(NODES, 1):
        assert proxy["environment"][f"NODE{number}"] == f"{name}:8000"
        assert proxy["depends_on"][name] == {"condition": "service_healthy"}
        assert SERVICES[name]["depends_on"]["postgres"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("variable", ["COWEAVE_SECRET", "POSTGRES_PASSWORD"])
def test_no_secret_has_a_default(variable: str) -> None:
    text = (TOP / "docker-compose.yml").read_text("utf-8")
    uses = re.findall(r"\$\{" + variable + r"(..)", text)
    assert uses and set(uses) == {":?"}


def test_every_setting_that_is_named_is_one() -> None:
    documented = (TOP / "docs" / "operations.md").read_text("utf-8")
    for name in SERVICES["node1"]["environment"]:
        assert f"`{name}`" in documented, name


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_is_pinned_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert PINNED.fullmatch(service["image"])
    assert "healthcheck" in service or name in NODES
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", [*NODES, "proxy", "redis"])
def test_what_keeps_nothing_can_do_nothing_else(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_the_image_is_built_in_stages_and_runs_as_nobody_special() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 3
    assert all(PINNED.fullmatch(image) for image in images)
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER coweave$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last and "/readyz" in last
    assert "npm" not in last


def test_the_proxy_goes_by_the_design() -> None:
    text = (TOP / "deploy" / "haproxy.cfg").read_text("utf-8")
    assert text.count("balance hash var(txn.design)") == 2
    assert (
        re.findall(r'server (node\d) "\$\{(NODE\d)\}"', text)
        == [
            ("node1", "NODE1"),
            ("node2", "NODE2"),
        ]
        * 2
    )
    assert "option httpchk GET /readyz" in text
    mounted = SERVICES["proxy"]["volumes"]
    assert mounted == ["./deploy/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"]
