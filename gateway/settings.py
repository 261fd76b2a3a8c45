"""What can an operator set? Every setting, read once at start and handed down as arguments.

From the environment (`HEDUI_DATABASE_URL`), or from one TOML file that `HEDUI_CONFIG` names;
the environment wins. Lengths of time and sizes carry their unit in the name. Each setting
stands in docs/settings.md, and a test holds it there.

    ValueError
    └── BadSettings     names the setting, what was expected; never a value, which may be a secret
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, InstanceOf, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from casework.agreement import SHIPPED
from connectors.allowance import Allowance, allowance
from vocabulary.codes import Department

PREFIX = "HEDUI_"

CONTRACTS = Path(__file__).parent.parent / "connectors" / "contracts"
"""Those that come with the product; `connectors.contract.SHIPPED`, without loading what reads them."""

Seconds = Annotated[float, Field(gt=0, le=3600)]
Count = Annotated[int, Field(ge=1, le=10**9)]

WEEK_S = 7 * 86_400.0


class BadSettings(ValueError):
    """A setting is missing, unknown or out of range."""


class Settings(BaseSettings):
    """All settings. Read them with `Settings.load`, which says plainly what is wrong."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    config: Path | None = Field(None, description="TOML file of settings, under the same names in lower case")
    env: Literal["dev", "prod"] = Field("prod", description="`dev` lets this machine mint its own tokens")
    run_folder: Path = Field(Path("run"), description="folder of keys, embedded databases and bundles")

    host: str = Field("127.0.0.1", description="address on which the gateway listens")
    port: int = Field(8443, ge=0, le=65535, description="port on which it listens; 0 takes a free one")
    workers: int = Field(1, ge=1, le=64, description="processes that share the port")

    database_url: str = Field(
        "", repr=False, description="database of what is kept; empty is SQLite in the run folder"
    )
    audit_url: str = Field(
        "", repr=False, description="database of the audit log alone; empty is the one above"
    )
    runs_url: str = Field(
        "", repr=False, description="database of runs over the district; empty is the common one"
    )
    origin: str = Field(
        "hedui.example/demo", pattern=r"^[\x21-\x2a\x2c-\x7e]{1,128}$", description="name of the audit log"
    )
    log_key: Path | None = Field(
        None, description="file of the log's signing key; without one `dev` makes its own"
    )
    log_next_key: Path | None = Field(
        None, description="file of a second Ed25519 key that signs beside the first while keys change"
    )
    log_ml_dsa_44: bool = Field(False, description="sign the log's heads with ML-DSA-44 as well")
    log_ml_dsa_44_key: Path | None = Field(
        None, description="file of the log's ML-DSA-44 key; without one `dev` makes its own"
    )
    pseudonym_key: Path | None = Field(None, description="file of the key that makes subjects' pseudonyms")
    vault_key: Path | None = Field(None, description="file of the key that wraps the vault's keys")
    pseudonym_epoch: str = Field("2026", description="name of the pseudonym key's period")
    pseudonym_keys_before: dict[str, Path] = Field(
        default_factory=dict, description="files of the pseudonym keys of earlier periods, by period"
    )
    audit_queue: Count = Field(
        4096, description="entries that may wait for the log before questions are refused"
    )
    witness_policy: Path | None = Field(
        None, description="the evaluator's tlog-policy: witnesses with addresses, and the quorum"
    )
    witness_every_s: Seconds = Field(1.0, description="time between two rounds of the witnesses")
    witness_wait_s: float = Field(1.0, ge=0, le=60, description="time a receipt waits for its cosignatures")
    max_unwitnessed_s: float = Field(
        14_400.0, gt=0, le=WEEK_S, description="time without a quorum after which questions are refused"
    )

    registers: dict[Department, str] = Field(
        default_factory=dict, repr=False, description="address of each department's register"
    )
    quotas: dict[Department, Annotated[InstanceOf[Allowance], BeforeValidator(allowance)]] = Field(
        default_factory=dict, description="how much each department's register is asked at most"
    )
    contracts: Path = Field(CONTRACTS, description="folder of departments' contracts")
    agreements: Path = Field(SHIPPED, description="folder of sharing agreements")
    policy_pack: str = Field("demo-2026", description="name or file of the policy pack")

    issuers: dict[str, str] = Field(
        default_factory=dict,
        description="trusted token issuers and their key sets (JWKS): files or addresses",
    )
    issuer_keys_every_s: Seconds = Field(
        300.0, description="time after which key sets are read anew, beside whenever an unknown key turns up"
    )
    audience: str = Field("hedui", min_length=1, description="`aud` that a token must carry")
    token_leeway_s: int = Field(30, ge=0, le=300, description="seconds by which clocks may differ")

    district: str | None = Field(
        None,
        pattern=r"^([0-9]{2}){1,3}$",
        description="region code of whose registers these are; who works for less sees no run of all",
    )
    oidc_issuer: str | None = Field(
        None, description="address of the identity provider (OpenID Connect) by which people sign in"
    )
    oidc_client_id: str = Field("hedui", description="our name with the identity provider")
    oidc_client_secret: Path | None = Field(
        None, repr=False, description="file of our secret with the identity provider"
    )
    vouch_every_s: Seconds = Field(
        60.0, description="time after which the identity provider is asked again about somebody signed in"
    )
    session_hours: int = Field(10, ge=1, le=24, description="hours for which somebody stays signed in")
    session_idle_minutes: int = Field(
        30, ge=1, le=480, description="minutes without a page after which they are not any more"
    )

    run_engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="engine of runs: `duckdb` on this machine, `spark` on many"
    )
    run_memory_mib: int = Field(
        1024, ge=256, le=1_048_576, description="memory of the engine, or of Spark's driver"
    )
    spark_master: str = Field("local[*]", description="the Spark cluster, as Spark names it")
    spark_parts: int = Field(16, ge=1, le=100_000, description="parts into which Spark deals the households")

    register_timeout_s: Seconds = Field(3.0, description="time a register has to answer")
    inquiry_timeout_s: Seconds = Field(10.0, description="time an inquiry has, all levels together")
    hedge_after_s: float = Field(
        0.0, ge=0, le=3600, description="time after which a slow register is asked a second time"
    )
    shutdown_timeout_s: Seconds = Field(15.0, description="time to finish what has begun")

    max_body_bytes: Count = Field(65_536, description="bytes of a request body")
    max_document_bytes: Count = Field(16_384, description="bytes of a GraphQL document")
    max_tokens: Count = Field(1_000, description="lexical tokens of a document")
    max_comments: Count = Field(50, description="comments in a document")
    max_depth: Count = Field(8, description="levels of selection")
    max_introspection_depth: Count = Field(
        16, description="levels of selection below `__schema` and `__type`"
    )
    max_aliases: Count = Field(15, description="aliases in a document")
    max_fragments: Count = Field(20, description="fragments in a document")
    max_spreads: Count = Field(40, description="fragment spreads in a document")
    max_directives: Count = Field(50, description="directives in a document")
    max_list_items: Count = Field(500, description="items that one list may be asked for")
    max_cost: Count = Field(2_000_000, description="values that an answer could hold")
    max_roots: Count = Field(5, description="fields of the operation itself")

    subgraph: bool = Field(False, description="be a subgraph that others compose: `_service` and `_entities`")
    documents: Path | None = Field(
        None, description="folder of trusted documents beside those that are shipped"
    )
    ad_hoc: frozenset[str] | None = Field(
        None, description="offices that may ask documents that are not trusted; without it `dev` lets all"
    )
    introspection: frozenset[str] | None = Field(
        None, description="offices that may ask what the schema is; without it those of `ad_hoc`"
    )
    max_questions_per_minute: Count = Field(600, description="questions of one caller a minute")
    max_households_per_hour: Count = Field(
        300, description="households that one caller asks about in an hour"
    )
    max_misses_per_hour: Count = Field(
        30, description="of these, households that are not there or not the caller's"
    )
    max_listed_per_hour: Count = Field(5_000, description="households in lists of one caller in an hour")
    max_questions_per_household: Count = Field(
        120, description="questions about one household in an hour, whoever asks"
    )
    max_claims_per_day: Count = Field(
        30, description="values claimed of one household in a day, whoever claims"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="level of the server log"
    )

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings: what is given here wins over the environment, which wins over the file `config`.

        Raises `BadSettings`, also for a variable `HEDUI_…` that is no setting: a typing error must
        not leave a limit at its default.
        """
        _refuse_strangers(os.environ, cls.model_fields)
        try:
            return cls(**given)
        except ValidationError as error:
            raise BadSettings(_plainly(error)) from None
        except (SettingsError, OSError, tomllib.TOMLDecodeError) as error:
            raise BadSettings(f"expected readable settings, got {type(error).__name__}") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, file: no `.env` is picked up from wherever the process stands."""
        config = init_settings().get("config") or env_settings().get("config")
        if config is None:
            return init_settings, env_settings
        with Path(config).open("rb") as file:
            values = tomllib.load(file)
        return init_settings, env_settings, InitSettingsSource(settings_cls, values)

    @property
    def log_url(self) -> str:
        """Where the audit log is kept: its own database, the common one, or the embedded one."""
        embedded = f"sqlite:///{self.run_folder / 'audit.sqlite'}"
        return self.audit_url or self.database_url or embedded

    @property
    def runs_database(self) -> str:
        """Where runs are kept: their own database, the common one, or the embedded one."""
        embedded = f"sqlite:///{self.run_folder / 'runs.sqlite'}"
        return self.runs_url or self.database_url or embedded


def _refuse_strangers(environment: Mapping[str, str], fields: Collection[str]) -> None:
    for name in environment:
        word = name.upper().removeprefix(PREFIX).partition("__")[0].lower()
        if name.upper().startswith(PREFIX) and word not in fields:
            raise BadSettings(f"expected a setting, got the variable `{name}`, which is none")


def _plainly(error: ValidationError) -> str:
    """Every fault by its setting. The value is left out: it may be a password in an address."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"`{'.'.join(map(str, fault['loc']))}`: {fault['msg'].lower()}" for fault in faults)
