"""公表: what leaves a case is chosen field by field, frozen as a text, and accepted by all three parties.

The public pages read that text and nothing else of the case, so nothing that was not chosen can leak.
Beside it stand the city's published notices of trouble.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import indicators
from matcher.cases import documents, talks, telling
from matcher.cases.act import SHARE, case_act
from matcher.city import cities
from matcher.ground import calendar, lifecycle, personal, suppression, vocabulary
from matcher.ground.errors import Invalid, NotFound, Refused
from matcher.ground.permissions import SYSTEM
from matcher.records import CaseDocument, Incident, NpoProfile, Organization, Partnership, PeriodReport
from matcher.register import parties, snapshots, wording_work
from matcher.register.act import Done, Look, Told, Words
from matcher.results import lessons, ratings
from matcher.work import contributions, payments

PUBLISHED: Final = "publish"  #: as the audit record names that a page is shown
#: A closed case may still be published: scores and lessons often follow when the partnership is over.
MAY_PUBLISH: Final = ("agreed", *sorted(lifecycle.CASE_BEGUN), "closed")
#: What stands on a public page under another name than the field that brings it there.
_FIELD_OF: Final = {"milestones": "purpose", "payments": "money"}
#: What stands on every page.
_FRAME: Final = frozenset(
    {"title", "summary", "company", "npo", "support_type", "fields", "areas", "fiscal_year"}
)
#: What stands on it where it was chosen, and there was something to say.
_CHOSEN: Final = (
    "purpose", "milestones", "agreement", "changes", "logic", "indicators", "contributions", "payments",
    "interim", "report", "setbacks", "evaluation", "lessons", "voices",
)  # fmt: skip


# ── Choosing and accepting ───────────────────────────────────────────────────────────────────────────


@case_act(
    "write_publication", event="draft_publication", by=SHARE, open_in=frozenset(MAY_PUBLISH),
    writes="publication", home="publication",
    words=Words(
        "公表する内容を選ぶ", "公表の案を保存し、三者に知らせました。", "公表の案を作成しました",
        explain="保存すると、公開ページの見本を見られます。三者が同意するまで、公開されません。すでに公表しているページは、新しい案に三者が同意したときに入れ替わります。",
        submit="保存して見本を見る",
    ),
)  # fmt: skip
def draft(look: Look, title: str, summary: str, fields: Sequence[str]) -> Done:
    """Choose what is published; the page as it will be is kept in the draft, for all three to preview.

    Raises:
        Invalid: no title or summary, personal data in them, an unknown field.
        Refused: ``personal_data_published``: a telephone number or an address in what the fields named in
            ``parts`` would show.
    """
    session, actor, case = look.session, look.actor, look.record
    wrong = {}
    for name, text in (("title", title), ("summary", summary)):
        if not text.strip():
            wrong[name] = "required"
        elif personal.found_in(text):
            wrong[name] = "personal_data"
    if any(field not in vocabulary.PUBLIC_FIELDS for field in fields):
        wrong["fields"] = "required"
    if wrong:
        raise Invalid(**wrong)
    view = compose(session, case, title.strip(), summary.strip(), fields)
    _refuse_personal(view)
    content = {"fields": [field for field in vocabulary.PUBLIC_FIELDS if field in fields], "view": view}
    found = documents.save(session, actor, case, "publication", content, look.now, needs_city=True)
    told = Told("others", "publication_draft", {"who": talks.who(actor)})
    return Done(found, is_kept=True, tells=(told,))


def put_in_force(session: Session, case: Partnership, page: CaseDocument, now: datetime) -> None:
    """All three have accepted: the page is public from now on."""
    talks.in_state(session, case, *MAY_PUBLISH)
    documents.put_in_force(session, case, page, now)
    session.execute(
        update(Partnership)
        .where(Partnership.id == case.id)
        .values(published_at=func.coalesce(Partnership.published_at, now), unpublished_reason="")
    )
    session.refresh(case, ["published_at", "unpublished_reason"])
    documents.note(session, SYSTEM, case, PUBLISHED, now, details={"document": page.public_id})
    telling.tell(session, SYSTEM, case, wording_work.event(case, "published"), now, "others")


@case_act(
    "unpublish", by=SHARE, open_in=frozenset(MAY_PUBLISH), home="publication",
    reasons=vocabulary.PUBLISH_REFUSALS,
    words=Words(
        "公表しないことにする", "公表しないことを記録しました。", "公表しないこととしました",
        explain="公開ページからすぐに消えます。公表しない理由は、案件の記録に残ります。",
        submit="公表しないことにする", is_grave=True,
    ),
)  # fmt: skip
def unpublish(look: Look, reason_code: str, reason_text: str) -> Done:
    """Take the page off – or say why there will be none. Any party may; the reason stays in the case.

    Raises:
        Invalid: no reason.
    """
    session, actor, case, now = look.session, look.actor, look.record, look.now
    if reason_code not in vocabulary.PUBLISH_REFUSALS:
        raise Invalid(reason_code="required")
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    session.execute(
        update(Partnership)
        .where(Partnership.id == case.id)
        .values(published_at=None, unpublished_reason=reason_code)
    )
    session.refresh(case, ["published_at", "unpublished_reason"])
    # Who accepted the draft accepted it before this no; a page needs a new yes from all three.
    open_draft = documents.find_draft(session, case, "publication")
    if open_draft is not None:
        documents.withdraw(session, actor, case, open_draft, reason_text, now)
    facts = {"who": talks.who(actor)}
    return Done(
        text=reason_text, reason_code=reason_code,
        tells=(Told(("others", "desk"), "unpublished", facts),),
    )  # fmt: skip


def outdated(session: Session, case: Partnership) -> tuple[str, ...]:
    """What of the page in force is no longer what the same choice would publish now (R2, R3).

    Returns:
        codes of ``vocabulary.PAGE_PARTS`` in their order, empty where nothing is public. ``outcome``: the
        three have chosen nothing since there is an outcome report, so that a page with the plan alone does
        not silently stand for the end.
    """
    page = documents.find_agreed(session, case, "publication")
    if case.published_at is None or page is None:
        return ()
    shown = page.content["view"]
    now = snapshots.plain(compose(session, case, shown["title"], shown["summary"], page.content["fields"]))
    found = set(_parts(key for key in {**shown, **now} if shown.get(key) != now.get(key)))
    report = documents.find_agreed(session, case, "outcome_report")
    if report is not None and report.agreed_at is not None and page.drafted_at < report.agreed_at:
        found.add("outcome")
    return tuple(part for part in vocabulary.PAGE_PARTS if part in found)


# ── The page as a text ───────────────────────────────────────────────────────────────────────────────


def compose(
    session: Session, case: Partnership, title: str, summary: str, fields: Sequence[str]
) -> dict[str, Any]:
    """The public page of a case as JSON facts: only what ``fields`` names, small cells suppressed."""
    plan = documents.find_agreed(session, case, "plan")
    chosen = frozenset(fields)
    need = case.need
    view: dict[str, Any] = {
        "title": title,
        "summary": summary,
        "company": case.company.name,
        "npo": case.npo.name,
        "support_type": case.support_type,
        "fields": list(need.fields if need else _npo_fields(session, case)),
        "areas": list(need.areas if need else [case.npo.area]),
        "fiscal_year": calendar.fiscal_year(case.starts_on) if case.starts_on else None,
    }
    if "purpose" in chosen and plan is not None:
        view["purpose"] = plan.content["purpose"]
        view["milestones"] = plan.content["milestones"]
    if "agreement" in chosen and case.starts_on and case.ends_on:
        view["agreement"] = {
            "type": case.agreement_type,
            "from_on": case.starts_on.isoformat(),
            "to_on": case.ends_on.isoformat(),
        }
    if "changes" in chosen:
        view["changes"] = _changes(session, case)
    if "logic" in chosen and plan is not None:
        # Pages that were accepted before the reasons of the links were shown keep them to themselves.
        view["logic"] = {
            "columns": plan.content["logic"], "links": plan.content["links"], "with_reasons": True,
        }  # fmt: skip
    if "indicators" in chosen:
        view["indicators"] = _indicators(session, case)
    if "contributions" in chosen:
        view["contributions"] = _contributions(session, case, with_yen="money" in chosen)
    if "money" in chosen:
        view["payments"] = [
            {"what": payments.label(row), "yen": row.amount_yen, "formula": payments.formula(row),
             "fiscal_year": row.fiscal_year}
            for row in payments.all_of(session, case)
            if row.paid_on is not None and (row.rule is None or row.rule.indicator.is_public)
        ]  # fmt: skip
    if "interim" in chosen:
        view["interim"] = _interim(session, case)
    report = documents.find_agreed(session, case, "outcome_report")
    if report is not None and "report" in chosen:
        view["report"] = {
            "narrative": report.content["narrative"],
            "next_step": report.content.get("next_step", ""),
        }
    if report is not None and "setbacks" in chosen:
        view["setbacks"] = report.content["setbacks"]
    if "evaluation" in chosen and case.state in {"evaluated", "closed"}:
        view["evaluation"] = _evaluation(session, case)
    if "lessons" in chosen:
        view["lessons"] = [row.text for row in lessons.lessons(session, case) if row.is_public]
    if "voices" in chosen:
        view["voices"] = [
            {
                "beneficiary": row.beneficiary,
                "text": row.text,
                "people": row.people if row.people >= suppression.SMALLEST else None,
            }
            for row in lessons.voices(session, case)
        ]
    return view


def _npo_fields(session: Session, case: Partnership) -> Sequence[int]:
    query = select(NpoProfile.fields).where(NpoProfile.organization_id == case.npo_id)
    return session.scalar(query) or []


def _changes(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """Each version of plan and agreement that replaced another in force: when, and why."""
    found = []
    for kind in ("plan", "agreement"):
        in_force = session.scalars(
            select(CaseDocument)
            .where(
                CaseDocument.partnership_id == case.id,
                CaseDocument.kind == kind,
                CaseDocument.agreed_at.is_not(None),
            )
            .order_by(CaseDocument.number)
        ).all()
        found += [
            {"kind": kind, "number": row.number, "why": row.why_changed,
             "on": calendar.tokyo_date(row.agreed_at).isoformat()}
            for row in in_force[1:]
            if row.agreed_at is not None
        ]  # fmt: skip
    return sorted(found, key=lambda row: str(row["on"]))


def _interim(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """What both sides reported on the way, as far as the city has accepted it."""
    rows = session.scalars(
        select(PeriodReport)
        .where(PeriodReport.partnership_id == case.id, PeriodReport.state == "accepted")
        .order_by(PeriodReport.period_from)
    )
    return [
        {"from_on": row.period_from.isoformat(), "to_on": row.period_to.isoformat(), "npo": row.npo_text,
         "company": row.company_text, "setbacks": row.setbacks, "company_setbacks": row.company_setbacks}
        for row in rows
    ]  # fmt: skip


def _indicators(session: Session, case: Partnership) -> list[dict[str, Any]]:
    rows = indicators.measurements(session, case)
    found = []
    for indicator in indicators.of(session, case, retired=True):
        if not indicator.is_public:
            continue
        accepted = [
            row
            for row in rows.get(indicator.id, ())
            if row.state == "accepted" and not indicator.is_start(row.measured_on)
        ]
        if indicator.is_retired and not accepted:
            continue
        found.append(
            {
                "name": indicator.name, "definition": indicator.definition, "unit": indicator.unit,
                "direction": indicator.direction, "kind": indicator.kind, "baseline": indicator.baseline,
                "target": indicator.target, "is_retired": indicator.is_retired,
                "points": [
                    {
                        "on": row.measured_on.isoformat(), "value": row.value,
                        "breakdown": suppression.suppress(row.breakdown, indicator.min_cell),
                    }
                    for row in accepted
                ],
            }
        )  # fmt: skip
    return found


def _contributions(session: Session, case: Partnership, *, with_yen: bool) -> list[dict[str, Any]]:
    """Sums; with yen one for each way of estimating, since amounts of two ways make no sum (E11)."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in contributions.totals(session, case):
        parts = ("giver", "support_type", "unit", *(("estimate_method",) if with_yen else ()))
        key = tuple(row[name] for name in parts)
        total = found.setdefault(key, {**{name: row[name] for name in parts}, "quantity": 0.0, "times": 0})
        total["times"] += row["times"]
        # Of a gift of money the quantity is the amount.
        if vocabulary.is_yen(row["unit"]) and not with_yen:
            total["quantity"] = None
        else:
            total["quantity"] = round(total["quantity"] + row["quantity"], 2)
        if with_yen and row["yen"] is not None:
            total |= {"yen": row["yen"], "estimate_notes": row["estimate_notes"]}
    return list(found.values())


