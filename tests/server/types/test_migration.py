"""Steps that are data: each does what it says, and the component it is made from stays as it is."""

import copy
from typing import Any

import pytest

from server.types.migration import apply_steps

COMPONENT: dict[str, Any] = {
    "props": {"text": "Hi", "columns": [{"key": "a"}, {"key": "b"}], "size": "big"},
    "events": {"e1": {"on": "onTap"}, "e2": {"on": "onBlur"}},
}


@pytest.mark.parametrize(
    "step, part, expected",
    [
        ({"move": ["props", "text"], "to": ["props", "label"]}, ("props", "label"), "Hi"),
        ({"move": ["props", "none"], "to": ["props", "label"]}, ("props",), COMPONENT["props"]),
        ({"move": ["props", "size"], "to": ["style", "size"]}, ("style",), {"size": "big"}),
        ({"default": ["props", "text"], "to": "Bye"}, ("props", "text"), "Hi"),
        ({"default": ["props", "more"], "to": [1]}, ("props", "more"), [1]),
        ({"set": ["props", "text"], "to": "Bye"}, ("props", "text"), "Bye"),
        ({"set": ["props", "text", "x"], "to": "Bye"}, ("props", "text"), "Hi"),
        ({"remove": ["props", "columns", "*", "key"]}, ("props", "columns"), [{}, {}]),
        ({"remove": ["props", "columns", "*", "none"]}, ("props",), COMPONENT["props"]),
        (
            {"replace": ["events", "*", "on"], "values": {"onTap": "onClick"}},
            ("events",),
            {"e1": {"on": "onClick"}, "e2": {"on": "onBlur"}},
        ),
        ({"wrap": ["props", "text"], "as": "value"}, ("props", "text"), {"value": "Hi"}),
    ],
)
def test_step(step: Any, part: tuple[str, ...], expected: Any) -> None:
    before = copy.deepcopy(COMPONENT)
    value: Any = apply_steps(COMPONENT, [step])
    for key in part:
        value = value[key]
    assert value == expected
    assert before == COMPONENT


@pytest.mark.parametrize("step", [{}, {"rename": []}, {"set": ["a"], "remove": ["b"]}, 7, None])
def test_what_is_no_step_is_refused(step: Any) -> None:
    with pytest.raises(ValueError, match="a migration has a step"):
        apply_steps(COMPONENT, [step])
