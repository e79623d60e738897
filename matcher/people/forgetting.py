"""What is forgotten of a person who leaves an organization, or the service (O6)."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from matcher.ground import vocabulary
from matcher.people import links, sessions
from matcher.records import Hit, Mail, Membership, Notice, Partnership, SavedSearch, User
from matcher.register import parties


def end(session: Session, membership: Membership, now: datetime) -> None:
    """End a membership: the person does nothing more for the organization, nor is named as its contact."""
    user_id, organization_id = membership.user_id, membership.organization_id
    membership.ended_at, membership.invited_name = now, ""
    session.execute(
        delete(Notice).where(Notice.user_id == user_id, Notice.organization_id == organization_id)
    )
    for kind in (Hit, SavedSearch):
        session.execute(delete(kind).where(kind.user_id == user_id, kind.organization_id == organization_id))
    links.drop_invitations(session, membership)
    for side in ("company", "npo"):
        contact = getattr(Partnership, f"{side}_contact_id")
        session.execute(
            update(Partnership)
            .where(contact == user_id, getattr(Partnership, f"{side}_id") == organization_id)
            .values({contact: None})
        )


def forget_person(session: Session, user: User) -> None:
    """Remove the personal data of an account."""
    sessions.end_all_sessions(session, user)
    links.drop_links(session, user)
    session.execute(delete(Notice).where(Notice.user_id == user.id))
    session.execute(delete(Mail).where(Mail.to == user.email))
    user.name = vocabulary.LEFT  # The public id keeps the history readable.
    parties.forget(session, user)
    user.email = f"{user.public_id}@left.invalid"
    user.password_hash = None
    user.last_login_at = None
