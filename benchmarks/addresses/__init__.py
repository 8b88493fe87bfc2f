"""The exam of ``geogrid.addresses``: ``python -m benchmarks.addresses`` (see ``__main__``)."""
