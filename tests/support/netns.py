"""A network namespace with one cable to this one: another host, as far as the network goes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

import pytest

__all__ = ["Host", "another_host"]

_numbers = count(1)


class Host:
    """`outside`: our address, as it sees it; `inside`: its own."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        net = f"10.231.{number}"
        self.outside, self.inside = f"{net}.1", f"{net}.2"

    @property
    def enter(self) -> list[str]:
        """Put before a command, runs it there."""
        return ["ip", "netns", "exec", self.name]

    def drop(self, port: int) -> None:
        """Lose everything that goes to and comes from that port of ours, without a word."""
        rules = f"""
            table inet cut {{
                chain out {{
                    type filter hook output priority 0;
                    tcp dport {port} drop
                }}
                chain in {{
                    type filter hook input priority 0;
                    tcp sport {port} drop
                }}
            }}
        """
        subprocess.run([*self.enter, "nft", "-f", "-"], input=rules, text=True, check=True)

    def mend(self) -> None:
        subprocess.run([*self.enter, "nft", "flush", "ruleset"], check=True)


@contextmanager
def another_host() -> Iterator[Host]:
    """Skips where it is not allowed, or `ip` and `nft` are missing."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nft"):
        pytest.skip("a network namespace needs root, ip and nft")
    number = os.getpid() % 200 + next(_numbers)
    host = Host(f"coweave{os.getpid()}-{number}", number)
    ours, theirs = f"cwo{number}", f"cwi{number}"
    try:
        try:
            _ip("netns", "add", host.name)
            _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", host.name)
            _ip("address", "add", f"{host.outside}/24", "dev", ours)
            _ip("link", "set", ours, "up")
            _ip("-n", host.name, "address", "add", f"{host.inside}/24", "dev", theirs)
            _ip("-n", host.name, "link", "set", theirs, "up")
            _ip("-n", host.name, "link", "set", "lo", "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"network namespaces are not to be had here: {error.stderr}")
        yield host
    finally:
        with suppress(subprocess.CalledProcessError):
            _ip("netns", "delete", host.name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
