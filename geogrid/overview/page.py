"""Write the overview of a city as one printable page without scripts or outside files."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from geogrid.overview.charts import Bar, bars, columns, shares

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geogrid.overview.made import Overview
    from geogrid.roster import SubdistrictTally


def overview_html(made: Overview) -> str:
    """Return the page; every text that came from data is escaped here or in the charts."""
    title = escape(f"{made.name}: the organisation on the grids")
    body = "".join(
        f"<section><h2>{escape(head)}</h2>{inside}</section>" for head, inside in _sections(made) if inside
    )
    sample = '<p class="sample">Synthetic sample: people, branches and buildings are invented.</p>'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        f"<p>Plan version {escape(made.version)}, policy {escape(made.policy)}, "
        f"as of {escape(made.as_of)}.</p>"
        f"{sample if made.synthetic else ''}{body}"
        f"<footer>{escape(made.attribution)} {escape(made.licence)}</footer></main></body></html>\n"
    )


def _sections(made: Overview) -> Iterator[tuple[str, str]]:
    yield "In short", _list(made.lines) + _comparison(made)
    yield "The city in figures", _figures(made)
    yield "Coverage", _coverage(made)
    yield "Grids in a community", _per_community(made)
    yield "Rule by rule", _rules(made)
    yield "Star rating of branches", _stars(made)
    yield "Paired organisations", _pairing(made)
    yield "Subdistrict by subdistrict", _subdistricts(made)
    yield "Leaders of too many grids", _burdens(made)


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _comparison(made: Overview) -> str:
    total = made.tally.total
    rows = []
    if made.asked is not None:
        low, high = made.asked
        rows.append(Bar("grids asked for", high, f"{low:,}-{high:,}", start=low, tone="c"))
    rows += [
        Bar("grids with homes", made.plan.grids),
        Bar("compounds", total.compounds, tone="b"),
        Bar("branches", total.branches, tone="b"),
    ]
    if made.compound_first is not None:
        rows.append(Bar("grids by compound-first", made.compound_first.grids, tone="d"))
    return bars("Grids asked for, grids made, compounds and branches", rows)


def _figures(made: Overview) -> str:
    cells = "".join(
        f"<div><b>{one.value:,.0f}</b><span>{escape(one.name)}</span><small>{escape(one.counted)}</small></div>"
        for one in made.figures
    )
    return f'<div class="figures">{cells}</div>'


def _coverage(made: Overview) -> str:
    total = made.tally.total
    rows = (
        ("compounds with a branch", _of(total.compounds_with_branch, total.compounds)),
        ("grids with their own branch", _of(total.grids_with_branch, total.grids)),
        (
            "grids with a leader",
            (("a", total.grids_led), ("d", total.grids_led_by_another), ("n", total.leaders_vacant)),
        ),
        ("grids with a worker", _of(total.grids - total.workers_vacant, total.grids)),
        ("homes in a grid", _of(made.homes_in_a_grid, made.homes)),
    )
    note = "<p>Dark: yes; light: no; between them leaders of another branch with homes there.</p>"
    return shares("Coverage", rows) + note


def _of(count: int, whole: int) -> tuple[tuple[str, float], ...]:
    return ("a", count), ("n", whole - count)


def _per_community(made: Overview) -> str:
    series = [("a", made.plan.per_community)]
    if made.compound_first is not None:
        series.append(("d", made.compound_first.per_community))
    note = "<p>Communities by their number of grids with homes. Dark: this plan; middle: compound-first.</p>"
    return columns("Communities by number of grids", series) + note


def _rules(made: Overview) -> str:
    drawn = shares(
        "Communities that hold each rule",
        [(_phrase(one.rule), (("a", one.holds), ("n", one.broken))) for one in made.rules],
    )
    heads = (
        "rule",
        "communities that hold it",
        "that do not",
        "places",
        "sum",
        "the most",
        "what it would take",
    )
    rows = [
        (
            _phrase(one.rule) + (" (never broken)" if one.hard else ""),
            f"{one.holds:,}",
            f"{one.broken:,}",
            f"{one.times:,}",
            f"{one.by:,.6g}",
            one.example,
            one.remedy,
        )
        for one in made.rules
    ]
    return drawn + _table(heads, rows)


def _phrase(rule: str) -> str:
    return rule.replace("_", " ")


def _stars(made: Overview) -> str:
    if not any(made.stars.values()):
        return ""
    rows = [Bar(key if key == "not rated" else "★" * int(key), count) for key, count in made.stars.items()]
    return bars("Branches by stars", rows)


def _pairing(made: Overview) -> str:
    one = made.pairing
    far = "" if one.metres_median is None else f" Half of the pairs are within {one.metres_median:,.0f} m."
    return (
        f"<p>{one.given:,} pairs are given, {one.proposed:,} are proposed; {one.unpaired_organisations:,} "
        f"organisations and {one.unpaired_branches:,} branches stay without a partner.{far}</p>"
    )


SUBDISTRICT_COLUMNS = (
    ("communities", "communities"),
    ("compounds", "compounds"),
    ("branches", "branches"),
    ("grids", "grids with homes"),
    ("grids_with_branch", "with a branch"),
    ("to_found", "to found"),
    ("to_merge", "branches without a grid"),
    ("in_two_grids", "branches in two grids"),
    ("grids_led", "led"),
    ("grids_led_by_another", "led by another branch"),
    ("leaders_vacant", "leader vacant"),
    ("households", "homes"),
)


def _subdistricts(made: Overview) -> str:
    heads = ("subdistrict", *(name for _, name in SUBDISTRICT_COLUMNS))
    rows = [*(_row(one, one.name or "(none)") for one in made.tally.subdistricts)]
    chart = shares(
        "Grids with a branch and branches to found",
        [
            (one.name or "(none)", (("a", one.grids_with_branch), ("n", one.to_found)))
            for one in made.tally.subdistricts
        ],
    )
    note = "<p>Grids with a branch of their own, and branches to be founded.</p>"
    return f'{chart}{note}<div class="total">{_table(heads, [*rows, _row(made.tally.total, "all")])}</div>'


def _row(tally: SubdistrictTally, name: str) -> tuple[str, ...]:
    return (name, *(f"{getattr(tally, field):,}" for field, _ in SUBDISTRICT_COLUMNS))


def _burdens(made: Overview) -> str:
    rows = [
        (one.name or "not public", ", ".join(f"{community} grid {n}" for community, n in one.grids))
        for one in made.tally.overburdened
    ]
    if not rows:
        return "<p>Nobody leads more than two grids.</p>"
    return f"<p>{len(rows):,} people lead more than two grids.</p>" + _table(("leader", "grids"), rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


_STYLE = (
    "body{font:15px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;color:#1b2733;background:#fff;margin:0}"
    "main{max-width:64rem;margin:auto;padding:1.5rem}h1{font-size:1.6rem;line-height:1.25}"
    "h2{font-size:1.15rem;border-bottom:2px solid #1f5f8b;padding-bottom:.2rem;margin-top:2rem}"
    ".sample{background:#fff4d6;border-left:4px solid #b7791f;padding:.4rem .8rem}"
    ".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.6rem}"
    ".figures div{border:1px solid #cbd5e0;border-radius:4px;padding:.5rem .7rem}"
    ".figures b{display:block;font-size:1.35rem}.figures small{display:block;color:#52606d}"
    "svg{display:block;width:100%;max-width:50rem;height:auto;font-size:13px;margin:.6rem 0}"
    "svg text{fill:#1b2733}svg .small{font-size:10px}.a{fill:#1f5f8b}.b{fill:#6b8f71}.c{fill:#b7791f}"
    ".d{fill:#7fa8c9}.n{fill:#dde4ea}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px;width:100%}"
    "td,th{border-bottom:1px solid #cbd5e0;padding:.25em .5em;text-align:left;vertical-align:top}"
    "td{font-variant-numeric:tabular-nums}thead{display:table-header-group}.figures div{break-inside:avoid}"
    ".total tr:last-child td{font-weight:600}svg{break-inside:avoid}"
    "footer{margin-top:2rem;color:#52606d;font-size:13px}"
    "@page{size:A4;margin:14mm}@media print{main{padding:0;max-width:none}body{font-size:11px}"
    "table{font-size:9px}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}"
)
