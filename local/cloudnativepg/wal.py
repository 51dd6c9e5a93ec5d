"""The archive_command and restore_command of a server: asks the Pod of the instance, which may use the object store.

    python wal.py archive FOLDER PATH NAME
    python wal.py restore FOLDER NAME PATH

It runs once a segment, so it imports the standard library only. `restore` ends with 1 when the archive has no such
file, and with 255 when it cannot know: PostgreSQL takes 1 for the end of the WAL, and would end the recovery too early.
A replica has no end to miss: it asks again, and a server that ended with 255 would serve no reader meanwhile.

The last segment of a primary cluster that was demoted is there as `<name>.partial`, taken while the whole one is not.
"""

from __future__ import annotations

import gzip
import json
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

STORE = "object-store.json"
"""In the folder of a server: how to ask the Pod (`url`, `token`) or why not (`trouble`), and the server's `archive`."""
RECOVERY = "recovery.json"
"""In the folder of a server that is no primary, or not yet: `standing.Standing`, without which it is one."""
ERROR = "archive-error"
"""Why the last segment could not be archived; absent after a success."""
BEGUN = "archive-begun"
"""In the folder of a server that has found its archive empty, or need not."""
PARTIAL = ".partial"
_SEGMENT_NAME = 24
_SECONDS = 60


def key_of(archive: str, name: str) -> str:
    """Key of an archived file below the destination, as Barman lays them out."""
    folder = "" if name.endswith(".history") else f"{name[:16]}/"
    return f"{archive}/wals/{folder}{name}.gz"


def main() -> None:
    action, folder = sys.argv[1], Path(sys.argv[2])
    store = json.loads((folder / STORE).read_text())
    if action == "archive":
        _archive(folder, store, Path(sys.argv[3]), sys.argv[4])
    else:
        standing = json.loads((folder / RECOVERY).read_text())
        names = [sys.argv[3], *([sys.argv[3] + PARTIAL] if len(sys.argv[3]) == _SEGMENT_NAME else [])]
        unknown = 1 if standing.get("role") == "replica" else 255
        _restore(store, [key_of(standing["archive"], name) for name in names], Path(sys.argv[4]), unknown)


def _archive(folder: Path, store: dict[str, str], path: Path, name: str) -> None:
    error = folder / ERROR
    try:
        if not (folder / BEGUN).exists():
            _check_empty(store)
            (folder / BEGUN).touch()
        _ask(store, "PUT", key_of(store["archive"], name), gzip.compress(path.read_bytes(), 1))
    except (OSError, HTTPException) as failed:
        error.write_text(_reason(failed))
        sys.exit(f"{name} is not archived: {_reason(failed)}")
    error.unlink(missing_ok=True)


def _check_empty(store: dict[str, str]) -> None:
    """A new server must not mix its WAL with that of another one of its name. Raises OSError."""
    if json.loads(_ask(store, "GET", f"?prefix={store['archive']}/wals/")):
        raise OSError(f"WAL archive check failed for server {store['archive']}: Expected empty archive")


def _restore(store: dict[str, str], keys: list[str], path: Path, unknown: int) -> None:
    """The first of `keys` that there is; ends with `unknown` when the store does not say."""
    for key in keys:
        try:
            content = gzip.decompress(_ask(store, "GET", key))
        except urllib.error.HTTPError as failed:
            print(f"{key}: {_reason(failed)}", file=sys.stderr)
            if failed.code != 404:
                sys.exit(unknown)
        except (OSError, EOFError, HTTPException) as failed:
            print(f"{key}: {failed}", file=sys.stderr)
            sys.exit(unknown)
        else:
            new = path.with_name(f"{path.name}.new")
            new.write_bytes(content)
            new.replace(path)
            return
    sys.exit(1)


def _ask(store: dict[str, str], method: str, key: str, body: bytes | None = None) -> bytes:
    if store["trouble"]:
        raise OSError(store["trouble"])
    headers = {"Authorization": f"Bearer {store['token']}"}
    request = urllib.request.Request(f"{store['url']}/{key}", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        return answer.read()


def _reason(failed: BaseException) -> str:
    if isinstance(failed, urllib.error.HTTPError):
        return failed.read().decode(errors="replace").strip() or str(failed)
    return str(failed)


if __name__ == "__main__":
    main()
