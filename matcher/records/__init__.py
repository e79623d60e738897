"""All records by noun."""

from matcher.records.account import AccountRequest, Attempt, Membership, OneTimeLink, User, UserSession
from matcher.records.base import Base
from matcher.records.casework import CaseDocument, CaseFile, CaseTask, Handover, MeetingNote
from matcher.records.job import Job, Ticket
from matcher.records.organization import (
    ChecklistAnswer,
    CompanyProfile,
    Municipality,
    NpoProfile,
    Organization,
)
from matcher.records.outcome import (
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
from matcher.records.partnership import CaseFit, CaseMessage, DecisionBundle, Partnership
from matcher.records.posting import Need, Offer, Question
from matcher.records.record import (
    AuditEvent,
    Counter,
    Embedding,
    Identity,
    ImportBatch,
    Lease,
    Mail,
    Notice,
    Receipt,
    Revision,
)
from matcher.records.registration_code import RegistrationCode
from matcher.records.step import CaseStep
from matcher.records.suggestion import Mark, RankingWeights, ShownList, ShownSuggestion
from matcher.records.year_plan import RecommendationDraft, YearPlan, YearPlanEdit

__all__ = [
    "AccountRequest",
    "Attempt",
    "AuditEvent",
    "Base",
    "CaseDocument",
    "CaseFile",
    "CaseFit",
    "CaseMessage",
    "CaseStep",
    "CaseTask",
    "ChecklistAnswer",
    "CompanyProfile",
    "Contribution",
    "Counter",
    "DecisionBundle",
    "Embedding",
    "EvaluationSheet",
    "Handover",
    "Identity",
    "ImportBatch",
    "Incident",
    "Indicator",
    "IndicatorDefinition",
    "Job",
    "Lease",
    "Lesson",
    "Mail",
    "Mark",
    "Measurement",
    "MeetingNote",
    "Membership",
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
    "Question",
    "RankingWeights",
    "Receipt",
    "RecommendationDraft",
    "RegistrationCode",
    "Revision",
    "Risk",
    "ShownList",
    "ShownSuggestion",
    "Ticket",
    "User",
    "UserSession",
    "Voice",
    "YearPlan",
    "YearPlanEdit",
]
