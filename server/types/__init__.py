"""Component types: what the packs of `schemas` declare, ready to ask."""

from __future__ import annotations

from .registry import OWN_PACK, ComponentType, Slot, TypeRegistry

__all__ = ["OWN_PACK", "ComponentType", "Slot", "TypeRegistry"]
