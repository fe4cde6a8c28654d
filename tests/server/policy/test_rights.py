"""Which document a presence channel belongs to."""

from __future__ import annotations

import pytest

from server.policy.rights import channel_document


@pytest.mark.parametrize(
    ("channel", "scratch", "document"),
    [
        ("designs.d1", False, ("designs", "d1")),
        ("designs.d1", True, ("designs", "d1")),
        ("designs.d1.x", True, ("designs", "d1.x")),
        ("designs", True, ("designs", "")),
        ("any", True, ("scratch", "any")),
        ("any", False, ("any", "")),
        ("scratch.x", False, ("scratch", "x")),
    ],
)
def test_a_channel_has_the_rights_of_its_document(
    channel: str, scratch: bool, document: tuple[str, str]
) -> None:
    assert channel_document(channel, scratch=scratch) == document
