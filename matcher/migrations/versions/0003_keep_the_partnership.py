"""Keep the partnership itself: accepted texts, indicators, reports, money, evaluation, public pages."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OLD = "state NOT IN ('declined', 'expired', 'refused', 'withdrawn')"
NEW = "state NOT IN ('closed', 'declined', 'expired', 'refused', 'withdrawn')"


def _open_indexes(condition: str) -> None:
    """One open case of a company and a need, or of a pair without a need; what "open" means has changed."""
    for name, columns, need in (
        ("uq_partnership_open_need", ["company_id", "need_id"], "IS NOT NULL"),
        ("uq_partnership_open_pair", ["company_id", "npo_id"], "IS NULL"),
    ):
        where = sa.text(f"{condition} AND need_id {need}")
        op.create_index(
            name, "partnership", columns, unique=True, sqlite_where=where, postgresql_where=where
        )


def _drop_open_indexes() -> None:
    for name in ("uq_partnership_open_need", "uq_partnership_open_pair"):
        op.drop_index(name, table_name="partnership")


def upgrade() -> None:
    _drop_open_indexes()
    op.create_table('indicator_definition',
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('definition', sa.Text(), nullable=False),
    sa.Column('unit', sa.String(length=10), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('direction', sa.String(length=6), nullable=False),
    sa.Column('method', sa.String(length=16), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False, comment='which record proves it'),
    sa.Column('field', sa.Integer(), nullable=True, comment='of the 20 fields, if it belongs to one'),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_indicator_definition')),
    sa.UniqueConstraint('code', name=op.f('uq_indicator_definition_code')),
    sa.UniqueConstraint('public_id', name=op.f('uq_indicator_definition_public_id'))
    )
    op.create_table('handover',
    sa.Column('from_user_id', sa.Integer(), nullable=False),
    sa.Column('to_user_id', sa.Integer(), nullable=False),
    sa.Column('deputy_id', sa.Integer(), nullable=True),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('cases', sa.JSON(), nullable=False, comment='public ids'),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('planned_by_id', sa.Integer(), nullable=False),
    sa.Column('planned_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['deputy_id'], ['user_account.id'], name=op.f('fk_handover_deputy_id_user_account')),
    sa.ForeignKeyConstraint(['from_user_id'], ['user_account.id'], name=op.f('fk_handover_from_user_id_user_account')),
    sa.ForeignKeyConstraint(['planned_by_id'], ['user_account.id'], name=op.f('fk_handover_planned_by_id_user_account')),
    sa.ForeignKeyConstraint(['to_user_id'], ['user_account.id'], name=op.f('fk_handover_to_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handover')),
    sa.UniqueConstraint('public_id', name=op.f('uq_handover_public_id'))
    )
    op.create_table('case_document',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False, comment='trial, trial_result, plan, agreement, outcome_report or publication'),
    sa.Column('number', sa.Integer(), nullable=False, comment='第○版, from 1 for each kind'),
    sa.Column('state', sa.String(length=12), nullable=False, comment='draft, agreed, superseded or withdrawn'),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('why_changed', sa.Text(), nullable=False),
    sa.Column('needs_city', sa.Boolean(), nullable=False, comment='whether the city must accept, too'),
    sa.Column('drafted_by_id', sa.Integer(), nullable=True),
    sa.Column('drafted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('company_accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('company_accepted_by_id', sa.Integer(), nullable=True),
    sa.Column('npo_accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('npo_accepted_by_id', sa.Integer(), nullable=True),
    sa.Column('city_accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('city_accepted_by_id', sa.Integer(), nullable=True),
    sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['city_accepted_by_id'], ['user_account.id'], name=op.f('fk_case_document_city_accepted_by_id_user_account')),
    sa.ForeignKeyConstraint(['company_accepted_by_id'], ['user_account.id'], name=op.f('fk_case_document_company_accepted_by_id_user_account')),
    sa.ForeignKeyConstraint(['drafted_by_id'], ['user_account.id'], name=op.f('fk_case_document_drafted_by_id_user_account')),
    sa.ForeignKeyConstraint(['npo_accepted_by_id'], ['user_account.id'], name=op.f('fk_case_document_npo_accepted_by_id_user_account')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_case_document_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_document')),
    sa.UniqueConstraint('partnership_id', 'kind', 'number', name=op.f('uq_case_document_partnership_id_kind_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_case_document_public_id'))
    )
    with op.batch_alter_table('case_document', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_document_partnership_id'), ['partnership_id'], unique=False)
        batch_op.create_index('uq_case_document_draft', ['partnership_id', 'kind'], unique=True, sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))

    op.create_table('case_file',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('series', sa.String(length=32), nullable=False, comment='public id of the first version'),
    sa.Column('number', sa.Integer(), nullable=False, comment='version, from 1'),
    sa.Column('purpose', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('stored_name', sa.String(length=40), nullable=False),
    sa.Column('uploaded_by_id', sa.Integer(), nullable=True),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_case_file_partnership_id_partnership')),
    sa.ForeignKeyConstraint(['uploaded_by_id'], ['user_account.id'], name=op.f('fk_case_file_uploaded_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_file')),
    sa.UniqueConstraint('public_id', name=op.f('uq_case_file_public_id')),
    sa.UniqueConstraint('stored_name', name=op.f('uq_case_file_stored_name'))
    )
    with op.batch_alter_table('case_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_file_partnership_id'), ['partnership_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_file_series'), ['series'], unique=False)

    op.create_table('case_task',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('is_milestone', sa.Boolean(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False, comment='company, npo, city or both'),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by_id', sa.Integer(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_case_task_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['done_by_id'], ['user_account.id'], name=op.f('fk_case_task_done_by_id_user_account')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_case_task_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_task')),
    sa.UniqueConstraint('public_id', name=op.f('uq_case_task_public_id'))
    )
    with op.batch_alter_table('case_task', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_task_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('evaluation_sheet',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('rater', sa.String(length=12), nullable=False, comment='company, npo, city or third_party'),
    sa.Column('about', sa.String(length=12), nullable=False, comment='company, npo, city, or the whole'),
    sa.Column('scores', sa.JSON(), nullable=False, comment='item → 1 to 5, before the discussion'),
    sa.Column('final_scores', sa.JSON(), nullable=False, comment='after it, where talked about'),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('discussion', sa.JSON(), nullable=False, comment='item → what was said'),
    sa.Column('evaluator', sa.String(length=200), nullable=False, comment='name of the third party'),
    sa.Column('is_declined', sa.Boolean(), nullable=False),
    sa.Column('rated_by_id', sa.Integer(), nullable=True),
    sa.Column('rated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_evaluation_sheet_partnership_id_partnership')),
    sa.ForeignKeyConstraint(['rated_by_id'], ['user_account.id'], name=op.f('fk_evaluation_sheet_rated_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_sheet')),
    sa.UniqueConstraint('partnership_id', 'rater', 'about', name=op.f('uq_evaluation_sheet_partnership_id_rater_about')),
    sa.UniqueConstraint('public_id', name=op.f('uq_evaluation_sheet_public_id'))
    )
    with op.batch_alter_table('evaluation_sheet', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evaluation_sheet_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('incident',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False, comment='for the three parties'),
    sa.Column('measures', sa.Text(), nullable=False),
    sa.Column('public_text', sa.Text(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_by_id', sa.Integer(), nullable=True),
    sa.Column('reported_by_id', sa.Integer(), nullable=True),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolution', sa.Text(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_incident_partnership_id_partnership')),
    sa.ForeignKeyConstraint(['published_by_id'], ['user_account.id'], name=op.f('fk_incident_published_by_id_user_account')),
    sa.ForeignKeyConstraint(['reported_by_id'], ['user_account.id'], name=op.f('fk_incident_reported_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident')),
    sa.UniqueConstraint('public_id', name=op.f('uq_incident_public_id'))
    )
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incident_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('indicator',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=12), nullable=False, comment='stable over the versions of the plan'),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('plan_number', sa.Integer(), nullable=False, comment='version of the plan that set these values'),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('definition', sa.Text(), nullable=False),
    sa.Column('unit', sa.String(length=10), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('direction', sa.String(length=6), nullable=False),
    sa.Column('baseline', sa.Numeric(precision=16, scale=4, asdecimal=False), nullable=True),
    sa.Column('baseline_on', sa.Date(), nullable=True, comment='when it was, or is to be, measured'),
    sa.Column('target', sa.Numeric(precision=16, scale=4, asdecimal=False), nullable=False),
    sa.Column('target_on', sa.Date(), nullable=True),
    sa.Column('method', sa.String(length=16), nullable=False),
    sa.Column('measurer', sa.String(length=8), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('measure_on', sa.JSON(), nullable=False, comment='ISO days'),
    sa.Column('reminded_on', sa.Date(), nullable=True, comment='latest measuring day that was reminded of'),
    sa.Column('axis', sa.String(length=8), nullable=False, comment='of the breakdown, if any'),
    sa.Column('min_cell', sa.Integer(), nullable=False, comment='smaller cells are not published'),
    sa.Column('linked_to_payment', sa.Boolean(), nullable=False),
    sa.Column('is_public', sa.Boolean(), nullable=False),
    sa.Column('is_retired', sa.Boolean(), nullable=False, comment='no longer in the plan'),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_indicator_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_indicator')),
    sa.UniqueConstraint('partnership_id', 'key', name=op.f('uq_indicator_partnership_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_indicator_public_id'))
    )
    with op.batch_alter_table('indicator', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_indicator_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('lesson',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('support_type', sa.String(length=24), nullable=False),
    sa.Column('is_public', sa.Boolean(), nullable=False),
    sa.Column('written_by_id', sa.Integer(), nullable=True),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_lesson_partnership_id_partnership')),
    sa.ForeignKeyConstraint(['written_by_id'], ['user_account.id'], name=op.f('fk_lesson_written_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lesson')),
    sa.UniqueConstraint('public_id', name=op.f('uq_lesson_public_id'))
    )
    with op.batch_alter_table('lesson', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lesson_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('meeting_note',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('held_on', sa.Date(), nullable=False),
    sa.Column('people', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('next_step', sa.Text(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True, comment='the next meeting'),
    sa.Column('next_place', sa.String(length=200), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['user_account.id'], name=op.f('fk_meeting_note_author_id_user_account')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_meeting_note_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_note')),
    sa.UniqueConstraint('public_id', name=op.f('uq_meeting_note_public_id'))
    )
    with op.batch_alter_table('meeting_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meeting_note_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('period_report',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('period_from', sa.Date(), nullable=False),
    sa.Column('period_to', sa.Date(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False, comment='open, submitted, sent_back or accepted'),
    sa.Column('npo_text', sa.Text(), nullable=False),
    sa.Column('company_text', sa.Text(), nullable=False),
    sa.Column('setbacks', sa.Text(), nullable=False, comment='what did not work'),
    sa.Column('next_step', sa.Text(), nullable=False),
    sa.Column('npo_submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('company_submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reviewed_by_id', sa.Integer(), nullable=True),
    sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('review_text', sa.Text(), nullable=False),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_period_report_partnership_id_partnership')),
    sa.ForeignKeyConstraint(['reviewed_by_id'], ['user_account.id'], name=op.f('fk_period_report_reviewed_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_period_report')),
    sa.UniqueConstraint('partnership_id', 'due_on', name=op.f('uq_period_report_partnership_id_due_on')),
    sa.UniqueConstraint('public_id', name=op.f('uq_period_report_public_id'))
    )
    with op.batch_alter_table('period_report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_period_report_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('public_comment',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False, comment='waiting, shown or hidden'),
    sa.Column('hide_reason', sa.String(length=20), nullable=False),
    sa.Column('moderated_by_id', sa.Integer(), nullable=True),
    sa.Column('moderated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('answer_reason', sa.Text(), nullable=False),
    sa.Column('answered_by_id', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['answered_by_id'], ['user_account.id'], name=op.f('fk_public_comment_answered_by_id_user_account')),
    sa.ForeignKeyConstraint(['moderated_by_id'], ['user_account.id'], name=op.f('fk_public_comment_moderated_by_id_user_account')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_public_comment_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_public_comment')),
    sa.UniqueConstraint('public_id', name=op.f('uq_public_comment_public_id'))
    )
    with op.batch_alter_table('public_comment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_public_comment_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('risk',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('likelihood', sa.Integer(), nullable=False, comment='1 to 3'),
    sa.Column('impact', sa.Integer(), nullable=False, comment='1 to 3'),
    sa.Column('mitigation', sa.Text(), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('review_on', sa.Date(), nullable=True),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_text', sa.Text(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_risk_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_risk_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_risk')),
    sa.UniqueConstraint('public_id', name=op.f('uq_risk_public_id'))
    )
    with op.batch_alter_table('risk', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_risk_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('voice',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('beneficiary', sa.String(length=20), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False, comment='how many were asked'),
    sa.Column('method', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('recorded_by_id', sa.Integer(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_voice_partnership_id_partnership')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['user_account.id'], name=op.f('fk_voice_recorded_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_voice')),
    sa.UniqueConstraint('public_id', name=op.f('uq_voice_public_id'))
    )
    with op.batch_alter_table('voice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_voice_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('contribution',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('giver', sa.String(length=8), nullable=False, comment='company, npo or city'),
    sa.Column('support_type', sa.String(length=24), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=14, scale=2, asdecimal=False), nullable=False),
    sa.Column('unit', sa.String(length=10), nullable=False),
    sa.Column('yen', sa.Integer(), nullable=True, comment='estimate or amount, in yen'),
    sa.Column('estimate_method', sa.String(length=12), nullable=False),
    sa.Column('estimate_note', sa.Text(), nullable=False),
    sa.Column('given_on', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('evidence_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False, comment='recorded, confirmed or cancelled'),
    sa.Column('recorded_by_id', sa.Integer(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_by_id', sa.Integer(), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['user_account.id'], name=op.f('fk_contribution_confirmed_by_id_user_account')),
    sa.ForeignKeyConstraint(['evidence_id'], ['case_file.id'], name=op.f('fk_contribution_evidence_id_case_file')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_contribution_partnership_id_partnership')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['user_account.id'], name=op.f('fk_contribution_recorded_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contribution')),
    sa.UniqueConstraint('public_id', name=op.f('uq_contribution_public_id'))
    )
    with op.batch_alter_table('contribution', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contribution_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('measurement',
    sa.Column('indicator_id', sa.Integer(), nullable=False),
    sa.Column('measured_on', sa.Date(), nullable=False, comment='the date of the plan that it answers'),
    sa.Column('value', sa.Numeric(precision=16, scale=4, asdecimal=False), nullable=True),
    sa.Column('missing_reason', sa.Text(), nullable=False),
    sa.Column('sample_size', sa.Integer(), nullable=True),
    sa.Column('breakdown', sa.JSON(), nullable=False, comment='cell → value'),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('evidence_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False, comment='submitted, sent_back, accepted or superseded'),
    sa.Column('submitted_by_id', sa.Integer(), nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reviewed_by_id', sa.Integer(), nullable=True),
    sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('review_text', sa.Text(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("value IS NOT NULL OR missing_reason <> ''", name=op.f('ck_measurement_value_or_reason')),
    sa.ForeignKeyConstraint(['evidence_id'], ['case_file.id'], name=op.f('fk_measurement_evidence_id_case_file')),
    sa.ForeignKeyConstraint(['indicator_id'], ['indicator.id'], name=op.f('fk_measurement_indicator_id_indicator')),
    sa.ForeignKeyConstraint(['reviewed_by_id'], ['user_account.id'], name=op.f('fk_measurement_reviewed_by_id_user_account')),
    sa.ForeignKeyConstraint(['submitted_by_id'], ['user_account.id'], name=op.f('fk_measurement_submitted_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measurement')),
    sa.UniqueConstraint('public_id', name=op.f('uq_measurement_public_id'))
    )
    with op.batch_alter_table('measurement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_measurement_indicator_id'), ['indicator_id'], unique=False)

    op.create_table('payment_rule',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=12), nullable=False),
    sa.Column('agreement_number', sa.Integer(), nullable=False),
    sa.Column('indicator_id', sa.Integer(), nullable=False),
    sa.Column('cap_yen', sa.Integer(), nullable=False),
    sa.Column('terms', sa.JSON(), nullable=False, comment='payment.Rule as a dictionary'),
    sa.Column('measured_on', sa.Date(), nullable=False, comment='the measurement that counts'),
    sa.Column('fiscal_year', sa.Integer(), nullable=False, comment='in which it is paid; April to March'),
    sa.Column('is_retired', sa.Boolean(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.CheckConstraint('cap_yen >= 0', name=op.f('ck_payment_rule_cap_not_negative')),
    sa.ForeignKeyConstraint(['indicator_id'], ['indicator.id'], name=op.f('fk_payment_rule_indicator_id_indicator')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_payment_rule_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_rule')),
    sa.UniqueConstraint('partnership_id', 'key', name=op.f('uq_payment_rule_partnership_id_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_payment_rule_public_id'))
    )
    with op.batch_alter_table('payment_rule', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_rule_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('payment',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('rule_id', sa.Integer(), nullable=True),
    sa.Column('measurement_id', sa.Integer(), nullable=True),
    sa.Column('fixed_year', sa.Integer(), nullable=True, comment='fiscal year of a fixed part'),
    sa.Column('fiscal_year', sa.Integer(), nullable=False),
    sa.Column('amount_yen', sa.Integer(), nullable=False),
    sa.Column('formula', sa.Text(), nullable=False, comment='the calculation in words'),
    sa.Column('calculated_by_id', sa.Integer(), nullable=True),
    sa.Column('calculated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paid_on', sa.Date(), nullable=True),
    sa.Column('paid_by_id', sa.Integer(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('amount_yen >= 0', name=op.f('ck_payment_amount_not_negative')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['user_account.id'], name=op.f('fk_payment_approved_by_id_user_account')),
    sa.ForeignKeyConstraint(['calculated_by_id'], ['user_account.id'], name=op.f('fk_payment_calculated_by_id_user_account')),
    sa.ForeignKeyConstraint(['measurement_id'], ['measurement.id'], name=op.f('fk_payment_measurement_id_measurement')),
    sa.ForeignKeyConstraint(['paid_by_id'], ['user_account.id'], name=op.f('fk_payment_paid_by_id_user_account')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_payment_partnership_id_partnership')),
    sa.ForeignKeyConstraint(['rule_id'], ['payment_rule.id'], name=op.f('fk_payment_rule_id_payment_rule')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('partnership_id', 'fixed_year', name=op.f('uq_payment_partnership_id_fixed_year')),
    sa.UniqueConstraint('public_id', name=op.f('uq_payment_public_id')),
    sa.UniqueConstraint('rule_id', name=op.f('uq_payment_rule_id'))
    )
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_partnership_id'), ['partnership_id'], unique=False)

    with op.batch_alter_table('partnership', schema=None) as batch_op:
        batch_op.add_column(sa.Column('deputy_id', sa.Integer(), nullable=True, comment='stands in (代理)'))
        batch_op.add_column(sa.Column('touched_at', sa.DateTime(timezone=True), nullable=True, comment='the last thing that anybody did on it'))
        batch_op.add_column(sa.Column('agreement_type', sa.String(length=16), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('starts_on', sa.Date(), nullable=True, comment='of the agreement in force'))
        batch_op.add_column(sa.Column('ends_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('decide_by', sa.Date(), nullable=True, comment='suspended: by when it is decided how to go on'))
        batch_op.add_column(sa.Column('was_terminated', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('inform_plan', sa.Text(), nullable=False, server_default='', comment='terminated: who tells whom'))
        batch_op.add_column(sa.Column('published_at', sa.DateTime(timezone=True), nullable=True, comment='on the public pages since'))
        batch_op.add_column(sa.Column('unpublished_reason', sa.String(length=20), nullable=False, server_default='', comment='why it is not public'))
        batch_op.add_column(sa.Column('renewed_from_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('year_number', sa.Integer(), nullable=False, server_default='1', comment='how manieth period of the same partners'))
        batch_op.create_index(batch_op.f('ix_partnership_published_at'), ['published_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_partnership_renewed_from_id'), ['renewed_from_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_partnership_deputy_id_user_account'), 'user_account', ['deputy_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_partnership_renewed_from_id_partnership'), 'partnership', ['renewed_from_id'], ['id'])

    with op.batch_alter_table("partnership", schema=None) as batch_op:
        for name in ("agreement_type", "was_terminated", "inform_plan", "unpublished_reason", "year_number"):
            batch_op.alter_column(name, server_default=None)
    _open_indexes(NEW)


def downgrade() -> None:
    # The older life cycle ends at the introduction: what went on from there stands there again.
    op.execute("UPDATE partnership SET state = 'withdrawn' WHERE state = 'closed'")
    op.execute(
        "UPDATE partnership SET state = 'introduced' WHERE state IN ('negotiation', 'trial', "
        "'agreement_draft', 'agreement_review', 'agreed', 'running', 'suspended', 'ended', 'terminated', "
        "'reported', 'evaluated')"
    )
    _drop_open_indexes()

    with op.batch_alter_table('partnership', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_partnership_renewed_from_id_partnership'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_partnership_deputy_id_user_account'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_partnership_renewed_from_id'))
        batch_op.drop_index(batch_op.f('ix_partnership_published_at'))
        batch_op.drop_column('year_number')
        batch_op.drop_column('renewed_from_id')
        batch_op.drop_column('unpublished_reason')
        batch_op.drop_column('published_at')
        batch_op.drop_column('inform_plan')
        batch_op.drop_column('was_terminated')
        batch_op.drop_column('decide_by')
        batch_op.drop_column('ends_on')
        batch_op.drop_column('starts_on')
        batch_op.drop_column('agreement_type')
        batch_op.drop_column('touched_at')
        batch_op.drop_column('deputy_id')

    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_partnership_id'))

    op.drop_table('payment')
    with op.batch_alter_table('payment_rule', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_rule_partnership_id'))

    op.drop_table('payment_rule')
    with op.batch_alter_table('measurement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_measurement_indicator_id'))

    op.drop_table('measurement')
    with op.batch_alter_table('contribution', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contribution_partnership_id'))

    op.drop_table('contribution')
    with op.batch_alter_table('voice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_voice_partnership_id'))

    op.drop_table('voice')
    with op.batch_alter_table('risk', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_risk_partnership_id'))

    op.drop_table('risk')
    with op.batch_alter_table('public_comment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_public_comment_partnership_id'))

    op.drop_table('public_comment')
    with op.batch_alter_table('period_report', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_period_report_partnership_id'))

    op.drop_table('period_report')
    with op.batch_alter_table('meeting_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_meeting_note_partnership_id'))

    op.drop_table('meeting_note')
    with op.batch_alter_table('lesson', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lesson_partnership_id'))

    op.drop_table('lesson')
    with op.batch_alter_table('indicator', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_indicator_partnership_id'))

    op.drop_table('indicator')
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incident_partnership_id'))

    op.drop_table('incident')
    with op.batch_alter_table('evaluation_sheet', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evaluation_sheet_partnership_id'))

    op.drop_table('evaluation_sheet')
    with op.batch_alter_table('case_task', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_case_task_partnership_id'))

    op.drop_table('case_task')
    with op.batch_alter_table('case_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_case_file_series'))
        batch_op.drop_index(batch_op.f('ix_case_file_partnership_id'))

    op.drop_table('case_file')
    with op.batch_alter_table('case_document', schema=None) as batch_op:
        batch_op.drop_index('uq_case_document_draft', sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))
        batch_op.drop_index(batch_op.f('ix_case_document_partnership_id'))

    op.drop_table('case_document')
    op.drop_table('handover')
    op.drop_table('indicator_definition')
    _open_indexes(OLD)
