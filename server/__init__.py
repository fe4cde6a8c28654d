"""Coweave: the room server of a collaborative low-code designer."""

__version__ = "0.1.0"
