"""All records by noun."""

from matcher.models.account import AccountRequest, Attempt, OneTimeLink, User, UserSession
from matcher.models.base import Base
from matcher.models.casework import CaseDocument, CaseFile, CaseTask, Handover, MeetingNote
from matcher.models.organization import (
    ChecklistAnswer,
    CompanyProfile,
    Municipality,
    NpoProfile,
    Organization,
)
from matcher.models.outcome import (
    Contribution,
    EvaluationSheet,
    Incident,
    Indicator,
    IndicatorDefinition,
    Lesson,
    Measurement,
    Payment,
    PaymentRule,
    PeriodReport,
    PublicComment,
    Risk,
    Voice,
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
    "AccountRequest",
    "Attempt",
    "AuditEvent",
    "Base",
    "CaseDocument",
    "CaseFile",
    "CaseMessage",
    "CaseTask",
    "ChecklistAnswer",
    "CompanyProfile",
    "Contribution",
    "Counter",
    "DecisionBundle",
    "Embedding",
    "EvaluationSheet",
    "Handover",
    "ImportBatch",
    "Incident",
    "Indicator",
    "IndicatorDefinition",
    "Lesson",
    "Mail",
    "Mark",
    "Measurement",
    "MeetingNote",
    "Municipality",
    "Need",
    "Notice",
    "NpoProfile",
    "Offer",
    "OneTimeLink",
    "Organization",
    "Partnership",
    "Payment",
    "PaymentRule",
    "PeriodReport",
    "PublicComment",
    "RankingWeights",
    "Receipt",
    "Revision",
    "Risk",
    "ShownList",
    "ShownSuggestion",
    "User",
    "UserSession",
    "Voice",
]
