"""What does the API say of requests for correction (校核) and of authorizations (核对授权书)?"""

from __future__ import annotations

from typing import Any

import graphene

from casework.corrections import CorrectionState
from casework.resource import Product
from gateway.schema import scalars
from gateway.schema.records import enumeration
from gateway.schema.told import OPEN, Told
from vocabulary.codes import Department, MemberKind, SignatureMethod

_TEXT = graphene.NonNull(graphene.String)


def _inside(kind: Any, description: str, **options: Any) -> Told:
    """A field of an object that was decided as a whole."""
    return Told(kind, shows=OPEN, description=description, **options)


def _came(shown: Any, info: Any, **_arguments: Any) -> Any:
    """What came of it: it was done before anything is told."""
    return shown.deed(info.path.key)


class Correction(graphene.ObjectType):
    """校核申请: a record that is disputed with the department that owns it (政务数据共享条例 art. 26)."""

    id = _inside(graphene.NonNull(graphene.ID), "编号: number of the request.")
    source = _inside(graphene.NonNull(enumeration(Department)), "提供部门: who owns the record, and answers.")
    record = _inside(_TEXT, "资源: type of the record, as `Insurance`.")
    record_id = _inside(_TEXT, "记录标识: the department's own key, or the handle where that is hidden.")
    columns = _inside(
        graphene.NonNull(graphene.List(_TEXT)),
        "有异议的数据项: the columns that are disputed.",
        resolver=lambda one, _info: list(one.columns),
    )
    state = _inside(graphene.NonNull(enumeration(CorrectionState)), "状态: where it stands.")
    asked_on = _inside(graphene.NonNull(scalars.Date), "提出日期: when it was asked for.")
    due_on = _inside(graphene.NonNull(scalars.Date), "答复期限: the last day for an answer.")
    answer = _inside(graphene.String, "答复: the department's, in its own words.")
    letter = _inside(graphene.String, "文号: number of the letter with the answer, where others recorded it.")
    answered_on = _inside(scalars.Date, "答复日期: when it was answered or withdrawn.")


class Authorization(graphene.ObjectType):
    """核对授权: what one person agreed to, as our own register keeps it; the person stands under a pseudonym."""

    class Meta:
        """Its own name: `Authorization` is civil affairs' record."""

        name = "AuthorizationOnFile"

    id = _inside(graphene.NonNull(graphene.ID), "编号: number of the authorization.")
    paper = _inside(_TEXT, "授权书编号: the paper that it was signed on.")
    pseudonym = _inside(_TEXT, "假名: whose it is.", reads="person")
    kind = _inside(graphene.NonNull(enumeration(MemberKind)), "成员种类: lives there, or owes support.")
    departments = _inside(
        graphene.NonNull(graphene.List(graphene.NonNull(enumeration(Department)))),
        "可查询部门: who may be asked about the person.",
        resolver=lambda one, _info: sorted(one.departments),
    )
    valid_from = _inside(graphene.NonNull(scalars.Date), "起始日期: from which day it holds.")
    valid_until = _inside(scalars.Date, "截止日期: until which day; null until the household leaves relief.")
    withdrawn_on = _inside(scalars.Date, "撤回日期: from which day it holds no longer.")


class Signature(graphene.InputObjectType):
    """签字: one person's own."""

    id_number = graphene.String(required=True, description="公民身份号码 of the person (GB 11643).")
    kind = graphene.Argument(
        graphene.NonNull(enumeration(MemberKind)), description="成员种类: lives there, or owes support."
    )
    guardian = graphene.String(description="监护人: id number of who signs for a minor.")


_REGION = "行政区划代码 of the household, inside the caller's region."
_SUBJECT = {
    "household": graphene.ID(required=True, description="家庭编号: the household's number."),
    "region": scalars.RegionCode(required=True, description=_REGION),
}


class CaseworkMutation:
    """Acts of casework, each in one transaction with its own entry."""

    dispute_record = Told(
        Correction,
        shows=Product.CORRECTIONS.term,
        description="提出校核: dispute a record with its department, which answers within ten working days.",
        subject=graphene.String(
            required=True, description="家庭编号 or 公民身份号码 that it was found under."
        ),
        region=scalars.RegionCode(required=True, description=_REGION),
        record=graphene.String(required=True, description="资源: type of the record, as `Insurance`."),
        record_id=graphene.ID(description="记录标识: the department's own key; or else its `handle`."),
        handle=graphene.ID(description="句柄: as `handles` gives it to whom the key is hidden."),
        columns=graphene.List(
            _TEXT, required=True, description="数据项: columns, as `base_fen`; one or more."
        ),
        claim=graphene.String(
            required=True, description="理由: what is right and on what grounds; no names, no id numbers."
        ),
        case=graphene.String(description="案件编号: the case that it came up in."),
        resolver=_came,
    )
    answer_correction = Told(
        Correction,
        shows=Product.CORRECTIONS.term,
        description="答复校核: what the department found; others give the number of its letter.",
        id=graphene.ID(required=True, description="编号: number of the request."),
        state=graphene.Argument(
            graphene.NonNull(enumeration(CorrectionState)),
            description="`CORRECTED` 已更正 or `UPHELD` 核实无误.",
        ),
        text=graphene.String(required=True, description="答复: in the department's own words."),
        letter=graphene.String(description="文号: number of the department's letter."),
        resolver=_came,
    )
    withdraw_correction = Told(
        Correction,
        shows=Product.CORRECTIONS.term,
        description="撤回校核: take a request back, on the side that asked.",
        id=graphene.ID(required=True, description="编号: number of the request."),
        reason=graphene.String(required=True, description="理由: why."),
        resolver=_came,
    )
    grant_authorization = Told(
        graphene.List(graphene.NonNull(Authorization)),
        shows=Product.AUTHORIZATIONS.term,
        description="登记授权: a signed paper, with one authorization for each who signed.",
        signatures=graphene.List(graphene.NonNull(Signature), required=True, description="签字: who signed."),
        departments=graphene.List(
            graphene.NonNull(enumeration(Department)),
            required=True,
            description="可查询部门: who may be asked.",
        ),
        method=graphene.Argument(
            graphene.NonNull(enumeration(SignatureMethod)), description="签署方式: how it was signed."
        ),
        valid_from=scalars.Date(required=True, description="签署日期, not after today."),
        valid_until=scalars.Date(description="截止日期: the last day on which it holds."),
        scan=graphene.String(description="扫描件: SHA-256 of the paper, 64 hex digits."),
        resolver=_came,
        **_SUBJECT,
    )
    withdraw_authorization = Told(
        graphene.List(graphene.NonNull(Authorization)),
        shows=Product.AUTHORIZATIONS.term,
        description="撤回授权: all that one person signed, from today on; no reason is asked for (个人信息保护法 art. 15).",
        id_number=graphene.String(required=True, description="公民身份号码 of the person."),
        reason=graphene.String(description="理由, if one was given."),
        resolver=_came,
        **_SUBJECT,
    )
