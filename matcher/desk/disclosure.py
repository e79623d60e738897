"""One case as a bundle for 情報公開請求 and audit: everything as JSON facts, blackened where asked."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from matcher.agreements import indicators
from matcher.cases import files, fits
from matcher.cases import reads as case_reads
from matcher.ground import permissions, personal, vocabulary
from matcher.ground.permissions import Actor
from matcher.records import AuditEvent, Identity, Membership, Partnership, Revision, User
from matcher.records.base import Base
from matcher.register import audit, parties, snapshots
from matcher.results import lessons, ratings
from matcher.work import payments
from matcher.work import reads as work_reads

#: What can be blackened in a bundle.
MASKS: Final = ("people", "contacts", "messages", "money")
_SIGNERS: Final = ("signer_company", "signer_npo", "signer_city")
#: Fields that hold nothing but the name of a person.
_NAMED: Final = frozenset({"people", "representative", *_SIGNERS})
_MESSAGE_KEYS: Final = frozenset({"messages", "meetings", "message", "answer"})
_TITLE: Final = re.compile(
    "代表|理事|取締役|役員|専務|常務|監事|幹事|顧問|参事|主事|主査|主幹|主任|担当|会計|店主|"
    "[会社室係局次班課部所支館院園校店団市町村区]長"
)
_TITLES_BEFORE: Final = re.compile(f"(?:{_TITLE.pattern})+")
_BESIDE: Final = re.compile(r"[（(][^（()）]*[)）]|(?:さん|様|氏)$")
_MONEY_KEYS: Final = frozenset(
    {"yen", "amount_yen", "cap_yen", "money_yen", "money_company_yen", "money_city_yen", "budget_cap_yen",
     "principal_yen", "fixed", "year_limits", "floor_yen", "points", "formula", "steps"}
)  # fmt: skip

#: Amounts of a unit beside them; of yen they are money. All but the first are facts of a reason.
_AMOUNTS: Final = frozenset({"quantity", "offered", "needed", "least", "as_offered"})


def gather(
    session: Session, actor: Actor, case: Partnership, masks: Iterable[str], now: datetime
) -> dict[str, Any]:
    """Everything that the service keeps on one case, but for the columns that are marked as personal.

    The one exception are the representatives in the parties of each document: they are public facts of legal
    persons, and the texts were accepted with them. The mask ``people`` blackens them, too.

    It takes long and only reads; what it returned must not leave before ``note`` is committed.

    Args:
        masks: of ``MASKS``: names of people; addresses and telephone numbers; messages and meeting notes as
            a whole; amounts of money, also within sentences.

    Raises:
        NotFound: for whom there is no such case.
        NotPermitted: for others than staff.
    """
    permissions.require(actor, "partnership.export", case)
    chosen = frozenset(masks)
    names = _names(session, case) if "people" in chosen else frozenset()
    content: dict[str, Any] = {
        "made_at": now,
        "masks": sorted(chosen),
        "case": snapshots.facts_of(case),
        "company": snapshots.organization(case.company),
        "npo": snapshots.organization(case.npo),
        "need": snapshots.posting(case.need),
        "offer": snapshots.posting(case.offer),
        "fits": [fits.facts(one) for one in fits.of(session, case)],
        "messages": _facts(case_reads.messages_of_case(session, case)),
        "meetings": _facts(case_reads.meetings(session, case)),
        "tasks": _facts(case_reads.tasks(session, case)),
        "documents": _documents(session, case),
        "indicators": _facts(indicators.of(session, case, retired=True)),
        "measurements": _measurements(session, case),
        "contributions": _facts(work_reads.contributions(session, case)),
        "reports": _facts(work_reads.reports(session, case)),
        "report_versions": _facts(_report_versions(session, case)),
        "risks": _facts(work_reads.risks(session, case)),
        "incidents": _facts(work_reads.incidents(session, case)),
        "payments": _payments(session, case),
        "evaluations": _facts(ratings.sheets(session, case)),
        "voices": _facts(lessons.voices(session, case)),
        "lessons": _facts(lessons.lessons(session, case)),
        "files": _facts(files.of_case(session, case)),
        "decisions": [found.content for found in case_reads.decision_bundles(session, case)],
        "history": _facts(
            session.scalars(
                select(AuditEvent)
                .where(AuditEvent.object_type == "partnership", AuditEvent.object_id == case.public_id)
                .order_by(AuditEvent.id)
            )
        ),
    }
    plain = snapshots.plain(content)
    masked: dict[str, Any] = _masked(plain, chosen, names)
    return masked


def note(session: Session, actor: Actor, case: Partnership, made: Mapping[str, Any], now: datetime) -> None:
    """Record that a bundle leaves the service, with the hash of what it holds.

    Not as a sign of life of the case: who looks into it for a request does not carry it on.

    Args:
        made: the ``details`` of the bundle, worked out before: hashing it all takes long.

    Raises:
        NotFound: for whom there is no such case.
        NotPermitted: for others than staff.
    """
    permissions.require(actor, "partnership.export", case)
    audit.record(
        session, actor, "export_case", "partnership", case.public_id, now, object_version=case.version,
        details=dict(made),
    )  # fmt: skip


def details(content: dict[str, Any]) -> dict[str, Any]:
    """What identifies a bundle: what was blackened in it, and the hash of what it holds."""
    return {"masks": content["masks"], "sha256": snapshots.sha256(content)}


def taken_note(actor: Actor, case: Partnership, made: Mapping[str, Any], now: datetime) -> audit.Note:
    """What is recorded where somebody else takes a bundle that a colleague had made.

    Args:
        made: the ``details`` of the bundle; jobs know more, and those of older bundles have no hash.

    Raises:
        NotFound: for whom there is no such case.
        NotPermitted: for others than staff.
    """
    permissions.require(actor, "partnership.export", case)
    return audit.Note(
        actor, "export_case", "partnership", case.public_id, now, object_version=case.version,
        details={name: made[name] for name in ("masks", "sha256") if name in made},
    )  # fmt: skip


def _facts(rows: Iterable[Base]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in snapshots.facts_of(row).items() if key != "stored_name"} for row in rows
    ]


def _payments(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """Every payment, with the steps of its calculation in words."""
    found = payments.all_of(session, case)
    told = zip(found, _facts(found), strict=True)
    return [
        {**{key: value for key, value in facts.items() if key != "steps"}, "formula": payments.formula(row)}
        for row, facts in told
    ]


def _documents(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """Every version with the parties that it names, and what no record proves of them."""
    history, found = parties.History(session, case), []
    for row in case_reads.versions(session, case):
        named = history.of_document(row)
        doubts = [
            {"side": doubt.side, "facts": list(doubt.facts), "seen_on": doubt.seen_on}
            for doubt in named.doubts
        ]
        found.append({**snapshots.facts_of(row), "parties": named.as_dict(), "doubts": doubts})
    return found


def _measurements(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """Every value with what the plan said of its indicator when it was accepted."""
    plan = indicators.InPlan(session, case, parties.History(session, case))
    return [
        {
            **facts, "name": said.name, "unit": said.unit, "direction": said.direction,
            "baseline": said.baseline, "target": said.target, "plan_number": said.plan_number,
        }
        for rows in indicators.measurements(session, case).values()
        for row, facts in zip(rows, _facts(rows), strict=True)
        for said in (plan.accepted(row),)
    ]  # fmt: skip


def _report_versions(session: Session, case: Partnership) -> list[Revision]:
    ids = [report.id for report in work_reads.reports(session, case)]
    return list(
        session.scalars(
            select(Revision)
            .where(Revision.owner_type == "report", Revision.owner_id.in_(ids))
            .order_by(Revision.id)
        )
    )


def _names(session: Session, case: Partnership) -> frozenset[str]:
    """Every person whose name may stand in a text of this case, as it is and as it is known to have been."""
    served = exists().where(Membership.user_id == User.id, Membership.organization_id.in_(case.party_ids))
    acted = select(AuditEvent.actor_id).where(
        AuditEvent.object_type == "partnership", AuditEvent.object_id == case.public_id
    )
    is_staff = User.role.in_(permissions.OFFICIALS)
    people = select(User.public_id, User.name).where(served | is_staff | User.public_id.in_(acted))
    users = {row.public_id: row.name for row in session.execute(people)}
    known = select(Identity.facts).where(Identity.subject == "user", Identity.subject_key.in_(users))
    written = {*users.values(), *(facts["name"] for facts in session.scalars(known))}
    for side in (case.company, case.npo):
        written |= {side.contact_name, side.representative}
    if case.need is not None:
        written.add(case.need.contact_name)
    for document in case_reads.versions(session, case, "agreement"):
        written |= {str(document.content.get(name) or "") for name in _SIGNERS}
    written |= parties.History(session, case).representatives()
    return frozenset(part for name in written if name for part in _said(name))


def _said(name: str) -> set[str]:
    """How texts call who is written 「代表取締役 佐藤 一郎」: without the title, and, as in minutes, by the
    family name alone.
    """
    words = _BESIDE.sub(" ", name).split()
    while len(words) > 1 and _TITLE.search(words[0]):
        words = words[1:]
    while len(words) > 1 and _TITLE.search(words[-1]):
        words = words[:-1]
    if len(words) == 1:
        words = [_TITLES_BEFORE.sub("", words[0], count=1) or words[0]]
    return {" ".join(words), " ".join(words[-2:]), *words[-2:-1]} - {""}


def _is_money(record: Mapping[str, Any], key: str) -> bool:
    if key in _AMOUNTS:
        return vocabulary.is_yen(str(record.get("unit") or ""))
    return key in _MONEY_KEYS or (key == "outcome" and isinstance(record[key], Mapping))


def _masked(value: Any, masks: frozenset[str], names: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        found: dict[str, Any] = {}
        for key, part in value.items():
            shown = _masked(key, masks, names)
            # Two people who become one black bar are still two.
            while shown in found:
                shown += personal.MASK
            is_black = _is_black(value, key, masks)
            found[shown] = personal.MASK if is_black else _masked(part, masks, names)
        return found
    if isinstance(value, list):
        return [_masked(part, masks, names) for part in value]
    if isinstance(value, str) and (names or masks & {"contacts", "money"}):
        return personal.masked(value, names, contacts="contacts" in masks, money="money" in masks)
    return value


def _is_black(record: Mapping[str, Any], key: str, masks: frozenset[str]) -> bool:
    """Whether a field is blackened as a whole; that there were no messages is not said either."""
    if "messages" in masks and key in _MESSAGE_KEYS:
        return True
    if record[key] in (None, "", {}, []):
        return False
    is_named = isinstance(record[key], str) and (
        # A voice has a number of people; the evaluator of a contract is one of the three parties.
        key in _NAMED or (key == "evaluator" and record[key] not in vocabulary.MEASURERS)
    )
    return ("people" in masks and is_named) or ("money" in masks and _is_money(record, key))
