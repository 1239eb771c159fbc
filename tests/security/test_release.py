"""What is run and built from the repository: the audit can fail, and an image holds no secret."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash")
AUDIT = ROOT / ".ci" / "audit"

SOUND = {"name": "jinja2", "version": "3.1.6", "vulns": []}
HOLED = {
    "name": "aiohttp",
    "version": "3.0.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["3.0.1"]}],
}
UNKNOWN = {"name": "tzfpy", "skip_reason": "Dependency not found on PyPI"}


def audit(folder: Path, found: list[dict[str, Any]] | None, status: int) -> tuple[int, str]:
    """Run the audit with a `pip-audit` that finds this and ends so; None: it writes nothing."""
    if BASH is None or not AUDIT.exists():
        pytest.skip("this is no checkout on a machine with bash")
    stub = folder / "pip-audit"
    lines = [f"#!{BASH}", f"exit {status}"]
    if found is not None:
        told = json.dumps({"dependencies": found, "fixes": []})
        lines.insert(
            1, f'while [ $# -gt 0 ]; do [ "$1" = --output ] && echo \'{told}\' > "$2"; shift; done'
        )
    stub.write_text("\n".join(lines) + "\n", encoding="utf-8")
    stub.chmod(0o700)
    path = os.pathsep.join((str(folder), str(Path(sys.executable).parent), os.environ["PATH"]))
    ended = subprocess.run(
        [BASH, str(AUDIT), "constraints.txt"],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        check=False,
        text=True,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("found", "status", "told"),
    [
        ([SOUND, HOLED], 1, "aiohttp 3.0.0: PYSEC-2026-1, mended in 3.0.1"),
        ([SOUND, HOLED], 0, "PYSEC-2026-1"),
        ([UNKNOWN, HOLED], 1, "PYSEC-2026-1"),
        ([], 0, "nothing was looked at"),
        (None, 2, "did not run (exit 2)"),
        (None, 127, "did not run (exit 127)"),
        (None, 0, "did not run (exit 0)"),
    ],
)
def test_a_known_hole_or_an_audit_that_did_not_run_stops_a_release(
    tmp_path: Path, found: list[dict[str, Any]] | None, status: int, told: str
) -> None:
    ended, said = audit(tmp_path, found, status)
    assert ended != 0
    assert told in said


@pytest.mark.parametrize(
    ("found", "status", "told"),
    [
        ([SOUND], 0, "1 of 1 packages looked up, no known hole"),
        ([SOUND, UNKNOWN], 0, "not looked up: tzfpy"),
        ([UNKNOWN], 0, "not reached: none of 1 packages could be looked up"),
        (None, 1, "not reached: no advisory service answered"),
    ],
)
def test_an_audit_that_reaches_nobody_says_so_and_goes_on(
    tmp_path: Path, found: list[dict[str, Any]] | None, status: int, told: str
) -> None:
    ended, said = audit(tmp_path, found, status)
    assert ended == 0
    assert told in said


def goes_in(name: str) -> bool:
    """Return whether `COPY . .` would take a file, by the last rule that holds for it."""
    taken = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        wanted, pattern = rule.startswith("!"), rule.removeprefix("!").removeprefix("**/")
        parts = name.split("/") if "**/" in rule else name.split("/")[:1]
        if any(fnmatch(part, pattern) for part in parts):
            taken = wanted
    return taken


@pytest.mark.parametrize(
    "name",
    [
        ".env", "aftercare.db", "aftercare.db-wal", "aftercare.db.before-restore", ".git/config",
        "backups/aftercare-2026-11-24.db", ".venv/bin/python", "bot/.env", "content/aftercare.db",
        "words/riverside/microneedling/en/topics/makeup.j2", "tests/conftest.py", "secrets.txt",
    ],
)  # fmt: skip
def test_no_token_database_or_backup_beside_the_code_goes_into_an_image(name: str) -> None:
    assert not goes_in(name)


@pytest.mark.parametrize(
    "name",
    [
        "bot/cli.py", "content/library/_shared/en/macros.j2", "scheduler/clock.py", "README.md",
        "content/library/_shared/knowledge.npz", "constraints.txt", "pyproject.toml", "LICENSE",
    ],
)  # fmt: skip
def test_what_is_installed_from_goes_into_an_image(name: str) -> None:
    assert goes_in(name)