def _evaluation(session: Session, case: Partnership) -> dict[str, Any]:
    found = ratings.sheets(session, case)
    return {
        "scores": [
            {"rater": sheet.rater, "about": sheet.about, "scores": {**sheet.scores, **sheet.final_scores},
             "declined": sheet.is_declined, **({"evaluator": sheet.evaluator} if sheet.evaluator else {})}
            for sheet in found
        ],
        "remaining": [
            {"rater": row.sheet.rater, "about": row.sheet.about, "item": row.item}
            for row in ratings.differences(found)
            if row.remains
        ],
    }  # fmt: skip


def _parts(keys: Iterable[str]) -> list[str]:
    """The parts of a page to which these keys of its text belong."""
    return ["frame" if key in _FRAME else _FIELD_OF.get(key, key) for key in keys]


def _refuse_personal(view: Mapping[str, Any]) -> None:
    """Every text was written for the three parties alone until it was chosen, so every one is looked at."""
    found = _parts(
        key
        for key, value in view.items()
        if key not in _FRAME and any(personal.found_in(text) for text in _texts(value))
    )
    if found:
        labels = [label for part, label in vocabulary.PAGE_PARTS.items() if part in found]
        raise Refused("personal_data_published", parts="、".join(labels))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield str(name)
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


# ── Reading as anybody ───────────────────────────────────────────────────────────────────────────────


