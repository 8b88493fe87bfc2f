"""Examine the address matcher: ``python -m benchmarks.addresses [--cities ...] [--cases N] [--data DIR]``.

Accuracy by mechanism (``benchmarks/errors``), every address as the city writes it, speed, latency, memory
and, as
ratios in the same run, two peers: plain rapidfuzz over all texts and SQLite FTS5 with trigrams. One process.
Times are CPU times of this process, so that a busy machine does not change them much; latencies also.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import re
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rapidfuzz import fuzz, process

from benchmarks.address_cities import errors_of, load, stand_in_plan
from benchmarks.errors import MECHANISMS, Case
from benchmarks.errors.score import mark, table, total
from geogrid.addresses import AddressIndex, KnownName, Matcher, compile_index, suggest, warm
from geogrid.model import Grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from geogrid.addresses import AddressAnswer
    from geogrid.model import City

SEED = 7
CITIES = ("songshan", "bukit-merah", "dandong", "taipei")
CLEAN = 200_000


def main() -> None:
    """Run the exam and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cities", default=",".join(CITIES))
    parser.add_argument("--cases", type=int, default=2000, help="cases of each mechanism")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--peers", action="store_true", help="also run rapidfuzz and FTS5 over the texts")
    parser.add_argument("--examples", action="store_true", help="print cases that went wrong")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    figures = {}
    for name in chosen.cities.split(","):
        print(f"\n## {name}\n")
        figures[name] = examine(load(name, chosen.data), chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")


def examine(city: City, chosen: argparse.Namespace) -> dict[str, Any]:
    """Examine one city; return its figures."""
    chance = random.Random(SEED)
    errors, addresses = errors_of(city, chance)
    cases = draw_cases(errors, addresses, chosen.cases, chance)
    started = time.process_time()
    index = compile_index(city, _former(city, errors.former))
    figures: dict[str, Any] = {"addresses": len(city.addresses), "doors": index.door_count}
    figures["compile_s"] = round(time.process_time() - started, 2)
    grids = stand_in_plan(city, index)
    with tempfile.TemporaryDirectory() as folder:
        index.save(folder)
        figures["index_mb"] = round(sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6, 1)
        del index
        figures |= opened(Path(folder), grids, city, cases, chosen)
    print("\n".join(f"- {name}: {value}" for name, value in figures.items() if name != "mechanisms"))
    return figures


def opened(
    folder: Path,
    grids: Any,
    city: City,
    cases: Sequence[Case],
    chosen: argparse.Namespace,
) -> dict[str, Any]:
    """Examine the saved index as a service has it: opened, memory-mapped."""
    before, started = resident_mb(), time.perf_counter()
    index = AddressIndex.open(folder)
    figures: dict[str, Any] = {"open_s": round(time.perf_counter() - started, 3)}
    started = time.perf_counter()
    warm(index)
    matcher = Matcher(index, grids)
    figures["warm_s"] = round(time.perf_counter() - started, 2)
    grid_of = dict(zip(index.door_building_ids(), grids.tolist(), strict=True))
    figures |= clean(matcher, city, grid_of)
    figures["resident_mb_of_the_index"] = round(resident_mb() - before, 1)
    seconds, answers = timed(lambda: [matcher.match(case.text) for case in cases])
    figures["mix_per_s"] = round(len(cases) / seconds)
    marks = mark(cases, [(a.status.value, a.grid, a.grids) for a in answers], grid_of)
    print(table(marks) + "\n")
    figures["mechanisms"] = {
        name: {k: v for k, v in vars(one).items() if k != "examples"} for name, one in marks.items()
    }
    whole = total(marks)
    figures["right_grid"] = f"{whole.right / whole.variants:.4%}"
    figures["wrong_of_answered"] = f"{whole.wrong / (whole.right + whole.wrong):.4%}"
    figures["nothing_answered"] = f"{whole.nothing_answered} of {whole.nothing}"
    if chosen.examples:
        print("\n".join(f"{name}: {example}" for name, one in marks.items() for example in one.examples))
    figures |= latencies(index, matcher, [case.text for case in cases], city)
    if chosen.peers:
        figures |= peers(city, cases, figures["mix_per_s"])
    return figures


def draw_cases(errors: Any, addresses: Sequence[Any], count: int, chance: random.Random) -> list[Case]:
    """Draw ``count`` cases of every mechanism that the grammar has."""
    cases: list[Case] = []
    for mechanism in MECHANISMS:
        made = (errors.case(mechanism, chance.choice(addresses)) for _ in range(20 * count))
        cases += [case for case, _ in zip(filter(None, made), range(count), strict=False)]
    return cases


def _former(city: City, former: dict[str, str]) -> list[KnownName]:
    """Give the invented former names to the city's data: of compounds on the mainland, of roads elsewhere."""
    kind = "compound" if city.grammar is Grammar.MAINLAND else "stem"
    ids = {compound.name: compound.id for compound in city.compounds} if kind == "compound" else {}
    return [
        KnownName(old, kind, ids.get(name, name), "former", "", "1990-01-01") for old, name in former.items()
    ]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds that ``work`` took, and its result."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def clean(matcher: Matcher, city: City, grid_of: dict[str, int]) -> dict[str, Any]:
    """Match every address as the city writes it, in random order, and count those that miss their door."""
    order = np.random.default_rng(SEED).permutation(len(city.addresses))
    texts, buildings = (
        city.addresses["text"].to_numpy()[order],
        city.addresses["building_id"].to_numpy()[order],
    )
    missed = wrong = housed = 0
    seconds = 0.0
    for start in range(0, len(texts), CLEAN):
        part = texts[start : start + CLEAN]
        spent, answers = timed(functools.partial(_all, matcher, part))
        seconds += spent
        for answer, building in zip(answers, buildings[start : start + CLEAN], strict=True):
            if building:
                housed += 1
                missed += answer.grid < 0
                wrong += answer.grid >= 0 and answer.grid != grid_of[building]
    return {
        "clean_per_s": round(len(texts) / seconds),
        "clean": f"{housed} of a door: {missed} asked back, {wrong} in a wrong grid",
    }


def _all(matcher: Matcher, texts: Iterable[str]) -> list[AddressAnswer]:
    return [matcher.match(text) for text in texts]


def latencies(index: AddressIndex, matcher: Matcher, texts: Sequence[str], city: City) -> dict[str, Any]:
    """Return percentiles in milliseconds of CPU time: one look-up, clean and changed, and one suggestion."""
    chance = random.Random(SEED)
    written = city.addresses["text"].sample(min(20_000, len(city.addresses)), random_state=SEED).tolist()
    typed = [re.sub(r"^.*?鄰", "", text)[: chance.randint(1, 12)] for text in written[:4000]]
    typed += ["zhong", "mqdl", "bade", "路", "1", "tel", "泰", "th"] * 50
    found = {
        "lookup_clean_ms": _percentiles(matcher.match, written),
        "lookup_mix_ms": _percentiles(matcher.match, chance.sample(list(texts), min(20_000, len(texts)))),
        "suggest_ms": _percentiles(functools.partial(suggest, index), typed),
    }
    return {name: f"p50 {p50:.3f}, p99 {p99:.3f}" for name, (p50, p99) in found.items()}


def _percentiles(work: Callable[[str], Any], texts: Sequence[str]) -> tuple[float, float]:
    spent = np.empty(len(texts))
    for i, text in enumerate(texts):
        started = time.thread_time_ns()
        work(text)
        spent[i] = time.thread_time_ns() - started
    p50, p99 = np.percentile(spent, [50, 99]) / 1e6
    return float(p50), float(p99)


def resident_mb() -> float:
    """Return the resident memory of this process in megabytes."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    return int(status["VmRSS"].split()[0]) / 1024


def peers(city: City, cases: Sequence[Case], ours: int) -> dict[str, Any]:
    """Time two plain ways on the same changed texts: rapidfuzz and FTS5 trigrams over every text."""
    texts = city.addresses["text"].tolist()
    asked = [case.text for case in random.Random(SEED).sample(list(cases), 60)]
    fuzzy, _ = timed(lambda: [process.extractOne(text, texts, scorer=fuzz.ratio) for text in asked[:10]])
    store = sqlite3.connect(":memory:")
    store.execute("CREATE VIRTUAL TABLE address USING fts5(text, tokenize='trigram')")
    store.executemany("INSERT INTO address VALUES (?)", ((text,) for text in texts))
    query = "SELECT text FROM address WHERE address MATCH ? ORDER BY rank LIMIT 1"
    fts, _ = timed(lambda: [store.execute(query, (_trigrams(text),)).fetchone() for text in asked])
    return {
        "rapidfuzz_over_all": f"{10 / fuzzy:.1f}/s, ours is {ours * fuzzy / 10:.0f} times as fast",
        "sqlite_fts5_trigram": f"{60 / fts:.1f}/s, ours is {ours * fts / 60:.0f} times as fast",
    }


def _trigrams(text: str) -> str:
    bare = re.sub(r"\W+", "", text)
    return " OR ".join(f'"{bare[i : i + 3]}"' for i in range(max(1, len(bare) - 2)))


if __name__ == "__main__":
    main()
