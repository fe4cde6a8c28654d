"""Whether an edit may stand: only new faults refuse it.

Looked at are the elements that the op touches, and those it concerns: the contents of what has moved,
bearers of names in a scope that has changed, the children of what came or became another type. What it
only left dangling (a query whose data source it deleted) is a finding for the check, and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ot.types import Json

from ..types import TypeRegistry
from . import tree
from .faults import Fault, new_faults
from .model import Element, name_of
from .state import State
from .validate import Validator

__all__ = ["judge", "refuse_invalid"]


def judge(
    types: TypeRegistry,
    validator: Validator,
    before: State,
    after: State,
    touched: Sequence[Element],
    affected: Iterable[Element],
) -> None:
    """Refuse the change from `before` to `after` if it brings a new fault.

    Args: touched: the op's elements, in its order. affected: others whose name, scope or place changed.
    Raises: DesignError(INVALID, TREE, NAME_TAKEN) about the first new fault.
    """
    others = set(affected)
    looked_at: set[Element] = set()
    for element in touched:
        old, new = before.element(element), after.element(element)
        if new is None:
            continue
        if not validator.is_valid(element, new):
            refuse_invalid(validator, after, element, old, new)
        if tree.is_concerned(element, old, new):
            looked_at.add(element)
            _refuse_misplaced(types, before, after, element)
            if element.startswith("components/") and _is_retyped(old, new):
                others.update(after.children(element))
    if others:
        for element in sorted(others - looked_at):
            _refuse_misplaced(types, before, after, element)


def refuse_invalid(
    validator: Validator, state: State, element: Element, old: Json | None, new: Json
) -> None:
    """Raises: DesignError(INVALID) if `new` has a fault of its schema that `old` did not have."""
    faults = validator.faults(element, new)
    _refuse_new(state, faults, partial(_old_faults, validator, element, old))


def _refuse_misplaced(types: TypeRegistry, before: State, after: State, element: Element) -> None:
    old = before.element(element)
    faults = [
        fault for fault in tree.faults(after, types, element) if not _is_left_dangling(old, fault)
    ]
    if faults:
        _refuse_new(after, faults, lambda: tree.faults(before, types, element))


def _refuse_new(
    state: State, faults: Sequence[Fault], old_faults: Callable[[], Sequence[Fault]]
) -> None:
    for fault in new_faults(old_faults(), faults):
        raise fault.error(name_of(state.element(fault.element)))


def _old_faults(validator: Validator, element: Element, old: Json | None) -> Sequence[Fault]:
    return [] if old is None else validator.faults(element, old)


def _is_left_dangling(old: Json | None, fault: Fault) -> bool:
    """Did the element refer to the same before, so that it is the other that has gone?"""
    target = fault.details.get("target")
    if fault.rule != "reference" or target is None or not isinstance(old, dict):
        return False
    referred = old.get(str(fault.path[2]))
    return target in referred if isinstance(referred, list) else target == referred


def _is_retyped(old: Json | None, new: Json) -> bool:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return True
    return any(old.get(key) != new.get(key) for key in ("type", "typeVersion"))