def whole(view: Mapping[str, Any]) -> dict[str, Any]:
    """A page with each part that one may have; ``None`` is what it leaves out."""
    return {**dict.fromkeys(_CHOSEN), **view}


def published(session: Session) -> list[tuple[Partnership, dict[str, Any]]]:
    """Every published case with its page, newest first. Filtering is done over these facts."""
    rows = session.execute(
        select(Partnership, CaseDocument)
        .join(
            CaseDocument,
            (CaseDocument.partnership_id == Partnership.id)
            & (CaseDocument.kind == "publication")
            & (CaseDocument.state == "agreed"),
        )
        .where(Partnership.published_at.is_not(None))
        .order_by(Partnership.published_at.desc(), Partnership.id.desc())
    )
    return [(case, document.content["view"]) for case, document in rows]


def get_published(session: Session, public_id: str) -> tuple[Partnership, CaseDocument]:
    """One published case with the text of its page.

    Raises:
        NotFound: there is no such case, or it is not public.
    """
    row = session.execute(
        select(Partnership, CaseDocument)
        .join(CaseDocument, CaseDocument.partnership_id == Partnership.id)
        .where(Partnership.public_id == public_id, Partnership.published_at.is_not(None))
        .where(CaseDocument.kind == "publication", CaseDocument.state == "agreed")
        .options(
            joinedload(Partnership.company).joinedload(Organization.company),
            joinedload(Partnership.npo).joinedload(Organization.npo),
        )
    ).first()
    if row is None:
        raise NotFound("partnership")
    return row[0], row[1]


