"""What may a browser do with our pages? Load from us alone, send from us alone, keep nothing.

A page of another site can make a browser send a form; it cannot make it say that the form came
from us (`Sec-Fetch-Site`), nor does a cookie that is `SameSite=Strict` go with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content-Security-Policy of every page but one."""

GRAPHIQL_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""GraphiQL's editor writes its colours into the page; scripts stay ours."""

_SAFE = ("GET", "HEAD", "OPTIONS")

Next = Callable[[Request], Awaitable[Response]]


async def guarded(request: Request, call_next: Next) -> Response:
    """Refuse what another site sent; answer with the headers that every page carries."""
    if request.method not in _SAFE and not sent_by_us(request):
        return PlainTextResponse("expected a form of our own pages, got one of another site", status_code=403)
    response = await call_next(request)
    response.headers.setdefault("content-security-policy", POLICY)
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["referrer-policy"] = "no-referrer"
    response.headers["cross-origin-opener-policy"] = "same-origin"
    ours_for_all = request.url.path.startswith("/console/static/")
    response.headers["cache-control"] = "public, max-age=3600" if ours_for_all else "no-store"
    return response


def sent_by_us(request: Request) -> bool:
    """Tell whether a request that changes something comes from a page of ours.

    Every browser of today says so in `Sec-Fetch-Site`; for an older one `Origin` must be our address.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and origin == f"{request.url.scheme}://{request.url.netloc}"
