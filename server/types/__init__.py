"""Component types: what the packs of `schemas` declare, ready to ask."""

from __future__ import annotations

from .registry import ComponentType, Slot, TypeRegistry

__all__ = ["ComponentType", "Slot", "TypeRegistry"]
