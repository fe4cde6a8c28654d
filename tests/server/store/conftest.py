"""What tests of the store share."""

from tests.contracts.postgres import postgres_database, postgres_url

__all__ = ["postgres_database", "postgres_url"]
