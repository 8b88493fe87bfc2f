"""What the nation would cost, on paper: measured costs of one thing times how many there are."""

from __future__ import annotations

from dataclasses import dataclass

COMMUNITIES, ADDRESSES = 110_000, 500_000_000
PIECE_ROWS, PART_COMMUNITIES = 250_000, 8
CORES = 64


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor seconds of one of each, as measured in this run."""

    read_s: float  # a community read, checked and written as part
    divide_s: float  # a community divided and written
    text_s: float  # an address matched by its text, read and written
    point_s: float  # an address placed by its position, read and written
    piece_s: float  # a piece beside its rows: scheduling, survey, manifest

    def table(self) -> dict[str, float]:
        """Return the processor hours of the nation, by what they are spent on."""
        pieces = COMMUNITIES / PART_COMMUNITIES + 2 * ADDRESSES / PIECE_ROWS
        seconds = {
            "cities read and cut into parts": COMMUNITIES * self.read_s,
            "communities divided": COMMUNITIES * self.divide_s,
            "addresses matched by text": ADDRESSES * self.text_s,
            "addresses placed by position": ADDRESSES * self.point_s,
            f"{pieces:,.0f} pieces scheduled, surveyed, sealed": pieces * self.piece_s,
        }
        return {name: one / 3600 for name, one in seconds.items()}


def print_nation(costs: Costs) -> str:
    """Print the table; return what most of it is spent on."""
    table = costs.table()
    whole = sum(table.values())
    print(f"\nthe nation on paper: {COMMUNITIES:,} communities, {ADDRESSES:,} addresses")
    for name, hours in table.items():
        print(f"  {name:48} {hours:8.1f} processor hours {hours / whole:6.1%}")
    bottleneck = max(table, key=lambda name: table[name])
    print(
        f"  {'together':48} {whole:8.1f} processor hours, {whole / CORES * 60:.0f} minutes of {CORES} cores"
    )
    print(f"  the bottleneck: {bottleneck}")
    return bottleneck
