"""The designer's files, as they were built into `server/static`.

`index.html` is looked at anew each time; files under /assets carry a hash of their contents in their
names and are kept for ever. Paths of the designer's own pages all give `index.html`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from ..errors import Code
from .replies import error_reply

__all__ = ["STATIC", "designer_routes"]

STATIC: Final = Path(__file__).parents[1] / "static"

_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Coweave</title>
<h1>The designer is not built</h1>
<p>The server runs, but the designer's files are missing. In a checkout, <code>make run</code>
builds them and serves them; a released package carries them.</p>
<p>The interfaces work without it: <a href="/api/openapi.json">the API</a>,
<a href="/readyz">readiness</a>.</p>
</html>
"""


def designer_routes(root: Path = STATIC) -> list[BaseRoute]:
    """Routes that come after all others: they answer every path that is left."""

    async def page(request: Request) -> Response:
        """The designer; it reads the rest of the path itself."""
        index = root / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, 503)
        return FileResponse(index, headers={"cache-control": "no-cache"})

    async def file(request: Request) -> Response:
        """A file beside index.html (an icon), or nothing."""
        path = root / request.path_params["name"]
        if path.parent == root and path.name != "index.html" and path.is_file():
            return FileResponse(path, headers={"cache-control": "public, max-age=3600"})
        return _not_found()

    async def asset(request: Request) -> Response:
        """A file whose name changes with its contents."""
        folder = (root / "assets").resolve()
        path = (folder / request.path_params["path"]).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            return _not_found()
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return FileResponse(path, headers=headers)

    async def nothing(request: Request) -> Response:
        return _not_found()

    return [
        Route("/", page),
        Route("/designs/{id}", page),
        Route("/designs/{id}/history", page),
        Route("/trash", page),
        Route("/people", page),
        Route("/assets/{path:path}", asset),
        Route("/{name}", file),
        Route("/{path:path}", nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def _not_found() -> Response:
    return error_reply(404, Code.NOT_FOUND, "There is nothing here")
