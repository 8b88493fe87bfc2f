"""The steps that build the archive's tables, run by Alembic whenever a store is opened."""
