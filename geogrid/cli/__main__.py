"""``python -m geogrid.cli``: the command line without its script."""

from geogrid.cli import main

main()
