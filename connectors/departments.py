"""Which connector speaks for which department? Its contract says by what transport, the settings say where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from connectors.allowance import Allowance, quota_of
from connectors.ask import Clock, Connector
from connectors.contract import Contract, shipped
from connectors.guard import Patience
from connectors.mapping import Tables
from connectors.transports import PATIENCE, transport
from vocabulary.codes import Department

TABLES: Mapping[Department, Tables] = {one: contract.tables for one, contract in shipped().items()}
"""What each department's tables and fields mean in our words, by the contracts that come with the product."""


class NoContract(ValueError):
    """There is an address of a department, and no contract says what stands there."""


def connect(
    addresses: Mapping[Department, str],
    *,
    clock: Clock,
    today: Callable[[], date] | None = None,
    patience: Mapping[Department, Patience] | None = None,
    contracts: Mapping[Department, Contract] | None = None,
    quotas: Mapping[Department, Allowance] | None = None,
    processes: int = 1,
) -> dict[Department, Connector]:
    """Give a connector for each address: an SQLAlchemy URL, `http://key@host:port` or `file:///folder`.

    `today`     the day after which no delivery is dated, where it is not the clock's own
    `patience`  says how long to wait for whom, where it is not the transport's own
    `contracts` those that come with the product, unless given
    `quotas`    how much the operator asks of whom, besides what the contracts allow
    `processes` that share a quota

    Nothing is opened yet; a department that cannot be reached says so when it is asked.
    Raises `NoContract` and `NoTransport`.
    """
    known = shipped() if contracts is None else contracts
    connectors: dict[Department, Connector] = {}
    for department, address in addresses.items():
        if department not in known:
            raise NoContract(f"expected a contract of `{department.value}`, got none")
        contract = known[department]
        said = [one for one in (contract.allowance, (quotas or {}).get(department)) if one is not None]
        patient = (patience or {}).get(department)
        if said:
            patient = patient or PATIENCE.get(contract.transport, Patience())
            patient = replace(patient, quota=quota_of(said, processes=processes))
        connectors[department] = transport(contract.transport)(
            contract, address, clock=clock, today=today, patience=patient
        )
    return connectors
