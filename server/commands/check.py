"""`coweave check`: what is wrong with designs, without a server and without the network."""

from __future__ import annotations

import argparse
import gc
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .. import __version__
from ..errors import DesignError

if TYPE_CHECKING:
    from ..check.findings import Finding
    from ..check.own import OwnRule
    from ..check.reports import Checked
    from ..settings import Settings
    from ..types import TypeRegistry
    from .sources import Source

__all__ = ["add_commands"]

Add = Callable[[str, Callable[..., int], str], argparse.ArgumentParser]

_LEVELS = ("note", "warning", "error", "never")
_SLOW = 2.0
"""Seconds after which a run says how far it is."""


def add_commands(add: Add) -> None:
    """Add the command. `add(name, run, about)` makes a subcommand's parser."""
    check = add(
        "check",
        _run,
        "Check designs: files of ours, exports of Appsmith and ToolJet, folders. "
        "Exit code 0: nothing found, 1: findings, 2: something could not be checked.",
    )
    check.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="file or folder")
    check.add_argument(
        "--format", choices=("text", "json", "sarif", "junit", "github"), default="text"
    )
    check.add_argument("--output", type=Path, metavar="FILE", help="write the report there")
    check.add_argument(
        "--fail-on", choices=_LEVELS, default="error", help="the least level that fails (error)"
    )
    check.add_argument("--rules", type=Path, metavar="FILE", help="rules of one's own, as JSON")
    check.add_argument(
        "--packs",
        type=Path,
        action="append",
        metavar="DIR",
        help="folder of a pack of component types, beside ours (COWEAVE_PACKS); may be repeated",
    )
    check.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="an earlier JSON report: tell only what is new",
    )
    check.add_argument(
        "--diff", metavar="REF|PATH", help="tell only what is new against a git revision or a path"
    )
    check.add_argument(
        "--server",
        metavar="URL",
        help="check a stored design of that server; COWEAVE_TOKEN is sent to it, if it is set",
    )
    check.add_argument("--design", metavar="ID", help="with --server: which one")
    check.add_argument(
        "--version", type=int, metavar="V", help="with --server: at which version (the newest)"
    )


def _run(options: argparse.Namespace, settings: Settings) -> int:
    # Designs hold no cycles: looking for some again and again is a third of the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return _reported(options, settings)
    finally:
        if was_enabled:
            gc.enable()


def _reported(options: argparse.Namespace, settings: Settings) -> int:
    from ..check.reports import report
    from ..packs import registry
    from ..types.packs import PackError
    from .sources import SourceError

    try:
        types = registry(options.packs or map(Path, settings.packs))
        checked = list(_checked(options, types))
        told = report(options.format, checked, __version__)
    except (SourceError, DesignError, PackError, OSError) as error:
        print(
            f"coweave: {error.message if isinstance(error, DesignError) else error}",
            file=sys.stderr,
        )
        return 2
    if options.output is None:
        sys.stdout.write(told)
    else:
        options.output.write_text(told, encoding="utf-8")
    if any(design.failure is not None for design in checked):
        for design in checked:
            if design.failure is not None:
                print(f"coweave: {design.failure}", file=sys.stderr)
        return 2
    return int(_fails(options.fail_on, checked))


def _fails(level: str, checked: list[Checked]) -> bool:
    from ..check.findings import Level

    if level == "never":
        return False
    return any(each.finding.level >= Level.of(level) for design in checked for each in design.found)


def _checked(options: argparse.Namespace, types: TypeRegistry) -> Iterator[Checked]:
    from ..check.own import own_rules
    from ..check.reports import Checked
    from .sources import SourceError, find, json_at, read

    own: tuple[OwnRule, ...] = ()
    if options.rules is not None:
        own = own_rules(json_at(options.rules))
    known = _baseline(options.baseline)
    if options.server is not None:
        yield _one(_stored(options), types, own, known)
        return
    if not options.paths:
        raise SourceError("Name at least one file or folder to check.")
    progress = _Progress()
    for path, parsed in find(options.paths):
        progress.tell(path)
        try:
            source = read(path, parsed)
            before = (
                known if options.diff is None else known | _before(options.diff, path, types, own)
            )
            yield _one(source, types, own, before)
        except (SourceError, DesignError, OSError) as error:
            reason = f"{path}: {error.message}" if isinstance(error, DesignError) else str(error)
            yield Checked(path.name, str(path), failure=reason)


