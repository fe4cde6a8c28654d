"""Adapters of the port `Locks`."""
