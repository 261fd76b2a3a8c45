"""What does every page have at hand, and how does it become HTML?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Match

from casework.desk import ChangedMeanwhile, Desk
from casework.role import Actor, Role
from connectors.quality import QualityBook
from gateway.access import Refused
from gateway.caller import Caller
from gateway.console.session import Ended, NoSession, Session, Sessions
from gateway.console.terms import filters
from gateway.console.typed import Typed, typed_in
from gateway.console.vouching import IdentityProvider, NotVouched
from gateway.console.words import Lang, language_of, say
from gateway.errors import InquiryError
from gateway.in_force import Offices
from gateway.inquiry import inquire_for
from gateway.log_desk import LogDesk
from gateway.office import Answered, Asked, Office
from gateway.run_home import RunHome
from gateway.run_index import RunIndex
from gateway.trace import new_request
from vocabulary.region import RegionCode

COOKIE = "hedui-session"
HERE = Path(__file__).parent
TEMPLATES, STATIC = HERE / "templates", HERE / "static"


_CASEWORK = frozenset({Role.CLERK, Role.VERIFIER, Role.SUPERVISOR})
_CHECKING = frozenset({Role.VERIFIER, Role.SUPERVISOR})

PLACES: tuple[tuple[str, str, frozenset[Role | None]], ...] = (
    ("/console/", "Look up", frozenset({*_CASEWORK, Role.EVALUATOR, None})),
    ("/console/findings", "Findings", _CASEWORK),
    ("/console/cases", "Cases", _CASEWORK),
    ("/console/runs", "Runs", _CHECKING),
    ("/console/sources", "Sources", _CASEWORK),
    ("/console/agreements", "Agreements", frozenset({Role.LAWYER, Role.SUPERVISOR})),
    ("/console/policy", "Policy", frozenset({*_CHECKING, Role.LAWYER, Role.EVALUATOR})),
    (
        "/console/statement",
        "Who looked",
        frozenset({Role.CLERK, Role.SUPERVISOR, Role.LAWYER, Role.EVALUATOR}),
    ),
    ("/console/evaluator", "Evaluation", frozenset({Role.EVALUATOR})),
    ("/console/graphql", "GraphiQL", frozenset({*_CHECKING, Role.EVALUATOR, Role.OPERATOR})),
)
"""Address, words, and whom it is shown to. What somebody may do there is decided there."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What goes into a bundle beside the log: the packs and rules that entries name, and the trust anchor.

    `frames`   folder of what samples are drawn from, each under its digest, as commits name it
    """

    versions: Callable[[], Mapping[str, bytes]]
    policy: Callable[[], bytes]
    frames: Path


@dataclass(frozen=True)
class House:
    """What the pages stand on.

    `offices`      the office of the moment: take it once for one question
    `provider`     who vouches for people; None where only development personas sign in
    `personas`     whom one can be on a development machine, by name; empty elsewhere
    `vouch_every`  how old the provider's word may be
    `secure`       whether cookies travel by TLS alone
    `district`     whose registers these are; None shows runs to nobody
    `delivered`    the columns, `记录名.字段名`, that connected departments deliver by their contracts
    """

    offices: Offices
    desk: Desk
    log_desk: LogDesk
    runs: RunHome
    run_index: RunIndex
    quality: QualityBook
    district: RegionCode | None
    delivered: frozenset[str]
    evidence: Evidence
    sessions: Sessions
    provider: IdentityProvider | None
    personas: Mapping[str, Callable[[datetime], Caller]]
    vouch_every: timedelta
    secure: bool
    clock: Callable[[], datetime]
    documents: Mapping[str, str] = field(default_factory=lambda: _documents())
    environments: Mapping[Lang, Environment] = field(default_factory=lambda: _environments())

    @property
    def office(self) -> Office:
        """The office as it is now."""
        return self.offices.now


@dataclass(frozen=True)
class Visit:
    """One request of somebody who is signed in."""

    house: House
    request: Request
    session: Session
    lang: Lang
    typed: Typed

    @property
    def actor(self) -> Actor:
        """The person, as casework knows them."""
        caller = self.session.caller
        return Actor(self.session.account, caller.department, caller.post, caller.region)

    @property
    def role(self) -> Role | None:
        """The person's role; None for a post that casework does not know."""
        return self.actor.role

    @property
    def works_for_all(self) -> bool:
        """Tell whether the person works for the whole district: whoever works for less sees no run of it."""
        district = self.house.district
        return district is not None and self.actor.covers(district)

    @property
    def places(self) -> list[tuple[str, str]]:
        """Where this person can go, as address and words."""
        return [(href, self.say(words)) for href, words, roles in PLACES if self.role in roles]

    @property
    def above(self) -> str:
        """The nearest page above this one that there is: where to go back to without a script."""
        path = self.request.url.path.rstrip("/")
        while path.count("/") > 2:
            path = path.rpartition("/")[0]
            if _is_page(self.request, path):
                return path
        return "/console/"

    @property
    def stood_on(self) -> str:
        """The page that a form stood on: its own address where that can be opened, or the one above."""
        path = self.request.url.path
        return path if _is_page(self.request, path) else self.above

    @property
    def here(self) -> str:
        """This page, to be opened again: of what a form led to, the page above."""
        return self.request.url.path if self.request.method == "GET" else self.above

    @property
    def partial(self) -> bool:
        """Tell whether a part of a page is wanted: htmx says so."""
        return self.request.headers.get("hx-request") == "true"

    def say(self, sentence: str) -> str:
        """A sentence in the language of the page."""
        return say(sentence, self.lang)

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page, or a part of one."""
        return rendered(self.house, template, self.lang, status=status, visit=self, **values)

    def refused(self, error: Refused | InquiryError) -> HTMLResponse:
        """A question that was not answered, on a page that says why."""
        if isinstance(error, Refused):
            return self.page("refused.html", status=403, refused=error)
        return self.page("fault.html", status=error.status, code=error.code)

    def require_version(self, found: int, seen: int) -> None:
        """Return when nobody changed what the page showed. Raises `ChangedMeanwhile`."""
        if found != seen:
            raise ChangedMeanwhile("expected it as it was when the page was read")

    async def ask(self, document: str, variables: Mapping[str, Any]) -> Answered:
        """The answer to a trusted document, by its name, through the one path that every question takes.

        Raises what `inquire_for` raises.
        """
        session, office = self.session, self.house.office
        asked = Asked(
            text=self.house.documents[document],
            identifier=None,
            operation_name=None,
            variables=variables,
            authorization=None,
            purpose=session.purpose.value if session.purpose else None,
            case=session.case or None,
            request=new_request(),
        )
        return await inquire_for(session.caller, asked, office)


async def visit(request: Request) -> Visit:
    """Who is at the browser, vouched for lately. Raises `NoSession`."""
    house: House = request.app.state.house
    now = house.clock()
    session = house.sessions.read(request.cookies.get(COOKIE), browser=browser_of(request), at=now)
    if session.bearer and house.provider and now - session.vouched_at > house.vouch_every:
        session = await _vouched_again(house, house.provider, session, now)
    return Visit(house, request, session, language_of(request), await typed_in(request))


Visiting = Annotated[Visit, Depends(visit)]


async def _vouched_again(
    house: House, provider: IdentityProvider, session: Session, now: datetime
) -> Session:
    try:
        caller = await provider.again(session.bearer, at=now)
    except NotVouched:
        caller = None
    if caller is None or caller.subject != session.caller.subject:
        house.sessions.end(session.key)
        raise NoSession(Ended.NOT_VOUCHED)
    return house.sessions.vouched(session, caller, at=now)


def _is_page(request: Request, path: str) -> bool:
    """Tell whether an address can be opened, and not only have forms sent to it."""
    scope = {**request.scope, "method": "GET", "path": path}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def browser_of(request: Request) -> str:
    """What a browser says of itself: a key that turns up in another one was stolen."""
    return "\n".join(request.headers.get(name, "") for name in ("user-agent", "sec-ch-ua-platform"))


def rendered(house: House, template: str, lang: Lang, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A template as a page in a language."""
    text = house.environments[lang].get_template(template).render(lang=lang, **values)
    return HTMLResponse(text, status_code=status)


def _documents() -> dict[str, str]:
    """The shipped documents, by the name of their file: what the pages ask."""
    shipped = resources.files("gateway") / "documents"
    files = [file for file in shipped.iterdir() if file.name.endswith(".graphql")]
    return {file.name.removesuffix(".graphql"): file.read_text("utf-8") for file in files}


def _environments() -> dict[Lang, Environment]:
    return {"zh": _environment("zh"), "en": _environment("en")}


@cache
def _environment(lang: Lang) -> Environment:
    """Templates are compiled once for all houses of a process: nothing of a house stands in them."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # they come with the package: looking at each file for every page buys nothing
        extensions=["jinja2.ext.i18n"],
    )
    # The extension's own way to hand over translations; `_("…")` in a template calls the first.
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda sentence: say(sentence, lang),
        lambda one, many, n: say(one if n == 1 else many, lang),
        newstyle=False,
    )
    made.filters.update(filters(lang))
    made.globals["assets"] = (STATIC / "vendor" / "tabler.min.css").exists()
    return made
