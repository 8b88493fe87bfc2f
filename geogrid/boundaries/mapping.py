"""Read ``city.toml``: what a city is called and how its own files become the documented layers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geogrid.boundaries.faults import printable
from geogrid.boundaries.schema import BY_NAME, IGNORE, LAYERS, Layer
from geogrid.crs import is_metric_plane, read_crs
from geogrid.errors import Fault
from geogrid.model import Grammar, is_city_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from geogrid.boundaries.faults import FaultBook

FACTS = ("id", "name", "plane", "grammar", "language", "counts", "attribution", "licence", "synthetic")
SOURCE_SETTINGS = (
    "file",
    "layer",
    "crs",
    "encoding",
    "min_width_m",
    "believe_place",
    "columns",
    "values",
    "classes",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of one layer come from, and how its columns and classes are named there."""

    file: str = ""
    layer: str = ""
    crs: str = ""
    encoding: str = ""
    min_width_m: float = 0.0
    believe_place: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimation:
    """The numbers of the rule by which unknown households are estimated; see ``estimate.py``."""

    dwelling_m2: float = 100.0
    persons_per_household: float = 2.6
    default_levels: float = 6.0


@dataclass(frozen=True, slots=True)
class CityFile:
    """What ``city.toml`` says; every part has a default, so that plain data needs no such file."""

    id: str
    name: str
    plane: str = ""
    grammar: Grammar = Grammar.MAINLAND
    language: str = "zh-Hans"
    counts: str = "households"
    attribution: str = ""
    licence: str = ""
    synthetic: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    estimation: Estimation = Estimation()
    sources: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)


def read_city_file(path: Path | None, default_id: str, book: FaultBook) -> CityFile:
    """Return what the file says; without a file, or where it is faulty, the defaults."""
    raw = _load(path, book) if path is not None else {}
    file = path.name if path is not None else ""
    _refuse_unknown(raw, {*FACTS, "names", "estimation", "layers"}, file, "", book)
    city_id = _city_id(raw, default_id, file, book)
    return CityFile(
        id=city_id,
        name=_string(raw, "name", city_id, file, book),
        plane=_plane(raw, file, book),
        grammar=_grammar(raw, file, book),
        language=_string(raw, "language", "zh-Hans", file, book),
        counts=_string(raw, "counts", "households", file, book),
        attribution=_string(raw, "attribution", "", file, book),
        licence=_string(raw, "licence", "", file, book),
        synthetic=_flag(raw, "synthetic", file, book),
        names=_strings(raw, "names", file, book),
        estimation=_estimation(raw, file, book),
        sources=_sources(raw, file, book),
    )


def _city_id(raw: Mapping[str, Any], default: str, file: str, book: FaultBook) -> str:
    """Return the city's id, by default the name of its folder; one that could leave a folder is told."""
    city_id = _string(raw, "id", default, file, book)
    if is_city_id(city_id):
        return city_id
    what = f"{printable(city_id[:64])!r} cannot be the id of a city"
    remedy = 'Write id = "..." in city.toml: up to 64 letters and digits, with ".", "-", "_" or blanks inside'
    _bad(what, "id", file, book, remedy)
    return "city"


def _load(path: Path, book: FaultBook) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        book.add(Fault("missing-file", "the file is not there", "Check the path", file=path.name))
    except UnicodeDecodeError:
        book.add(Fault("wrong-encoding", "the file is not UTF-8", "Save it as UTF-8", file=path.name))
    except (OSError, tomllib.TOMLDecodeError) as error:
        book.add(Fault("bad-toml", f"the file is not valid TOML: {error}", "Mend the line", file=path.name))
    return {}


DOCUMENTED = "docs/city-data.md says what belongs here"


def _bad(what: str, field_name: str, file: str, book: FaultBook, remedy: str = DOCUMENTED) -> None:
    book.add(Fault("bad-setting", what, remedy, file=file, field=field_name))


def _refuse_unknown(raw: Mapping[str, Any], known: set[str], file: str, place: str, book: FaultBook) -> None:
    for key in sorted(set(raw) - known):
        remedy = f"Known are: {', '.join(sorted(known))}"
        book.add(
            Fault("unknown-setting", "there is no such setting", remedy, file=file, field=f"{place}{key}")
        )


def _string(raw: Mapping[str, Any], key: str, default: str, file: str, book: FaultBook) -> str:
    value = raw.get(key, default)
    if isinstance(value, str):
        return value
    _bad("this setting must be text", key, file, book)
    return default


def _number(raw: Mapping[str, Any], key: str, default: float, file: str, book: FaultBook) -> float:
    value = raw.get(key, default)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9:
        return float(value)
    _bad("this setting must be a number, zero or more", key, file, book)
    return default


def _flag(raw: Mapping[str, Any], key: str, file: str, book: FaultBook) -> bool:
    value = raw.get(key, False)
    if not isinstance(value, bool):
        _bad("this setting must be true or false", key, file, book)
    return value is True


