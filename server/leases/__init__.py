"""Leases: who has taken which element to edit it, pure. SPEC.md has the rules."""
