"""Tell how a city was divided: totals in plain words, one row a community, and every rule that gave way."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from html import escape
from statistics import median
from typing import TYPE_CHECKING, Any

from geogrid.measures import shapes
from geogrid.plan import Alignment, GridKind, derive_grids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from geogrid.adjacency import UnitGraph
    from geogrid.model import City, Community
    from geogrid.partition import Division
    from geogrid.plan import Grid
    from geogrid.policy import Policy


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A rule that could not hold: where, by how much, and why in words."""

    rule: str
    where: tuple[str, ...]
    by: float
    words: str


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the objective: what was reached and the best that is possible as far as is known."""

    name: str
    value: float
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class CommunityReport:
    """How one community was divided. Households are counted over its grids with homes."""

    community_id: str
    name: str
    residential: int
    special: int
    alignments: dict[str, int]
    units: int
    households: int
    households_min: int
    households_median: float
    households_max: int
    estimated: bool
    objective: tuple[Term, ...]
    proved: bool
    gap: float
    engine: str
    seconds: float
    gave_way: tuple[GaveWay, ...]
    shapes: dict[str, float]


@dataclass(frozen=True, slots=True)
class CityReport:
    """A divided city; ``lines`` are its totals as sentences."""

    city_id: str
    name: str
    counts: str
    version: str
    policy: str
    attribution: str
    licence: str
    estimation: str
    lines: tuple[str, ...]
    communities: tuple[CommunityReport, ...] = field(default=())


def report_community(community: Community, graph: UnitGraph, division: Division) -> CommunityReport:
    """Count one community's grids and repeat what its solver says of it."""
    grids = derive_grids(division.plan, graph)
    homes = [grid for grid in grids if grid.kind is GridKind.RESIDENTIAL]
    sizes = [grid.households for grid in homes]
    return CommunityReport(
        community_id=community.id,
        name=community.name,
        residential=len(homes),
        special=len(grids) - len(homes),
        alignments=_alignments(grids),
        units=len(graph.units),
        households=sum(sizes),
        households_min=min(sizes, default=0),
        households_median=median(sizes) if sizes else 0,
        households_max=max(sizes, default=0),
        estimated=any(grid.estimated for grid in grids),
        objective=_terms(division),
        proved=division.proved,
        gap=division.gap,
        engine=division.engine,
        seconds=round(division.seconds, 2),
        gave_way=_gave_way(division),
        shapes=shapes(division.plan, graph),
    )


def _alignments(grids: Sequence[Grid]) -> dict[str, int]:
    found = Counter(grid.alignment for grid in grids)
    return {kind.value: found[kind] for kind in Alignment}


def _terms(division: Division) -> tuple[Term, ...]:
    return tuple(Term(name, value, division.bounds.get(name)) for name, value in division.vector.items())


def _gave_way(division: Division) -> tuple[GaveWay, ...]:
    return tuple(GaveWay(one.rule, one.where, one.by, one.words) for one in division.gave_way)


def report_city(
    city: City, communities: Iterable[CommunityReport], policy: Policy, version: str = ""
) -> CityReport:
    """Put the communities' reports together under the city's totals."""
    rows = tuple(sorted(communities, key=lambda row: row.community_id))
    return CityReport(
        city_id=city.id,
        name=city.name,
        counts=city.counts,
        version=version,
        policy=policy.name,
        attribution=city.attribution,
        licence=city.licence,
        estimation=city.estimation,
        lines=tuple(_lines(rows, policy, city)),
        communities=rows,
    )


def _lines(rows: Sequence[CommunityReport], policy: Policy, city: City) -> Iterable[str]:
    lived = [row for row in rows if row.residential]
    grids = sum(row.residential for row in rows)
    special = sum(row.special for row in rows)
    homes = sum(row.households for row in rows)
    yield (
        f"{len(rows)} communities, {len(city.compounds)} compounds, {homes:,} {city.counts}: "
        f"{grids} grids with homes and {special} special-purpose grids."
    )
    if len(lived) < len(rows):
        yield f"{len(rows) - len(lived)} communities have no homes; all their grids are special-purpose."
    if policy.grids_min is not None and policy.grids_max is not None:
        held = sum(policy.grids_min <= row.residential <= policy.grids_max for row in lived)
        yield (
            f"{held} of the {len(lived)} communities with homes have {policy.grids_min}-{policy.grids_max} "
            f"grids with homes"
            + ("." if held == len(lived) else "; the others are told below with their reason.")
        )
    total = Counter[str]()
    for row in rows:
        total.update(row.alignments)
    yield (
        f"Of the grids with homes {total['whole']} are one whole compound, {total['part']} are part of one, "
        f"{total['joined']} join several, {total['homes']} hold only homes outside compounds."
    )
    proved = sum(row.proved for row in rows)
    yield f"{proved} of {len(rows)} divisions are proved optimal" + (
        "." if proved == len(rows) else "; the others state their gap."
    )
    broken = Counter(breach.rule for row in rows for breach in row.gave_way)
    yield (
        "Rules that gave way: "
        + ", ".join(f"{_rule(rule)} ({n} times)" for rule, n in sorted(broken.items()))
        + "."
        if broken
        else "Every rule of the policy holds everywhere."
    )


def _spread(row: CommunityReport) -> str:
    if not row.residential:
        return "-"
    return f"{row.households_min:,} / {row.households_median:,g} / {row.households_max:,}"


