"""Write a snapshot's folder aside, seal it with checksums, and swap it in; refuse one that is damaged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geogrid.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT = 1
MANIFEST = "manifest.json"


@contextmanager
def written_folder(folder: Path, facts: Mapping[str, Any]) -> Iterator[Path]:
    """Give an empty folder to fill; after the block it is sealed, on disk, and takes the place of ``folder``.

    A reader finds the old folder or the new one, whole. After an error nothing is left.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield aside
        _seal(aside, facts)
        aside.chmod(0o755)
        _swap(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _seal(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the manifest and bring every file to the disk."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {"format": FORMAT, **facts, "files": files}
    manifest["sha256"] = _seal_of(manifest)
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    for path in (*folder.rglob("*"), folder):
        _sync(path)


def _swap(aside: Path, folder: Path) -> None:
    """Put ``aside`` in the place of ``folder``; a damaged one that stands there is moved out of the way."""
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
        folder.rename(old / "damaged")
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        aside.rename(folder)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal_of(manifest: Mapping[str, Any]) -> str:
    bare = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(bare, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path, *, verify: bool = True) -> dict[str, Any]:
    """Return the manifest of a snapshot after checking every file against it.

    :raises SnapshotError: missing, of another format, or damaged; says which file.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SnapshotError(f"there is no snapshot {folder.parent.name}/{folder.name}") from error
    except (OSError, ValueError) as error:
        raise SnapshotError(f"snapshot {folder.name}: {MANIFEST} cannot be read") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise SnapshotError(f"snapshot {folder.name} is not of format {FORMAT}; publish or compile it again")
    if manifest.get("sha256") != _seal_of(manifest):
        raise SnapshotError(f"snapshot {folder.name}: {MANIFEST} is damaged")
    for name, seal in manifest["files"].items():
        _check(folder, name, seal, verify=verify)
    return manifest


def _check(folder: Path, name: str, seal: Mapping[str, Any], *, verify: bool) -> None:
    path = folder / name
    try:
        whole = path.stat().st_size == seal["bytes"] and (not verify or _sha256(path) == seal["sha256"])
    except OSError:
        whole = False
    if not whole:
        raise SnapshotError(f"snapshot {folder.name}: {name} is missing or damaged")
