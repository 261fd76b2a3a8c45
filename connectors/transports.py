"""By which transport is a department's register reached? Ours by name, and those that other packages bring.

A package of somebody else's adds one by an entry point of the group `hedui.transports`: its
name is what a contract says in the custom property `transport`, and it gives a `Transport`.
One that has the name of ours is not looked at.

    ValueError
    └── NoTransport    no such transport is installed, or it is none, or the contract does not tell it how to ask
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from connectors.ask import Clock, Connector
from connectors.contract import Contract
from connectors.file_register import FIRST_LOOK, FileRegister
from connectors.guard import Patience
from connectors.http_register import HttpRegister
from connectors.rest_register import RestRegister
from connectors.rest_register import Service as RestService
from connectors.sql_register import SqlRegister

GROUP = "hedui.transports"

S = TypeVar("S")


class NoTransport(ValueError):
    """A contract names a transport that is not installed, or does not say of its server what that one needs."""


class Transport(Protocol):
    """Makes the connector of one department; opens nothing yet."""

    def __call__(
        self,
        contract: Contract,
        address: str,
        *,
        clock: Clock,
        today: Callable[[], date] | None,
        patience: Patience | None,
    ) -> Connector:
        """Give the connector to the register at `address`.

        `contract`   tables, and in `server` what the contract says of the way they are reached
        `today`      the day after which no delivery is dated, where it is not the clock's own
        `patience`   where it is not the transport's own
        """
        ...


def transport(name: str) -> Transport:
    """Give a transport by name. Raises `NoTransport`."""
    if name in _OURS:
        return _OURS[name]
    return _foreign(name)


@cache
def _foreign(name: str) -> Transport:
    found = [one for one in entry_points(group=GROUP) if one.name == name]
    if len(found) != 1:
        known = ", ".join(_OURS)
        raise NoTransport(
            f"expected a transport of {known} or one entry point `{name}` of `{GROUP}`, got {len(found)}"
        )
    try:
        made = found[0].load()
    except (ImportError, AttributeError) as error:
        raise NoTransport(f"expected transport `{name}` to load, got {type(error).__name__}") from error
    if not callable(made):
        raise NoTransport(f"expected transport `{name}` to be callable, got a {type(made).__name__}")
    checked: Transport = made
    return checked


def _sql(
    contract: Contract,
    address: str,
    *,
    clock: Clock,
    today: Callable[[], date] | None,
    patience: Patience | None,
) -> Connector:
    return SqlRegister(contract.department, address, contract.tables, clock=clock, patience=patience)


def _http(
    contract: Contract,
    address: str,
    *,
    clock: Clock,
    today: Callable[[], date] | None,
    patience: Patience | None,
) -> Connector:
    batch = str(contract.server.get("batch", ""))
    return HttpRegister(
        contract.department, address, contract.tables, clock=clock, patience=patience, batch=batch
    )


def _files(
    contract: Contract,
    address: str,
    *,
    clock: Clock,
    today: Callable[[], date] | None,
    patience: Patience | None,
) -> Connector:
    return FileRegister(
        contract.department, address, contract.tables, clock=clock, today=today, patience=patience
    )


def _soap(
    contract: Contract,
    address: str,
    *,
    clock: Clock,
    today: Callable[[], date] | None,
    patience: Patience | None,
) -> Connector:
    # Loaded where it is asked for: zeep takes half a second, and few departments speak SOAP.
    from connectors.soap_register import Service, SoapRegister

    service = _service(contract, Service)
    return SoapRegister(
        contract.department,
        address,
        contract.tables,
        wsdl=contract.file.parent / Path(service.wsdl).name,
        operations=service.operations,
        clock=clock,
        patience=patience,
    )


def _rest(
    contract: Contract,
    address: str,
    *,
    clock: Clock,
    today: Callable[[], date] | None,
    patience: Patience | None,
) -> Connector:
    service = _service(contract, RestService)
    return RestRegister(
        contract.department, address, contract.tables, service=service, clock=clock, patience=patience
    )


def check_service(contract: Contract) -> None:
    """See that what a contract says of its server can be read, and names every table. Raises `NoTransport`."""
    if contract.transport == "rest":
        operations = {*_service(contract, RestService).operations}
    elif contract.transport == "soap":
        from connectors.soap_register import Service

        operations = {*_service(contract, Service).operations}
    else:
        return
    missing = ", ".join(
        f"`{one.physical}`" for one in contract.tables.values() if one.physical not in operations
    )
    if missing:
        raise NoTransport(f"expected operations of {missing}, got none")


def _service(contract: Contract, kind: type[S]) -> S:
    """Read what a contract says of its server."""
    try:
        return msgspec.convert(dict(contract.server), kind)
    except msgspec.ValidationError as error:
        why = str(error)
        raise NoTransport(f"server of `{contract.department.value}`: {why[:1].lower()}{why[1:]}") from None


_OURS: dict[str, Transport] = {"sql": _sql, "http": _http, "rest": _rest, "soap": _soap, "files": _files}

PATIENCE: dict[str, Patience] = {"files": FIRST_LOOK}
"""How patient a transport is by itself, where it is not as patient as the others."""
