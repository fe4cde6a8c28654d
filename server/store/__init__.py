"""Where ops are kept: the adapters of the port `Store`."""

from .claim import claimed
from .dialect import StoreUnfit
from .memory import MemoryStore
from .sql import SqlStore

__all__ = ["MemoryStore", "SqlStore", "StoreUnfit", "claimed"]
