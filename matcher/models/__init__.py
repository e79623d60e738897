"""All records by noun."""

from matcher.models.account import Attempt, OneTimeLink, User, UserSession
from matcher.models.base import Base
from matcher.models.organization import (
    ChecklistAnswer,
    CompanyProfile,
    Municipality,
    NpoProfile,
    Organization,
)
from matcher.models.partnership import CaseMessage, DecisionBundle, Partnership
from matcher.models.posting import Need, Offer
from matcher.models.record import (
    AuditEvent,
    Counter,
    Embedding,
    ImportBatch,
    Mail,
    Notice,
    Receipt,
    Revision,
)
from matcher.models.suggestion import Mark, RankingWeights, ShownList, ShownSuggestion

__all__ = [
    "Attempt",
    "AuditEvent",
    "Base",
    "CaseMessage",
    "ChecklistAnswer",
    "CompanyProfile",
    "Counter",
    "DecisionBundle",
    "Embedding",
    "ImportBatch",
    "Mail",
    "Mark",
    "Municipality",
    "Need",
    "Notice",
    "NpoProfile",
    "Offer",
    "OneTimeLink",
    "Organization",
    "Partnership",
    "RankingWeights",
    "Receipt",
    "Revision",
    "ShownList",
    "ShownSuggestion",
    "User",
    "UserSession",
]
