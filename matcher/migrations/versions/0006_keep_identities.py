"""Keep who the parties of cases were on which day, as far as the record proves it.

Until now papers took names and addresses from the registration of the day on which they were printed. What
was valid when something was accepted or decided is taken from the record:

- every change of a profile is an audit event that names the changed fields, so between two of them a field
  had one value: after the last one, the present value;
- before it, the value that a frozen decision of that time shows, where its hash and the hash in the audit
  event are those of its content;
- where there is neither, the present value, marked as not proved.

Frozen decisions never held representatives, and no record was kept of changes of the city's own names. Events
of somebody's own settings did not say what was changed, so the name of whoever has one is not proved. Open
drafts and accepted texts are not touched: their hashes are what people accepted.
"""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FACTS = ("name", "kana", "corporate_number", "address", "representative")
#: What a frozen decision shows of an organization; personal data was left out.
SHOWN = ("name", "kana", "corporate_number", "address")


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=12), nullable=False, comment="organization, city or user"),
        sa.Column("subject_key", sa.String(length=32), nullable=False, comment="public id; city: city"),
        sa.Column(
            "since_event", sa.BigInteger(), nullable=False,
            comment="number of the audit event; 0: since before what is recorded",
        ),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column(
            "unproved", sa.JSON(), nullable=False,
            comment="facts that no record proves for that time; they are those of kept_at",
        ),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint(
            "subject", "subject_key", "since_event", name=op.f("uq_identity_subject_subject_key_since_event")
        ),
    )
    connection = op.get_bind()
    now = datetime.now(UTC)
    if connection.dialect.name == "sqlite":
        now = now.replace(tzinfo=None)
    rows = [*_organizations(connection), *_city(connection), *_people(connection)]
    if rows:
        op.bulk_insert(IDENTITY, [{**row, "kept_at": now} for row in rows])


def downgrade() -> None:
    op.drop_table("identity")


IDENTITY = sa.table(
    "identity", sa.column("subject"), sa.column("subject_key"), sa.column("since_event"),
    sa.column("facts", sa.JSON), sa.column("unproved", sa.JSON), sa.column("kept_at", sa.DateTime(timezone=True)),
)
EVENT = sa.table(
    "audit_event", sa.column("id"), sa.column("actor_id"), sa.column("action"), sa.column("object_type"),
    sa.column("object_id"), sa.column("details", sa.JSON),
)
BUNDLE = sa.table(
    "decision_bundle", sa.column("public_id"), sa.column("content", sa.JSON), sa.column("sha256"),
)
ORGANIZATION = sa.table(
    "organization", sa.column("id"), sa.column("public_id"), *(sa.column(name) for name in FACTS)
)
CASE = sa.table(
    "partnership", sa.column("company_id"), sa.column("npo_id"), sa.column("coordinator_id")
)
USER = sa.table("user_account", sa.column("id"), sa.column("public_id"), sa.column("name"))
CITY = sa.table("municipality", sa.column("name"), sa.column("section"))


def _organizations(connection):
    changes = _changes(connection)
    shown = _shown_by_decisions(connection)
    parties = sa.union(sa.select(CASE.c.company_id), sa.select(CASE.c.npo_id))
    for row in connection.execute(
        sa.select(ORGANIZATION).where(ORGANIZATION.c.id.in_(parties)).order_by(ORGANIZATION.c.id)
    ):
        present = {name: getattr(row, name) or "" for name in FACTS}
        yield from _stretches(row.public_id, present, changes.get(row.public_id, []), shown.get(row.public_id, []))


def _changes(connection):
    """public id → [(event, changed facts)] of every change of a profile, oldest first."""
    found = {}
    events = sa.select(EVENT.c.id, EVENT.c.object_id, EVENT.c.details).where(
        EVENT.c.object_type == "organization", EVENT.c.action == "edit_profile"
    )
    for event in connection.execute(events.order_by(EVENT.c.id)):
        named = set((event.details or {}).get("fields") or ()) & set(FACTS)
        if named:
            found.setdefault(event.object_id, []).append((event.id, named))
    return found


def _shown_by_decisions(connection):
    """public id → [(event, facts)] of what frozen decisions show, where the record proves their content."""
    events = {}
    for event in connection.execute(
        sa.select(EVENT.c.id, EVENT.c.details).where(EVENT.c.object_type == "partnership").order_by(EVENT.c.id)
    ):
        bundle = (event.details or {}).get("bundle")
        sha256 = (event.details or {}).get("bundle_sha256") or (event.details or {}).get("sha256")
        # Who takes a decision out of the service is recorded, too, but without its hash.
        if bundle and sha256:
            events.setdefault(bundle, (event.id, sha256))
    found = {}
    for bundle in connection.execute(sa.select(BUNDLE)):
        event, sha256 = events.get(bundle.public_id, (0, ""))
        if not sha256 or not sha256 == bundle.sha256 == _sha256(bundle.content):
            continue
        for side in ("company", "npo"):
            facts = bundle.content.get(side) or {}
            if facts.get("public_id"):
                kept = {name: facts[name] or "" for name in SHOWN if name in facts}
                found.setdefault(facts["public_id"], []).append((event, kept))
    return found


def _sha256(content) -> str:
    """As ``services.snapshots`` reckoned it when the decision was frozen."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _stretches(public_id, present, changes, shown):
    """One row for each stretch in which nothing changed, if it differs from the one before."""
    before = None
    for since in (0, *(event for event, _named in changes)):
        facts, unproved = {}, []
        for name in FACTS:
            first = max((event for event, named in changes if name in named and event <= since), default=0)
            end = min((event for event, named in changes if name in named and event > since), default=None)
            if end is None:
                facts[name] = present[name]
                continue
            known = [kept[name] for event, kept in shown if first <= event < end and name in kept]
            facts[name] = known[-1] if known else present[name]
            if not known:
                unproved.append(name)
        if (facts, unproved) != before:
            before = (facts, unproved)
            yield _row("organization", public_id, since, facts, unproved)


def _city(connection):
    row = connection.execute(sa.select(CITY)).first()
    if row is not None:
        yield _row("city", "city", 0, {"name": row.name, "section": row.section}, ["name", "section"])


def _people(connection):
    """Whoever acts on cases or is in charge of one. Everybody changes their own name, and until now the event
    of it did not say whether it was the name that changed: whoever has such an event may have had another.
    """
    changed = sa.select(EVENT.c.object_id).where(
        EVENT.c.object_type == "user", EVENT.c.action == "change_settings"
    )
    may_differ = set(connection.execute(changed).scalars())
    acting = sa.select(EVENT.c.actor_id).where(EVENT.c.object_type == "partnership")
    in_charge = sa.select(CASE.c.coordinator_id)
    people = sa.select(USER.c.public_id, USER.c.name).where(
        sa.or_(USER.c.public_id.in_(acting), USER.c.id.in_(in_charge))
    )
    for row in connection.execute(people.order_by(USER.c.id)):
        yield _row("user", row.public_id, 0, {"name": row.name}, ["name"] if row.public_id in may_differ else [])


def _row(subject, key, since, facts, unproved):
    return {
        "subject": subject, "subject_key": key, "since_event": since, "facts": facts, "unproved": unproved,
    }
