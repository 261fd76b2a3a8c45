"""How does somebody sign in, and out? By the identity provider; on a development machine as one of its personas."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from gateway.caller import Caller
from gateway.console.house import COOKIE, House, browser_of, rendered
from gateway.console.session import Ended
from gateway.console.vouching import NotVouched
from gateway.console.words import COOKIE as LANG_COOKIE
from gateway.console.words import language_of

router = APIRouter()


@router.get("/login")
async def login(request: Request, why: str = "") -> Response:
    """The page on which one signs in, and why one has to."""
    ended = next((each for each in Ended if each.value == why and each is not Ended.NONE), None)
    return _login_page(request, ended=ended)


@router.get("/login/start")
async def start(request: Request) -> Response:
    """Off to the identity provider."""
    house: House = request.app.state.house
    if house.provider is None:
        return _login_page(request, fault="no_provider", status=404)
    try:
        return await house.provider.start(request, back_to=str(request.url_for("login_back")))
    except NotVouched:
        return _login_page(request, fault="provider_silent", status=502)


@router.get("/login/back", name="login_back")
async def back(request: Request) -> Response:
    """Back from the identity provider."""
    house: House = request.app.state.house
    if house.provider is None:
        return _login_page(request, fault="no_provider", status=404)
    try:
        vouched = await house.provider.finish(request, at=house.clock())
    except NotVouched:
        return _login_page(request, fault="not_vouched", status=403)
    return _signed_in(request, vouched.caller, vouched.bearer)


@router.post("/login/as")
async def as_persona(request: Request, who: Annotated[str, Form()]) -> Response:
    """In as a persona of a development machine; there are none elsewhere."""
    house: House = request.app.state.house
    make = house.personas.get(who)
    if make is None:
        return _login_page(request, fault="no_persona", status=404)
    return _signed_in(request, make(house.clock()), "")


@router.post("/logout")
async def logout(request: Request) -> Response:
    """Out: the session is gone, and with it whatever a copied cookie could have done."""
    house: House = request.app.state.house
    if key := request.cookies.get(COOKIE):
        house.sessions.end(key)
    response = RedirectResponse("/console/login", status_code=303)
    response.delete_cookie(COOKIE, path="/console")
    return response


@router.post("/language")
async def language(
    request: Request, lang: Annotated[str, Form()], back_to: Annotated[str, Form()] = ""
) -> Response:
    """The pages in another language, from here on."""
    # Only a path of ours: a form that leads elsewhere would lend our name to another site.
    safe = back_to if back_to.startswith("/console/") and "//" not in back_to else "/console/"
    response = RedirectResponse(safe, status_code=303)
    if lang in ("zh", "en"):
        response.set_cookie(
            LANG_COOKIE, lang, max_age=31_536_000, path="/console", samesite="strict", httponly=True
        )
    return response


def _signed_in(request: Request, caller: Caller, bearer: str) -> Response:
    house: House = request.app.state.house
    if old := request.cookies.get(COOKIE):
        house.sessions.end(old)
    key = house.sessions.begin(caller, browser=browser_of(request), bearer=bearer, at=house.clock())
    # The provider's redirect is no request of ours: a strict cookie would not come with the page it leads to.
    response = rendered(house, "signed_in.html", language_of(request))
    response.set_cookie(COOKIE, key, path="/console", samesite="strict", httponly=True, secure=house.secure)
    return response


def _login_page(
    request: Request, *, ended: Ended | None = None, fault: str = "", status: int = 200
) -> Response:
    house: House = request.app.state.house
    return rendered(
        house,
        "login.html",
        language_of(request),
        status=status,
        ended=ended,
        fault=fault,
        provider=house.provider is not None,
        personas=list(house.personas),
        visit=None,
    )