def areas_of(session: Session, case: Partnership, page: CaseDocument) -> dict[str, str]:
    """The districts as they were called when the text of a page was written, by their codes."""
    drafted = parties.History(session, case).event("draft_publication", document=page.public_id)
    return cities.areas_on(session, drafted)


def matching(
    rows: Sequence[tuple[Partnership, dict[str, Any]]], conditions: Mapping[str, str]
) -> list[tuple[Partnership, dict[str, Any]]]:
    """Those that meet ``state`` (running or finished), ``field``, ``area`` and ``year``, where given."""
    found = list(rows)
    if state := conditions.get("state"):
        found = [row for row in found if row[0].is_current == (state == "running")]
    if field := conditions.get("field"):
        found = [row for row in found if field in {str(code) for code in row[1]["fields"]}]
    if area := conditions.get("area"):
        found = [row for row in found if area in row[1]["areas"]]
    if year := conditions.get("year"):
        found = [row for row in found if str(row[1].get("fiscal_year")) == year]
    return found


def by_area(rows: Sequence[tuple[Partnership, dict[str, Any]]]) -> list[tuple[str, int]]:
    """(district, published partnerships there), the most first."""
    found: dict[str, int] = {}
    for _case, view in rows:
        for area in view["areas"]:
            found[area] = found.get(area, 0) + 1
    return sorted(found.items(), key=lambda row: (-row[1], row[0]))


def counts(rows: Sequence[tuple[Partnership, dict[str, Any]]]) -> dict[str, int]:
    """How many of the published ones run, and how many have come to their end."""
    running = sum(case.is_current for case, _view in rows)
    return {"running": running, "finished": len(rows) - running}


def public_incidents(session: Session, case: Partnership) -> Sequence[Incident]:
    """What the city told residents about trouble in a published case, newest first."""
    return session.scalars(
        select(Incident)
        .where(Incident.partnership_id == case.id, Incident.published_at.is_not(None))
        .order_by(Incident.happened_on.desc(), Incident.id.desc())
    ).all()
