"""Run the steps on the connection that ``geogrid.archive.engine.migrate`` hands over."""

from alembic import context

from geogrid.archive.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
