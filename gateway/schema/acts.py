"""What can be done, and what can be followed? The roots of mutations and of subscriptions."""

from __future__ import annotations

from typing import Any

import graphene

from casework.resource import Product
from gateway.progress import RunState, VerificationState
from gateway.schema import scalars
from gateway.schema.casework import CaseworkMutation
from gateway.schema.records import enumeration
from gateway.schema.told import OPEN, Told

_COUNT = graphene.NonNull(graphene.Int)


def _inside(kind: Any, description: str, **options: Any) -> Told:
    """A field of an object that was decided as a whole."""
    return Told(kind, shows=OPEN, description=description, **options)


def _came(shown: Any, info: Any, **_arguments: Any) -> Any:
    """What came of it: it was done before anything is told."""
    return shown.deed(info.path.key)


class Stratum(graphene.ObjectType):
    """层: outcomes of one verified category."""

    category = _inside(
        graphene.NonNull(graphene.String),
        "核对类别, or `UNJUDGED` and `SHREDDED`.",
        resolver=lambda item, _info: item[0],
    )
    outcomes = _inside(_COUNT, "How many there are (结果数).", resolver=lambda item, _info: item[1])


class SampleCommit(graphene.ObjectType):
    """抽样承诺: what will be drawn from, bound in the log before anybody could choose."""

    entry = _inside(_COUNT, "Index of the entry (条目序号) that says so.")
    population = _inside(_COUNT, "How many outcomes there are to draw from (总体).")
    strata = _inside(graphene.NonNull(graphene.List(graphene.NonNull(Stratum))), "层, by category.")
    frame = _inside(
        graphene.NonNull(graphene.String),
        "抽样框 as canonical JSON; whoever draws needs it, and its SHA-256 is in the entry.",
    )


class SampleReveal(graphene.ObjectType):
    """抽样揭示: the evaluator's secret stands in the log."""

    entry = _inside(_COUNT, "Index of the entry (条目序号) that holds it.")


class StratumShare(graphene.InputObjectType):
    """最低占比: the least share of a stratum."""

    stratum = graphene.String(required=True, description="核对类别, as in `Stratum.category`.")
    percent = graphene.Int(required=True, description="Per cent (百分比), 0 to 100.")


class Mutation(CaseworkMutation, graphene.ObjectType):
    """办理: all that can be done. Acts are done one after the other, each with its own entry in the audit log."""

    commit_sample = Told(
        SampleCommit,
        shows=Product.SAMPLES.term,
        description="抽样承诺: commit to a secret and to a plan over all outcomes so far.",
        promise=graphene.String(required=True, description="承诺: SHA-256 of the secret, 64 hex digits."),
        count=graphene.Int(required=True, description="样本量: how many are drawn, 1 or more."),
        shares=graphene.List(graphene.NonNull(StratumShare), description="最低占比 of strata."),
        resolver=_came,
    )
    reveal_sample = Told(
        SampleReveal,
        shows=Product.SAMPLES.term,
        description="抽样揭示: reveal the secret, once a witnessed head covers the commit.",
        commit=graphene.Int(required=True, description="Index of the entry (条目序号) of the commit."),
        secret=graphene.String(required=True, description="秘密: 64 hex digits."),
        resolver=_came,
    )


class LogVerification(graphene.ObjectType):
    """日志核验: the whole audit log hashed again, as far as it is."""

    state = _inside(graphene.NonNull(enumeration(VerificationState)), "状态: where it stands.")
    checked = _inside(_COUNT, "Entries hashed so far (已核验条目).")
    entries = _inside(_COUNT, "Entries under the signed head (条目总数).")


class RunProgress(graphene.ObjectType):
    """批量核对进度: how far a run over the district is."""

    run = _inside(graphene.NonNull(graphene.ID), "批次编号: number of the run.")
    state = _inside(graphene.NonNull(enumeration(RunState)), "状态: where it stands.")
    judged = _inside(_COUNT, "Households judged so far (已核对家庭).")
    households = _inside(_COUNT, "Households in all (家庭总数).")
    told_at = _inside(graphene.NonNull(scalars.Instant), "When it stood so (时刻).")


class Subscription(graphene.ObjectType):
    """订阅: what takes long and can be followed, over server-sent events. The last answer has the receipt."""

    log_verification = Told(
        LogVerification,
        shows=Product.PROOFS.term,
        description="日志核验: hash every entry again and hold the root against the signed head.",
        resolver=_came,
    )
    run_progress = Told(
        RunProgress,
        shows=Product.RUNS.term,
        description="批量核对进度 of one run, until it is over.",
        run=graphene.ID(required=True, description="批次编号, as `hedui runs list` prints it."),
        resolver=_came,
    )