def _shape(row: CommunityReport) -> str:
    """Return the medians of the three compactness scores."""
    if not row.residential:
        return "-"
    names = "polsby-popper", "reock", "convex-hull-ratio"
    return " / ".join(f"{row.shapes[name]:.2f}" for name in names)


_LEGEND = (
    "Numbers are {} by grid with homes; a star marks totals that are partly estimated. The objective's terms "
    "stand in strict order; the bound is the best value that is still possible. Cut edges are neighbouring "
    "units in two grids; compactness is Polsby-Popper / Reock / share of the convex hull, the median of the "
    "grids with homes."
)

COLUMNS: tuple[tuple[str, Callable[[CommunityReport], str]], ...] = (
    ("community", lambda row: f"{row.name} ({row.community_id})"),
    ("grids", lambda row: str(row.residential)),
    ("whole", lambda row: str(row.alignments["whole"])),
    ("part", lambda row: str(row.alignments["part"])),
    ("joined", lambda row: str(row.alignments["joined"])),
    ("homes only", lambda row: str(row.alignments["homes"])),
    ("special", lambda row: str(row.special)),
    ("total", lambda row: f"{row.households:,}{'*' * row.estimated}"),
    ("min / median / max", _spread),
    ("objective", lambda row: ", ".join(_term(term) for term in row.objective)),
    ("bound", lambda row: ", ".join(_bound(term) for term in row.objective)),
    ("gap", lambda row: "0" if row.proved else f"{row.gap:.1%}"),
    ("proved", lambda row: "yes" if row.proved else "no"),
    ("cut edges", lambda row: f"{row.shapes['cut-edges']:,.0f}"),
    ("compactness", _shape),
    ("engine", lambda row: row.engine),
    ("seconds", lambda row: f"{row.seconds:.1f}"),
)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _rule(name: str) -> str:
    """Return a rule's name, an English phrase, as one reads it."""
    return name.replace("_", " ")


def _term(term: Term) -> str:
    return f"{term.name} {_number(term.value)}"


def _bound(term: Term) -> str:
    return f"{term.name} {'?' if term.bound is None else _number(term.bound)}"


def as_json(report: CityReport) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    return asdict(report)


def as_markdown(report: CityReport) -> str:
    """Return the report as a Markdown page; text of the data is escaped for tables."""
    head = [f"# How {_md(report.name)} was divided", ""]
    head += [f"Made by `geogrid report --city {report.city_id}`. Policy `{report.policy}`.", ""]
    head += [f"- {_md(line)}" for line in report.lines]
    table = [
        "## Community by community",
        "",
        _LEGEND.format(_md(report.counts)),
        "",
        "| " + " | ".join(name for name, _ in COLUMNS) + " |",
        "|" + "|".join("---" for _ in COLUMNS) + "|",
    ]
    table += ["| " + " | ".join(_md(show(row)) for _, show in COLUMNS) + " |" for row in report.communities]
    return "\n".join([*head, "", *table, "", *_md_breaches(report), *_md_sources(report)]) + "\n"


def _md_breaches(report: CityReport) -> list[str]:
    rows = list(_breaches_by_rule(report))
    if not rows:
        return []
    head = ["| community | rule | times | sum | why |", "|---|---|---|---|---|"]
    cells = [(name, _rule(rule), str(len(all_)), _sum(all_), _why(all_)) for name, rule, all_ in rows]
    lines = ["| " + " | ".join(_md(cell) for cell in row) + " |" for row in cells]
    return ["## Rules that gave way", "", *head, *lines, ""]


def _breaches_by_rule(report: CityReport) -> Iterator[tuple[str, str, list[GaveWay]]]:
    """Yield each community's name with each rule that gave way there, and where it did."""
    for row in report.communities:
        grouped: dict[str, list[GaveWay]] = {}
        for breach in row.gave_way:
            grouped.setdefault(breach.rule, []).append(breach)
        yield from ((row.name, rule, breaches) for rule, breaches in grouped.items())


def _sum(breaches: Sequence[GaveWay]) -> str:
    return _number(sum(breach.by for breach in breaches))


def _why(breaches: Sequence[GaveWay]) -> str:
    return "; ".join(breach.words for breach in breaches)


def _md_sources(report: CityReport) -> list[str]:
    facts = [text for text in (report.estimation, report.attribution, report.licence) if text]
    return ["## Sources", "", *(f"- {_md(text)}" for text in facts)] if facts else []


def _md(text: str) -> str:
    flat = " ".join(str(text).split())
    for char in "\\`*_[]<>|#{}$":
        flat = flat.replace(char, f"\\{char}")
    return flat


def as_html(report: CityReport) -> str:
    """Return the report as one printable page without scripts or outside files."""
    heads = "".join(f"<th>{escape(name)}</th>" for name, _ in COLUMNS)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(show(row))}</td>" for _, show in COLUMNS) + "</tr>"
        for row in report.communities
    )
    breaches = "".join(
        f"<li>{escape(f'{name}: {_rule(rule)}: {_why(all_)}')}</li>"
        for name, rule, all_ in _breaches_by_rule(report)
    )
    lines = "".join(f"<li>{escape(line)}</li>" for line in report.lines)
    title = escape(f"How {report.name} was divided")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><ul>{lines}</ul><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"<h2>Rules that gave way</h2><ul>{breaches or '<li>none</li>'}</ul>"
        f"<p>{escape(report.attribution)} {escape(report.licence)}</p></html>\n"
    )


_STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em}table{border-collapse:collapse}"
    "td,th{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top}"
    "thead{display:table-header-group}@media print{body{margin:0;font-size:9px}}"
)