def _strings(raw: Mapping[str, Any], key: str, file: str, book: FaultBook) -> dict[str, str]:
    value = raw.get(key, {})
    if isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values()):
        return dict(value)
    _bad("this must be a table of texts", key, file, book)
    return {}


def _plane(raw: Mapping[str, Any], file: str, book: FaultBook) -> str:
    plane = _string(raw, "plane", "", file, book)
    if plane and not is_metric_plane(plane):
        remedy = "Name a projected system in metres such as EPSG:3826, or leave it out"
        book.add(
            Fault("bad-plane", "the plane is not a known system in metres", remedy, file=file, field="plane")
        )
        return ""
    return plane


def _grammar(raw: Mapping[str, Any], file: str, book: FaultBook) -> Grammar:
    text = _string(raw, "grammar", Grammar.MAINLAND.value, file, book)
    if text in {grammar.value for grammar in Grammar}:
        return Grammar(text)
    _bad("this address grammar is unknown", "grammar", file, book, "Say mainland, lane or block")
    return Grammar.MAINLAND


def _estimation(raw: Mapping[str, Any], file: str, book: FaultBook) -> Estimation:
    table = raw.get("estimation", {})
    if not isinstance(table, dict):
        _bad("this must be a table", "estimation", file, book)
        return Estimation()
    plain = Estimation()
    known = {"dwelling_m2", "persons_per_household", "default_levels"}
    _refuse_unknown(table, known, file, "estimation.", book)
    numbers = {key: _number(table, key, getattr(plain, key), file, book) for key in sorted(known)}
    for key in sorted(key for key, value in numbers.items() if value <= 0):
        _bad("this setting must be more than zero", f"estimation.{key}", file, book)
        numbers[key] = getattr(plain, key)
    return Estimation(**numbers)


def _sources(raw: Mapping[str, Any], file: str, book: FaultBook) -> dict[str, tuple[Source, ...]]:
    layers = raw.get("layers", {})
    if not isinstance(layers, dict):
        _bad("this must be a table of layers", "layers", file, book)
        return {}
    _refuse_unknown(layers, set(BY_NAME), file, "layers.", book)
    return {
        layer.name: _layer_sources(layers[layer.name], layer, file, book)
        for layer in LAYERS
        if layer.name in layers
    }


def _layer_sources(raw: Any, layer: Layer, file: str, book: FaultBook) -> tuple[Source, ...]:
    tables = raw if isinstance(raw, list) else [raw]
    if not all(isinstance(table, dict) for table in tables):
        _bad("a layer must be a table or an array of tables", f"layers.{layer.name}", file, book)
        return ()
    return tuple(_source(table, layer, file, book) for table in tables)


def _source(raw: Mapping[str, Any], layer: Layer, file: str, book: FaultBook) -> Source:
    place = f"layers.{layer.name}."
    _refuse_unknown(raw, set(SOURCE_SETTINGS), file, place, book)
    columns = _strings(raw, "columns", file, book)
    values = raw.get("values", {})
    if not isinstance(values, dict):
        _bad("this must be a table", f"{place}values", file, book)
        values = {}
    known = {column.name for column in layer.columns}
    _refuse_unknown({**columns, **values}, known, file, f"{place}columns.", book)
    return Source(
        file=_string(raw, "file", "", file, book),
        layer=_string(raw, "layer", "", file, book),
        crs=_declared_crs(raw, layer, file, book),
        encoding=_string(raw, "encoding", "", file, book),
        min_width_m=_number(raw, "min_width_m", 0.0, file, book),
        believe_place=_flag(raw, "believe_place", file, book),
        columns={key: value for key, value in columns.items() if key in known},
        values={key: value for key, value in values.items() if key in known},
        classes=_classes(raw, layer, file, book),
    )


def _declared_crs(raw: Mapping[str, Any], layer: Layer, file: str, book: FaultBook) -> str:
    crs = _string(raw, "crs", "", file, book)
    if crs and read_crs(crs) is None:
        remedy = "Name an EPSG code, WGS-84, CGCS2000, GCJ-02 or BD-09"
        message = "the coordinate system is unknown"
        book.add(Fault("unknown-crs", message, remedy, file=file, layer=layer.name, field="crs"))
        return ""
    return crs


def _classes(raw: Mapping[str, Any], layer: Layer, file: str, book: FaultBook) -> dict[str, str]:
    classes = _strings(raw, "classes", file, book)
    column = layer.column("class") or layer.column("role")
    known = (column.classes if column else frozenset()) | {IGNORE}
    for name in sorted(name for name, value in classes.items() if value not in known):
        remedy = f"Known are: {', '.join(sorted(known))}"
        book.add(
            Fault(
                "unknown-class",
                f"{classes[name]!r} is no class of this layer",
                remedy,
                file=file,
                layer=layer.name,
                field=f"classes.{name}",
            )
        )
    return {name: value for name, value in classes.items() if value in known}
