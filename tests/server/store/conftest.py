"""What tests of the store share."""

from tests.contracts.postgres import postgres, postgres_database

__all__ = ["postgres", "postgres_database"]
