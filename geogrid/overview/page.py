"""Write the overview of a city as one printable page without scripts or outside files."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from geogrid.overview.charts import Bar, bars, columns, legend, shares
from geogrid.overview.city_map import city_map
from geogrid.overview.told import sentences
from geogrid.overview.words import DEFAULT, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from geogrid.overview.facts import Overview, RuleTally
    from geogrid.roster import SubdistrictTally

    Said = Mapping[str, str]

MOST_PROPOSALS = 40  # on the page; the JSON report has all
NUMBERS = (
    "communities",
    "compounds",
    "branches",
    "grids",
    "grids_with_branch",
    "to_found",
    "to_merge",
    "in_two_grids",
    "grids_led",
    "grids_led_by_another",
    "leaders_vacant",
    "households",
)


def overview_html(
    made: Overview, language: str = DEFAULT, outlines: Mapping[str, BaseGeometry] | None = None
) -> str:
    """Return the page; ``outlines`` are the communities in metres, for its map.

    Every text that came from data is escaped here or in the charts.
    """
    said = words(language)
    title = escape(said["title"].format(city=made.names.get(language, made.name)))
    meta = said["meta"].format(version=made.version, policy=made.policy, as_of=made.as_of)
    sample = f'<p class="sample">{escape(said["sample"])}</p>' if made.synthetic else ""
    body = "".join(
        f'<section class="{name.partition(".")[0]}"><h2>{escape(said[name])}</h2>{inside}</section>'
        for name, inside in _sections(made, said, language, outlines or {})
        if inside
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_style()}</style></head><body><main><header><h1>{title}</h1>"
        f"<p>{escape(meta)}</p></header>{sample}{_headline(made, said)}{body}"
        f"<footer>{escape(made.attribution)} {escape(made.licence)}</footer></main></body></html>\n"
    )


@cache
def _style() -> str:
    return (files("geogrid.overview") / "page.css").read_text(encoding="utf-8")


def _sections(
    made: Overview, said: Said, language: str, outlines: Mapping[str, BaseGeometry]
) -> Iterator[tuple[str, str]]:
    yield "short", _list(list(sentences(made, language))) + _comparison(made, said)
    yield "city.map", city_map(made.communities, outlines, said)
    yield "coverage", _coverage(made, said)
    yield "per.community", _per_community(made, said)
    yield "rules", _rules(made, said)
    yield "subdistricts", _subdistricts(made, said)
    yield "stars", _stars(made, said)
    yield "pairing", _pairing(made, said)
    yield "burdens", _burdens(made, said)
    yield "figures", _figures(made, said)


def _headline(made: Overview, said: Said) -> str:
    """Return the five numbers that one would ask for first."""
    total = made.tally.total
    told = (
        (f"{made.plan.grids:,}", "kpi.grids"),
        (_percent(total.grids_with_branch, total.grids), "kpi.branch"),
        (f"{made.plan.to_found:,}", "kpi.found"),
        (_percent(total.grids_led + total.grids_led_by_another, total.grids), "kpi.led"),
        (_percent(made.homes_in_a_grid, made.homes), "kpi.homes"),
    )
    cells = "".join(f"<div><b>{value}</b><span>{escape(said[key])}</span></div>" for value, key in told)
    return f'<div class="headline">{cells}</div>'


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "-"


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _comparison(made: Overview, said: Said) -> str:
    total = made.tally.total
    rows = []
    if made.asked is not None:
        low, high = made.asked
        rows.append(Bar(said["compare.asked"], high, f"{low:,}-{high:,}", start=low, tone="c"))
    rows += [
        Bar(said["compare.grids"], made.plan.grids),
        Bar(said["compare.compounds"], total.compounds, tone="b"),
        Bar(said["compare.branches"], total.branches, tone="b"),
    ]
    if made.compound_first is not None:
        rows.append(Bar(said["compare.first"], made.compound_first.grids, tone="d"))
    return f"<h3>{escape(said['compare'])}</h3>" + bars(said["compare"], rows)


def _coverage(made: Overview, said: Said) -> str:
    total = made.tally.total
    led = (("a", total.grids_led), ("d", total.grids_led_by_another), ("n", total.leaders_vacant))
    rows = (
        (said["coverage.compounds"], _of(total.compounds_with_branch, total.compounds)),
        (said["coverage.grids"], _of(total.grids_with_branch, total.grids)),
        (said["coverage.led"], led),
        (said["coverage.workers"], _of(total.grids - total.workers_vacant, total.grids)),
        (said["coverage.homes"], _of(made.homes_in_a_grid, made.homes)),
    )
    tones = (("a", said["legend.yes"]), ("d", said["legend.acting"]), ("n", said["legend.no"]))
    return shares(said["coverage"], rows) + legend(tones)


def _of(count: int, whole: int) -> tuple[tuple[str, float], ...]:
    return ("a", count), ("n", whole - count)


def _per_community(made: Overview, said: Said) -> str:
    series = [("a", made.plan.per_community)]
    tones = [("a", said["legend.plan"])]
    if made.compound_first is not None:
        series.append(("d", made.compound_first.per_community))
        tones.append(("d", said["legend.first"]))
    shaded = None
    if made.asked is not None and made.tally.total.communities:
        shaded = (made.asked[0] // len(made.communities), made.asked[1] // len(made.communities))
    drawn = columns(said["per.community"], series, shaded=shaded)
    return drawn + legend(tones) + f"<p>{escape(said['per.note'])}</p>" if drawn else ""


def _rules(made: Overview, said: Said) -> str:
    tones = (("a", said["legend.holds"]), ("n", said["legend.broken"]))
    drawn = shares(
        said["rules"],
        [(_phrase(said, one), (("a", one.holds), ("n", one.broken))) for one in made.rules],
    )
    broken = [one for one in made.rules if one.broken]
    if not broken:
        return drawn + legend(tones)
    heads = ("rule", "rule.holds", "rule.broken", "rule.times", "rule.by", "rule.worst", "rule.takes")
    rows = [
        (
            _phrase(said, one),
            f"{one.holds:,}",
            f"{one.broken:,}",
            f"{one.times:,}",
            f"{one.by:,.6g}",
            f"{one.most:,.6g} ({one.place})",
            said.get(f"takes.{one.rule}", ""),
        )
        for one in broken
    ]
    return drawn + legend(tones) + _table([said[head] for head in heads], rows, numbers=range(1, 5))


def _phrase(said: Said, one: RuleTally) -> str:
    phrase = said.get(f"rule.{one.rule}", one.rule.replace("_", " "))
    return f"{phrase} ({said['rule.hard']})" if one.hard else phrase


def _stars(made: Overview, said: Said) -> str:
    rated = {key: count for key, count in made.stars.items() if key != "not rated"}
    if not any(made.stars.values()):
        return ""
    rows = [
        Bar("★" * int(key) if key.isdigit() else said["stars.none"], count)
        for key, count in made.stars.items()
    ]
    good = sum(count for key, count in rated.items() if int(key) >= 3)
    share = _percent(good, sum(made.stars.values()))
    return bars(said["stars"], rows) + f"<p>{escape(said['stars.note'].format(share=share))}</p>"


def _pairing(made: Overview, said: Said) -> str:
    one = made.pairing
    told = (
        (one.given, "pairing.given"),
        (one.proposed, "pairing.proposed"),
        (one.unpaired_organisations, "pairing.unpaired"),
        (one.unpaired_branches, "pairing.branches"),
    )
    cells = "".join(f"<div><b>{count:,}</b><span>{escape(said[key])}</span></div>" for count, key in told)
    lines = [said["pairing.note"]] if one.proposals else []
    if one.metres_median is not None:
        lines.append(said["pairing.median"].format(metres=f"{one.metres_median:,.0f}"))
    notes = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<div class="numbers">{cells}</div>{notes}{_proposals(made, said)}'


def _proposals(made: Overview, said: Said) -> str:
    found = made.pairing.proposals
    if not found:
        return ""
    heads = ("pair.organisation", "pair.branch", "pair.metres", "pair.cost", "pair.parts")
    rows = [
        (
            one.organisation,
            one.branch,
            "-" if one.metres is None else f"{one.metres:,.0f}",
            f"{one.cost:.2f}",
            f"{one.of_distance:.2f} / {one.of_size:.2f} / {one.of_balance:.2f}",
        )
        for one in found[:MOST_PROPOSALS]
    ]
    more = len(found) - len(rows)
    note = f"<p>{escape(said['pair.more'].format(n=f'{more:,}'))}</p>" if more else ""
    return _table([said[head] for head in heads], rows, numbers=range(2, 5)) + note


def _subdistricts(made: Overview, said: Said) -> str:
    heads = [said["sub"], *(said[f"sub.{name}"] for name in NUMBERS)]
    own = made.tally.subdistricts
    rows = [_row(one, one.name or said["none"]) for one in own]
    chart = shares(
        said["subdistricts"],
        [(one.name or said["none"], (("a", one.grids_with_branch), ("n", one.to_found))) for one in own],
    )
    table = _table(heads, [*rows, _row(made.tally.total, said["sub.all"])], numbers=range(1, len(heads)))
    return f'{chart}<p>{escape(said["sub.note"])}</p><div class="total">{table}</div>'


def _row(tally: SubdistrictTally, name: str) -> tuple[str, ...]:
    return (name, *(f"{getattr(tally, field):,}" for field in NUMBERS))


def _burdens(made: Overview, said: Said) -> str:
    names = {one.id: one.name for one in made.communities}
    rows = [
        (
            one.name or said["burden.private"],
            ", ".join(
                said["burden.grid"].format(community=names.get(community, community), n=n)
                for community, n in one.grids
            ),
        )
        for one in made.tally.overburdened
    ]
    if not rows:
        return f"<p>{escape(said['burden.none'])}</p>"
    heads = [said["burden.leader"], said["burden.grids"]]
    return f"<p>{escape(said['burden.some'].format(n=f'{len(rows):,}'))}</p>" + _table(heads, rows)


def _figures(made: Overview, said: Said) -> str:
    cells = "".join(
        f"<div><b>{one.value:,.0f}</b><span>{escape(said.get(f'figure.{one.name}', one.name))}</span></div>"
        for one in made.figures
    )
    return f'<div class="numbers">{cells}</div><p>{escape(said["figures.note"])}</p>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: range = range(0)) -> str:
    def cell(tag: str, n: int, text: str) -> str:
        kind = ' class="n"' if n in numbers else ""
        return f"<{tag}{kind}>{escape(text)}</{tag}>"

    top = "".join(cell("th", n, head) for n, head in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(cell("td", n, one) for n, one in enumerate(row)) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
