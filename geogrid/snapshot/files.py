"""Write a snapshot's folder aside, seal it with checksums, and swap it in; refuse one that is damaged."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from geogrid.aside import room_beside, sha256_of, sync, why_unwritten
from geogrid.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = 4  # raise it when a file is added, left out or means something else
MANIFEST = "manifest.json"
CHECKERS = 4


@contextmanager
def written_folder(folder: Path, facts: Mapping[str, Any]) -> Iterator[Path]:
    """Give an empty folder to fill; after the block it is sealed, on disk, and takes the place of ``folder``.

    A reader finds the old folder or the new one, whole. After an error nothing is left.
    """
    with _swapped(folder) as aside:
        yield aside
        _seal(aside, facts)


@contextmanager
def received_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill with a snapshot sealed elsewhere; it takes the place of ``folder``.

    :raises SnapshotError: what came does not fit its seal; what stood at ``folder`` stays.
    """
    with _swapped(folder) as aside:
        yield aside
        read_manifest(aside)


@contextmanager
def _swapped(folder: Path) -> Iterator[Path]:
    try:
        with room_beside(folder) as room:
            aside = room / folder.name
            aside.mkdir()
            yield aside
            for path in (*aside.rglob("*"), aside):
                sync(path)
            aside.chmod(0o755)
            _swap(aside, folder)
    except OSError as error:  # numpy tells only how many bytes it wrote
        told = f"snapshot {folder.name} could not be written: {why_unwritten(folder, error)}"
        raise SnapshotError(told) from error


def _seal(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the manifest."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {"format": FORMAT, **facts, "files": files}
    manifest["sha256"] = _seal_of(manifest)
    (folder / MANIFEST).write_text(_text_of(manifest), encoding="utf-8")


def _swap(aside: Path, folder: Path) -> None:
    """Put ``aside`` in the place of ``folder``; what stands there, damaged or not, is moved out of the way.

    Readers that have it open keep their pages. A whole one of the same content stays as it is, so that of two
    that compile at once the second disturbs nobody.
    """
    while not _same(aside, folder):
        if folder.exists():
            _put_away(folder)
        try:
            aside.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            break
    sync(folder.parent)


def _same(aside: Path, folder: Path) -> bool:
    """Tell whether ``folder`` is whole and has the content of ``aside``."""
    try:
        return bool(read_manifest(folder)["sha256"] == read_manifest(aside, verify=False)["sha256"])
    except SnapshotError:
        return False


def _put_away(folder: Path) -> None:
    with room_beside(folder) as old, contextlib.suppress(FileNotFoundError):  # another one was quicker
        folder.rename(old / folder.name)


def _text_of(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _seal_of(manifest: Mapping[str, Any]) -> str:
    bare = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(bare, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path, *, verify: bool = True) -> dict[str, Any]:
    """Return the manifest of a snapshot after checking every file against it.

    :raises SnapshotError: missing, of another format, or damaged; says which file.
    """
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        manifest = json.loads(text)
    except FileNotFoundError as error:
        raise SnapshotError(f"there is no snapshot {folder.parent.name}/{folder.name}") from error
    except (OSError, ValueError) as error:
        raise SnapshotError(f"snapshot {folder.name}: {MANIFEST} cannot be read") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise SnapshotError(f"snapshot {folder.name} is of another format than {FORMAT}: compile it again")
    if manifest.get("sha256") != _seal_of(manifest) or text != _text_of(manifest):
        raise SnapshotError(f"snapshot {folder.name}: {MANIFEST} is damaged")
    with ThreadPoolExecutor(CHECKERS) as pool:  # hashing leaves Python's lock alone
        checks = [pool.submit(_check, folder, *each, verify=verify) for each in manifest["files"].items()]
    for check in checks:
        check.result()
    return manifest


def _check(folder: Path, name: str, seal: Mapping[str, Any], *, verify: bool) -> None:
    path = folder / name
    try:
        whole = path.stat().st_size == seal["bytes"] and (not verify or sha256_of(path) == seal["sha256"])
    except OSError:
        whole = False
    if not whole:
        raise SnapshotError(f"snapshot {folder.name}: {name} is missing or damaged")
