"""Run tests with bugs put in: reads `{bug: test}` from stdin, writes `{bug: [exit code, output]}`.

Each runs in a process that is forked from this one, so that all is imported once only.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback

import alembic.op  # noqa: F401 - imported once for all, as is the server
import pytest

import server.app  # noqa: F401


def run(bug: str, test: str) -> tuple[int, str]:
    """The exit code and the output of pytest on `test`, with `bug` in the code."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        child = os.fork()
        if child == 0:
            for stream in (1, 2):
                os.dup2(output.fileno(), stream)
            os.environ["COWEAVE_BUG"] = bug
            code = -1
            try:
                quiet = ("-q", "-W", "ignore::pytest.PytestAssertRewriteWarning")
                plugins = ("-p", "no:cacheprovider", "-p", "tests.faults.bugs")
                code = int(pytest.main([*quiet, *plugins, "-x", test]))
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


if __name__ == "__main__":
    asked: dict[str, str] = json.load(sys.stdin)
    json.dump({bug: run(bug, test) for bug, test in asked.items()}, sys.stdout)
