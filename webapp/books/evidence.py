"""What a company gave and what came of it in one fiscal year, each row with its evidence file."""

from collections.abc import Sequence
from datetime import datetime

from matcher.results import esg
from webapp import filters, work_text
from webapp.labels import gettext as _
from webapp.sheets import Cell, Heading, Sheet


def evidence_sheets(
    rows: Sequence[esg.Shown],
    organization: str, year: int, now: datetime,
) -> list[Sheet]:  # fmt: skip
    """What a company gave and what came of it in one fiscal year, each row with its evidence file."""
    gifts: list[Sequence[Cell]] = [
        (
            case.number, gift["parties"].npo.name, gift["day"], gift["what"], gift["quantity"], gift["unit"],
            gift["yen"], gift["method"], gift["note"], gift["evidence"], gift["sha256"],
        )
        for case, given, _outcomes in rows
        for gift in given
    ]  # fmt: skip
    results: list[Sequence[Cell]] = [
        (
            case.number, row["parties"].npo.name, row["day"], row["name"], row["value"], row["unit"],
            row["baseline"], row["target"], str(work_text.VERDICTS[row["verdict"]]), row["evidence"],
            row["sha256"],
        )
        for case, _given, outcomes in rows
        for row in outcomes
    ]  # fmt: skip
    note = (_("相手方が確認した実績と、確認済みの測定だけを載せています。"),)
    return [
        Sheet(
            _("提供した支援_%(year)s", year=filters.nendo(year)), organization, now,
            (Heading(_("案件番号"), 16), Heading(_("相手"), 28), Heading(_("日"), 18, "day"),
             Heading(_("支援の種類"), 24), Heading(_("量"), 12, "number"), Heading(_("単位"), 8),
             Heading(_("金額（換算額）"), 16, "number"), Heading(_("金額の出し方"), 20),
             Heading(_("換算の説明"), 32), Heading(_("根拠資料"), 28), Heading("sha256", 40)),
            gifts, notes=note,
        ),
        Sheet(
            _("成果_%(year)s", year=filters.nendo(year)), organization, now,
            (Heading(_("案件番号"), 16), Heading(_("相手"), 28), Heading(_("測定日"), 18, "day"),
             Heading(_("指標"), 32), Heading(_("値"), 12, "number"), Heading(_("単位"), 8),
             Heading(_("基準値"), 12, "number"), Heading(_("目標"), 12, "number"), Heading(_("結果"), 8),
             Heading(_("根拠資料"), 28), Heading("sha256", 40)),
            results, notes=note,
        ),
    ]  # fmt: skip
