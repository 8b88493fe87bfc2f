"""The division engine against its peers and the published optima: ``python -m benchmarks.division``.

``instances`` are the communities, ``communities`` divides them, ``contest`` sets them to the ``peers``,
``optima`` solves the published instances, ``scaling`` draws towns of all sizes, ``redivision`` changes homes
and divides anew. Each table returns its ``bars``.
"""
