"""Contributions, measurements and payments of one case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.agreements import indicators
from matcher.ground import vocabulary
from matcher.records import Partnership
from matcher.register import parties
from matcher.work import payments
from matcher.work import reads as work_reads
from webapp import contract_text, filters, party_text, work_text
from webapp.labels import gettext as _
from webapp.sheets import Cell, Heading, Sheet


def ledger_sheets(session: Session, case: Partnership, now: datetime) -> list[Sheet]:
    """Contributions, measurements and payments of one case; who gave is named as when it was confirmed, an
    indicator as when its value was accepted.
    """
    history = parties.History(session, case)
    section = history.lasting().city.section
    gifts: list[Sequence[Cell]] = [
        (
            row.given_on, party_text.side_name(history.of_gift(row), row.giver),
            vocabulary.support_label(row.support_type),
            row.quantity, row.unit, row.yen,
            filters.label_of(row.estimate_method, vocabulary.ESTIMATE_METHODS), row.estimate_note, row.note,
            filters.label_of(row.state, work_text.CONTRIBUTION_STATES),
        )
        for row in work_reads.contributions(session, case)
    ]  # fmt: skip
    plan, measured = indicators.InPlan(session, case, history), indicators.measurements(session, case)
    values: list[Sequence[Cell]] = [
        (
            said.name, row.measured_on, row.value, said.unit, said.baseline, said.target,
            row.missing_reason, filters.label_of(row.state, work_text.MEASUREMENT_STATES),
        )
        for _id, of_one in sorted(measured.items())
        for row in of_one
        for said in (plan.accepted(row),)
    ]  # fmt: skip
    paid: list[Sequence[Cell]] = [
        (payments.label(row), row.fiscal_year, row.amount_yen, contract_text.formula(row), row.paid_on)
        for row in payments.all_of(session, case)
    ]
    number = case.number
    return [
        Sheet(
            _("実績_%(number)s", number=number), section, now,
            (Heading(_("提供した日"), 18, "day"), Heading(_("提供した側"), 24),
             Heading(_("支援の種類"), 24), Heading(_("量"), 12, "number"), Heading(_("単位"), 8),
             Heading(_("金額（換算額）"), 16, "number"),
             Heading(_("金額の出し方"), 20), Heading(_("換算の説明"), 32), Heading(_("メモ"), 32),
             Heading(_("状態"), 18)),
            gifts,
        ),
        Sheet(
            _("測定_%(number)s", number=number), section, now,
            (Heading(_("指標"), 32), Heading(_("測定日"), 18, "day"), Heading(_("値"), 12, "number"),
             Heading(_("単位"), 8), Heading(_("基準値"), 12, "number"), Heading(_("目標"), 12, "number"),
             Heading(_("測れなかった理由"), 32), Heading(_("状態"), 16)),
            values,
        ),
        Sheet(
            _("支払い_%(number)s", number=number), section, now,
            (Heading(_("支払いの内容"), 32), Heading(_("年度"), 10, "number"),
             Heading(_("金額（円）"), 16, "number"), Heading(_("計算"), 60),
             Heading(_("支払った日"), 18, "day")),
            paid,
        ),
    ]  # fmt: skip