class _Progress:
    """Says on a terminal, once a run takes long, how far it is."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()
        self._count = 0

    def tell(self, path: Path) -> None:
        now = time.monotonic()
        self._count += 1
        if now - self._start > _SLOW and now - self._last > _SLOW / 2 and sys.stderr.isatty():
            self._last = now
            print(f"coweave: checking design {self._count}: {path}", file=sys.stderr, flush=True)


def _one(
    source: Source, types: TypeRegistry, own: tuple[OwnRule, ...], known: frozenset[str]
) -> Checked:
    from ..check.reports import Checked, Located

    name = str(source.document.get("meta", {}).get("name", source.path.name))
    found = [
        Located(finding, *source.where(finding.path, finding.offset))
        for finding in _findings(source, types, own)
        if finding.fingerprint(name) not in known
    ]
    found.sort(key=lambda each: (each.file, each.line, each.column))
    return Checked(name, str(source.path), found)


def _findings(source: Source, types: TypeRegistry, own: tuple[OwnRule, ...]) -> list[Finding]:
    from ..check.findings import RULES, Finding
    from ..check.rules import check

    found = check(source.document, types, own)
    # What an import has mended is wrong in the file that it was read from.
    for rule, listed, words in (
        (
            "secret",
            source.report.get("secrets", {}).get("listed", ()),
            "a secret lies open in the file: {}.",
        ),
        (
            "duplicate-name",
            source.report.get("repairs", {}).get("listed", ()),
            "the name {} is taken or is none.",
        ),
    ):
        for each in listed:
            if rule == "duplicate-name" and each["what"] != "name":
                continue
            element = each["element"]
            path = (*element.split("/", 1), *(("name",) if rule == "duplicate-name" else ()))
            name = _name_of(source.document, element)
            told = words.format(each["secret"] if rule == "secret" else each["from"])
            found.append(Finding(rule, RULES[rule].level, element, name, path, f"{name}: {told}"))
    return found


def _name_of(document: dict[str, Any], element: str) -> str:
    section, _, id = element.partition("/")
    value = document.get(section)
    value = value.get(id) if id and isinstance(value, dict) else value
    return str(value.get("name", element)) if isinstance(value, dict) else element


def _baseline(path: Path | None) -> frozenset[str]:
    from .sources import SourceError, json_at

    if path is None:
        return frozenset()
    data = json_at(path)
    try:
        return frozenset(
            each["fingerprint"] for design in data["designs"] for each in design["findings"]
        )
    except (KeyError, TypeError):
        raise SourceError(f"{path}: this is no JSON report of `coweave check`.") from None


def _before(ref: str, path: Path, types: TypeRegistry, own: tuple[OwnRule, ...]) -> frozenset[str]:
    """Fingerprints of what was found before: at another path, or at a revision of git."""
    from .sources import SourceError, read

    other = Path(ref)
    if other.exists():
        source: Source | None = read(other)
    else:
        source = _at_revision(ref, path)
    if source is None:
        return frozenset()
    try:
        checked = _one(source, types, own, frozenset())
    except DesignError as error:
        raise SourceError(f"{ref}: {path}: {error.message}") from None
    return frozenset(each.finding.fingerprint(checked.name) for each in checked.found)


def _at_revision(ref: str, path: Path) -> Source | None:
    """The design as it was at a revision; None: it was not there."""
    import tarfile
    import tempfile

    from .sources import SourceError, folder_files, from_files, read

    where = path if path.is_dir() else path.parent
    git = ["git", "-C", str(where)]
    asked = subprocess.run(
        [*git, "rev-parse", "--verify", "--quiet", f"{ref}^{{tree}}"], capture_output=True
    )
    if asked.returncode != 0 or ref.startswith("-"):
        raise SourceError(f"{ref}: this is neither a path nor a revision of git.")
    tree = asked.stdout.decode().strip()
    told = subprocess.run(
        [*git, "rev-parse", "--show-toplevel", "--show-prefix"], capture_output=True, text=True
    ).stdout.splitlines()
    top, prefix = (*told, "", "")[:2]
    name = prefix if path.is_dir() else prefix + path.name
    # In the folder itself git would leave out what is around it, and take the names from there.
    packed = subprocess.run(
        [
            "git",
            "-C",
            top,
            "archive",
            "--format=tar",
            tree,
            *([f":(top,literal){name.rstrip('/')}"] if name else []),
        ],
        capture_output=True,
    )
    if packed.returncode != 0:
        return None
    with (
        tempfile.TemporaryDirectory() as folder,
        tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive,
    ):
        # Links lead anywhere, and are not followed when a folder is read either.
        plain = [member for member in archive if member.isfile() or member.isdir()]
        archive.extractall(folder, plain, filter="data")
        old = Path(folder, name)
        if old.is_file():
            return read(old)
        return from_files(path, folder_files(old)) if old.is_dir() else None


def _stored(options: argparse.Namespace) -> Source:
    """A design of a server, at a version."""
    import http.client
    import os
    import urllib.error
    import urllib.request

    from ..interchange import sniff
    from .sources import MAX_FILE, Source, SourceError, decoded, parse

    if options.design is None:
        raise SourceError("Say with --design which design of the server to check.")
    url = f"{options.server.rstrip('/')}/api/designs/{quote(options.design, safe='')}/snapshot"
    if options.version is not None:
        url += f"?version={options.version}"
    if not url.startswith(("http://", "https://")):
        raise SourceError(f"{options.server}: this is no address of a server.")
    headers = {"accept": "application/json"}
    if token := os.environ.get("COWEAVE_TOKEN"):
        headers["authorization"] = f"Bearer {token}"

    class Stay(urllib.request.HTTPRedirectHandler):
        """Follows no redirect: the token is for that server alone."""

        def redirect_request(self, *arguments: object) -> None:
            return None

    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=30) as answer:
            content = answer.read(MAX_FILE + 1)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise SourceError(f"{url}: {error}") from None
    if len(content) > MAX_FILE:
        raise SourceError(f"{url}: this has more than {MAX_FILE:,} bytes.")
    data = parse(decoded(content, url), url)
    document = data.get("data") if isinstance(data, dict) else None
    if not isinstance(document, dict) or sniff(document) != "coweave":
        raise SourceError(f"{url}: this is no design.")
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return Source(Path(options.design), "coweave", document, {}, {"": text}, "file")
