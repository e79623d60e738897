"""Every case that the city has introduced, one sheet for each kind of record."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.cases import reads as case_reads
from matcher.ground import lifecycle, reasons, vocabulary
from matcher.ground.permissions import Actor
from matcher.records import Partnership
from matcher.register import parties
from matcher.results import comments
from matcher.work import reads as work_reads
from webapp import filters, party_text, work_text
from webapp.books import ledger, results
from webapp.labels import gettext as _
from webapp.sheets import Cell, Heading, Sheet


def everything_sheets(session: Session, actor: Actor, section: str, now: datetime) -> list[Sheet]:
    """Every case that the city has introduced, one sheet for each kind of record, also of those that ended
    on the way; and a sheet of the cases that came to nothing, with why.
    """
    cases = case_reads.all_cases(session)
    left = case_reads.left_cases(session)
    number = Heading(_("案件番号"), 16)
    rows: dict[str, list[Sequence[Cell]]] = {}
    heads: dict[str, tuple[str, Sequence[Heading]]] = {}
    for case in [*cases, *(case for case, was_introduced in left if was_introduced)]:
        for name, made in _case_records(session, actor, case, section, now):
            heads.setdefault(name, (name, made.columns))
            rows.setdefault(name, []).extend((case.number, *row) for row in made.rows)
    return [
        Sheet(
            _("案件"), section, now,
            (number, Heading(_("企業"), 28), Heading(_("団体"), 28), Heading(_("状態"), 24),
             Heading(_("支援の種類"), 24), Heading(_("協定"), 24), Heading(_("始まりの日"), 18, "day"),
             Heading(_("終わりの日"), 18, "day"), Heading(_("担当"), 14), Heading(_("公表"), 10)),
            [_case_row(session, case) for case in cases],
        ),
        Sheet(
            _("協働に至らなかった案件"), section, now,
            (number, Heading(_("企業"), 28), Heading(_("団体"), 28), Heading(_("状態"), 24),
             Heading(_("支援の種類"), 24), Heading(_("始めた日"), 18, "day"),
             Heading(_("終わった日"), 18, "day"), Heading(_("引き合わせ"), 12), Heading(_("理由"), 28),
             Heading(_("理由の説明"), 50)),
            [_left_row(session, case, was_introduced) for case, was_introduced in left],
        ),
        *(Sheet(name, section, now, (number, *columns), rows[name]) for name, columns in heads.values()),
    ]  # fmt: skip


def _case_row(session: Session, case: Partnership) -> Sequence[Cell]:
    history = parties.History(session, case)
    named, ended = history.lasting(), history.ending()
    person = case.coordinator
    return (
        case.number, named.company.name, named.npo.name,
        filters.label_of(case.state, lifecycle.STATES["partnership"]),
        vocabulary.support_label(case.support_type),
        filters.label_of(case.agreement_type, vocabulary.AGREEMENT_TYPES), case.starts_on, case.ends_on,
        history.person(person.public_id, ended, person.name) if person else "",
        _("公表中") if case.published_at else "",
    )  # fmt: skip


def _left_row(session: Session, case: Partnership, was_introduced: bool) -> Sequence[Cell]:
    named = parties.History(session, case).lasting()
    return (
        case.number, named.company.name, named.npo.name,
        filters.label_of(case.state, lifecycle.STATES["partnership"]),
        vocabulary.support_label(case.support_type), filters.tokyo_date(case.created_at),
        filters.tokyo_date(case.moved_at), _("した") if was_introduced else _("していない"),
        filters.label_of(case.reason_code, reasons.of_state("partnership", case.state)), case.reason_text,
    )  # fmt: skip


def _case_records(
    session: Session, actor: Actor, case: Partnership, section: str, now: datetime
) -> list[tuple[str, Sheet]]:
    """(name, records of one case) in the order of the book's sheets."""
    gifts, values, paid = ledger.ledger_sheets(session, case, now)
    found = dict(zip(results.RESULTS, results.result_sheets(session, actor, case, now), strict=True))
    return [
        (_("実績"), gifts), (_("測定"), values), (_("支払い"), paid),
        *((str(results.RESULTS[key][0]), made) for key, made in found.items()),
        (_("リスク"), _risk_sheet(session, case, section, now)),
        (_("トラブル"), _incident_sheet(session, case, section, now)),
        (_("住民の声と市の回答"), _comment_sheet(session, actor, case, section, now)),
    ]  # fmt: skip


def _risk_sheet(session: Session, case: Partnership, section: str, now: datetime) -> Sheet:
    named = parties.History(session, case).lasting()
    return Sheet(
        _("リスク"), section, now,
        (Heading(_("起こりうること"), 40), Heading(_("起こりやすさ"), 12), Heading(_("影響"), 10),
         Heading(_("備え"), 40), Heading(_("だれが"), 20), Heading(_("見直す日"), 18, "day"),
         Heading(_("閉じた日"), 18, "day"), Heading(_("結果"), 40)),
        [
            (
                row.text, filters.label_of(row.likelihood, vocabulary.LEVELS),
                filters.label_of(row.impact, vocabulary.LEVELS), row.mitigation,
                party_text.side_name(named, row.side), row.review_on,
                filters.tokyo_date(row.closed_at) if row.closed_at else None, row.closed_text,
            )
            for row in work_reads.risks(session, case)
        ],
    )  # fmt: skip


def _incident_sheet(session: Session, case: Partnership, section: str, now: datetime) -> Sheet:
    return Sheet(
        _("トラブル"), section, now,
        (Heading(_("起きた日"), 18, "day"), Heading(_("起きたこと"), 50), Heading(_("対応"), 50),
         Heading(_("住民に知らせた文"), 40), Heading(_("公表した日"), 18, "day"),
         Heading(_("解決した日"), 18, "day"), Heading(_("結果"), 40)),
        [
            (
                row.happened_on, row.text, row.measures, row.public_text,
                filters.tokyo_date(row.published_at) if row.published_at else None,
                filters.tokyo_date(row.resolved_at) if row.resolved_at else None, row.resolution,
            )
            for row in work_reads.incidents(session, case)
        ],
    )  # fmt: skip


def _comment_sheet(session: Session, actor: Actor, case: Partnership, section: str, now: datetime) -> Sheet:
    return Sheet(
        _("住民の声と市の回答"), section, now,
        (Heading(_("届いた日"), 18, "day"), Heading(_("住民の声"), 60), Heading(_("扱い"), 14),
         Heading(_("載せない理由"), 24), Heading(_("市の回答"), 60), Heading(_("回答の理由"), 40),
         Heading(_("回答した日"), 18, "day")),
        [
            (
                filters.tokyo_date(row.written_at), row.text,
                filters.label_of(row.state, work_text.COMMENT_STATES),
                filters.label_of(row.hide_reason or None, vocabulary.COMMENT_HIDE_REASONS), row.answer,
                row.answer_reason, filters.tokyo_date(row.answered_at) if row.answered_at else None,
            )
            for row in comments.comments_of(session, actor, case)
        ],
    )  # fmt: skip
