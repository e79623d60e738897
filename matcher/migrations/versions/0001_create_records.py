"""Create all records, and the triggers that keep the audit record append-only."""


import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('attempt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False, comment='sha256 of account or network, never plain'),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt'))
    )
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.create_index('ix_attempt_kind_key_at', ['kind', 'key', 'at'], unique=False)

    op.create_table('audit_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.String(length=32), nullable=True, comment='public id of the user'),
    sa.Column('actor_organization_id', sa.String(length=32), nullable=True),
    sa.Column('role', sa.String(length=20), nullable=False, comment='role used, or system'),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('object_type', sa.String(length=30), nullable=False),
    sa.Column('object_id', sa.String(length=32), nullable=False, comment='public id'),
    sa.Column('object_version', sa.Integer(), nullable=True),
    sa.Column('from_state', sa.String(length=20), nullable=True),
    sa.Column('to_state', sa.String(length=20), nullable=True),
    sa.Column('reason_code', sa.String(length=30), nullable=True),
    sa.Column('reason_text', sa.Text(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False, comment='ids and codes, no personal data'),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('previous_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event')),
    sa.UniqueConstraint('hash', name=op.f('uq_audit_event_hash'))
    )
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_event_at'), ['at'], unique=False)
        batch_op.create_index('ix_audit_event_object', ['object_type', 'object_id'], unique=False)

    op.create_table('counter',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.String(length=120), nullable=False, comment="audit: hash of the newest event; index: the serving model's id"),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_counter'))
    )
    op.create_table('embedding',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('owner_type', sa.String(length=10), nullable=False, comment='need, offer, npo or company'),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('model_id', sa.String(length=120), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False, comment='whether it may be found at all'),
    sa.Column('text_sha256', sa.String(length=64), nullable=False),
    sa.Column('sentences', sa.JSON(), nullable=False, comment='original wording, for quoting'),
    sa.Column('words', sa.JSON(), nullable=False, comment='per sentence: normalised word → count'),
    sa.Column('vector', sa.LargeBinary(), nullable=True, comment='float32, the whole text'),
    sa.Column('sentence_vectors', sa.LargeBinary(), nullable=True, comment='float16, (sentences, d)'),
    sa.Column('encoded_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_embedding')),
    sa.UniqueConstraint('owner_type', 'owner_id', 'model_id', name=op.f('uq_embedding_owner_type_owner_id_model_id'))
    )
    with op.batch_alter_table('embedding', schema=None) as batch_op:
        batch_op.create_index('ix_embedding_version', ['version'], unique=False)

    op.create_table('mail',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False, comment='idempotency key and Message-ID'),
    sa.Column('to', sa.String(length=254), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('send_after', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail')),
    sa.UniqueConstraint('key', name=op.f('uq_mail_key'))
    )
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.create_index('ix_mail_sent_at_send_after', ['sent_at', 'send_after'], unique=False)

    op.create_table('municipality',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('kana', sa.String(length=60), nullable=False),
    sa.Column('section', sa.String(length=60), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('areas', sa.JSON(), nullable=False, comment='district code → label, in display order'),
    sa.Column('field20', sa.String(length=120), nullable=False, comment='text of field 20 where an ordinance fills it'),
    sa.Column('is_demo', sa.Boolean(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_municipality_single_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_municipality'))
    )
    op.create_table('organization',
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kana', sa.String(length=160), nullable=False),
    sa.Column('corporate_number', sa.String(length=13), nullable=True),
    sa.Column('no_number_reason', sa.String(length=20), nullable=True),
    sa.Column('area', sa.String(length=40), nullable=False, comment='district of the office'),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('website', sa.String(length=300), nullable=False),
    sa.Column('representative', sa.String(length=80), nullable=False),
    sa.Column('contact_department', sa.String(length=80), nullable=False),
    sa.Column('contact_name', sa.String(length=80), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('visibility', sa.String(length=12), nullable=False),
    sa.Column('terms_version', sa.String(length=20), nullable=True, comment='terms agreed at submission'),
    sa.Column('declared_at', sa.DateTime(timezone=True), nullable=True, comment='暴力団排除の誓約 made at'),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('verification_expires_on', sa.Date(), nullable=True),
    sa.Column('reason_code', sa.String(length=30), nullable=True, comment='of the latest move, if any'),
    sa.Column('reason_text', sa.Text(), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False, comment='folded copy for search'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind IN ('company', 'npo')", name=op.f('ck_organization_kind_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organization')),
    sa.UniqueConstraint('corporate_number', name=op.f('uq_organization_corporate_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_organization_public_id'))
    )
    with op.batch_alter_table('organization', schema=None) as batch_op:
        batch_op.create_index('ix_organization_kind_state', ['kind', 'state'], unique=False)

    op.create_table('receipt',
    sa.Column('key', sa.String(length=64), nullable=False, comment='sha256 of user and form id'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('location', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_receipt'))
    )
    op.create_table('company_profile',
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('industry', sa.String(length=1), nullable=False),
    sa.Column('employees_band', sa.String(length=10), nullable=False),
    sa.Column('business', sa.Text(), nullable=False),
    sa.Column('csr_policy', sa.Text(), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('fields_undecided', sa.Boolean(), nullable=False, comment='分野は決まっていない'),
    sa.Column('sdgs', sa.JSON(), nullable=False),
    sa.Column('beneficiaries', sa.JSON(), nullable=False),
    sa.Column('areas', sa.JSON(), nullable=False),
    sa.Column('pro_bono_skills', sa.JSON(), nullable=False),
    sa.Column('expected_returns', sa.JSON(), nullable=False),
    sa.Column('budget_band', sa.String(length=12), nullable=False),
    sa.Column('volunteering', sa.Text(), nullable=False),
    sa.Column('past_partnerships', sa.Text(), nullable=False),
    sa.Column('no_go', sa.Text(), nullable=False),
    sa.Column('no_go_fields', sa.JSON(), nullable=False),
    sa.Column('naming', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_company_profile_organization_id_organization'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organization_id', name=op.f('pk_company_profile'))
    )
    op.create_table('need',
    sa.Column('situation', sa.Text(), nullable=False),
    sa.Column('wanted_change', sa.Text(), nullable=False),
    sa.Column('min_useful', sa.Numeric(precision=14, scale=2, asdecimal=False), nullable=True),
    sa.Column('also_welcome', sa.JSON(), nullable=False, comment='further support types'),
    sa.Column('urgency', sa.String(length=8), nullable=False),
    sa.Column('repeat', sa.String(length=12), nullable=False),
    sa.Column('place_note', sa.Text(), nullable=False),
    sa.Column('beneficiary_number', sa.Integer(), nullable=True),
    sa.Column('safety_contact', sa.Boolean(), nullable=True, comment='子どもや要配慮者と接するか'),
    sa.Column('safety_note', sa.Text(), nullable=False),
    sa.Column('what_we_give', sa.Text(), nullable=False, comment='企業へのお返し'),
    sa.Column('if_unmet', sa.Text(), nullable=False),
    sa.Column('contact_name', sa.String(length=80), nullable=False),
    sa.Column('visibility', sa.String(length=12), nullable=False),
    sa.Column('steps_done', sa.Integer(), nullable=False, comment='guided form: pages completed, 0 to 5'),
    sa.Column('number', sa.String(length=20), nullable=True, comment='受付番号, from submission on'),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('support_type', sa.String(length=24), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=14, scale=2, asdecimal=False), nullable=True),
    sa.Column('unit', sa.String(length=10), nullable=False),
    sa.Column('period_from', sa.Date(), nullable=True),
    sa.Column('period_to', sa.Date(), nullable=True),
    sa.Column('areas', sa.JSON(), nullable=False),
    sa.Column('mode', sa.String(length=8), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('sdgs', sa.JSON(), nullable=False),
    sa.Column('beneficiaries', sa.JSON(), nullable=False),
    sa.Column('skills', sa.JSON(), nullable=False, comment='codes of PRO_BONO_SKILLS'),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('expiry_notices', sa.Integer(), nullable=False, comment='how many reminders went out'),
    sa.Column('pause_cause', sa.String(length=12), nullable=True, comment='owner or capacity'),
    sa.Column('reason_code', sa.String(length=30), nullable=True, comment='of the latest move, if any'),
    sa.Column('reason_text', sa.Text(), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False, comment='folded copy for search'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_need_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_need')),
    sa.UniqueConstraint('number', name=op.f('uq_need_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_need_public_id'))
    )
    with op.batch_alter_table('need', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_need_organization_id'), ['organization_id'], unique=False)
        batch_op.create_index('ix_need_state_valid_until', ['state', 'valid_until'], unique=False)

    op.create_table('npo_profile',
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('org_type', sa.String(length=20), nullable=False),
    sa.Column('established_on', sa.Date(), nullable=True),
    sa.Column('mission', sa.Text(), nullable=False),
    sa.Column('activities', sa.Text(), nullable=False),
    sa.Column('strengths', sa.Text(), nullable=False, comment='企業に提供できるもの'),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('sdgs', sa.JSON(), nullable=False),
    sa.Column('beneficiaries', sa.JSON(), nullable=False),
    sa.Column('areas', sa.JSON(), nullable=False),
    sa.Column('staff_full_time', sa.Integer(), nullable=True),
    sa.Column('staff_part_time', sa.Integer(), nullable=True),
    sa.Column('volunteers', sa.Integer(), nullable=True),
    sa.Column('budget_band', sa.String(length=12), nullable=False),
    sa.Column('reach_number', sa.Integer(), nullable=True),
    sa.Column('capacity', sa.Text(), nullable=False, comment='受け入れ体制・会議のできる時間'),
    sa.Column('disclosure', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_npo_profile_organization_id_organization'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organization_id', name=op.f('pk_npo_profile'))
    )
    op.create_table('offer',
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('conditions', sa.Text(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=True, comment='受付番号, from submission on'),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('support_type', sa.String(length=24), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=14, scale=2, asdecimal=False), nullable=True),
    sa.Column('unit', sa.String(length=10), nullable=False),
    sa.Column('period_from', sa.Date(), nullable=True),
    sa.Column('period_to', sa.Date(), nullable=True),
    sa.Column('areas', sa.JSON(), nullable=False),
    sa.Column('mode', sa.String(length=8), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('sdgs', sa.JSON(), nullable=False),
    sa.Column('beneficiaries', sa.JSON(), nullable=False),
    sa.Column('skills', sa.JSON(), nullable=False, comment='codes of PRO_BONO_SKILLS'),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('expiry_notices', sa.Integer(), nullable=False, comment='how many reminders went out'),
    sa.Column('pause_cause', sa.String(length=12), nullable=True, comment='owner or capacity'),
    sa.Column('reason_code', sa.String(length=30), nullable=True, comment='of the latest move, if any'),
    sa.Column('reason_text', sa.Text(), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False, comment='folded copy for search'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_offer_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offer')),
    sa.UniqueConstraint('number', name=op.f('uq_offer_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_offer_public_id'))
    )
    with op.batch_alter_table('offer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offer_organization_id'), ['organization_id'], unique=False)
        batch_op.create_index('ix_offer_state_valid_until', ['state', 'valid_until'], unique=False)

    op.create_table('user_account',
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=True),
    sa.Column('organization_role', sa.String(length=8), nullable=True, comment='owner, editor or viewer'),
    sa.Column('status', sa.String(length=12), nullable=False, comment='invited, active, deactivated'),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('notify', sa.String(length=8), nullable=False, comment='at_once, daily or none'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deactivated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(role = 'member') = (organization_id IS NOT NULL)", name=op.f('ck_user_account_member_has_organization')),
    sa.CheckConstraint("role IN ('member', 'coordinator', 'manager', 'operator')", name=op.f('ck_user_account_role_known')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_user_account_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_account')),
    sa.UniqueConstraint('email', name=op.f('uq_user_account_email')),
    sa.UniqueConstraint('public_id', name=op.f('uq_user_account_public_id'))
    )
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_user_account_organization_id'), ['organization_id'], unique=False)

    op.create_table('checklist_answer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('item', sa.String(length=20), nullable=False),
    sa.Column('answer', sa.String(length=5), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('answered_by_id', sa.Integer(), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['answered_by_id'], ['user_account.id'], name=op.f('fk_checklist_answer_answered_by_id_user_account')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_checklist_answer_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checklist_answer'))
    )
    with op.batch_alter_table('checklist_answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_checklist_answer_organization_id'), ['organization_id'], unique=False)

    op.create_table('import_batch',
    sa.Column('kind', sa.String(length=20), nullable=False, comment='companies, npos, needs or offers'),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('uploaded_by_id', sa.Integer(), nullable=False),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rows', sa.JSON(), nullable=False),
    sa.Column('problems', sa.JSON(), nullable=False),
    sa.Column('dropped_columns', sa.JSON(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('discarded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', sa.JSON(), nullable=False, comment='codes and counts, no row'),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['uploaded_by_id'], ['user_account.id'], name=op.f('fk_import_batch_uploaded_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch')),
    sa.UniqueConstraint('public_id', name=op.f('uq_import_batch_public_id'))
    )
    op.create_table('mark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('target_id', sa.Integer(), nullable=False),
    sa.Column('need_id', sa.Integer(), nullable=False, comment='need.id, or 0 where the mark is of the organization'),
    sa.Column('kind', sa.String(length=8), nullable=False, comment='saved or passed'),
    sa.Column('reason_code', sa.String(length=20), nullable=True, comment='of a pass; private to the coordinator'),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('marked_by_id', sa.Integer(), nullable=False),
    sa.Column('marked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['marked_by_id'], ['user_account.id'], name=op.f('fk_mark_marked_by_id_user_account')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_mark_organization_id_organization')),
    sa.ForeignKeyConstraint(['target_id'], ['organization.id'], name=op.f('fk_mark_target_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mark'))
    )
    with op.batch_alter_table('mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mark_target_id'), ['target_id'], unique=False)
        batch_op.create_index('uq_mark_target', ['organization_id', 'target_id', 'need_id'], unique=True)

    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('object_type', sa.String(length=30), nullable=False, comment='what it is about'),
    sa.Column('object_id', sa.String(length=32), nullable=False, comment='public id'),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mailed', sa.Boolean(), nullable=False, comment='in a mail, or not to be mailed'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_notice_user_id_user_account'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index('ix_notice_user_id_read_at', ['user_id', 'read_at'], unique=False)

    op.create_table('one_time_link',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('purpose', sa.String(length=12), nullable=False, comment='activate or reset'),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_one_time_link_user_id_user_account'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_one_time_link'))
    )
    with op.batch_alter_table('one_time_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_one_time_link_user_id'), ['user_id'], unique=False)

    op.create_table('revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('owner_type', sa.String(length=20), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['made_by_id'], ['user_account.id'], name=op.f('fk_revision_made_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revision'))
    )
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.create_index('ix_revision_owner', ['owner_type', 'owner_id'], unique=False)

    op.create_table('shown_list',
    sa.Column('viewer_id', sa.Integer(), nullable=True, comment='who looked'),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('need_id', sa.Integer(), nullable=True, comment="in the NPO's direction"),
    sa.Column('shown_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('model_id', sa.String(length=120), nullable=False),
    sa.Column('index_version', sa.Integer(), nullable=False),
    sa.Column('weights_version', sa.String(length=20), nullable=False),
    sa.Column('filters', sa.JSON(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_shown_list_need_id_need')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_shown_list_organization_id_organization')),
    sa.ForeignKeyConstraint(['viewer_id'], ['user_account.id'], name=op.f('fk_shown_list_viewer_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shown_list')),
    sa.UniqueConstraint('public_id', name=op.f('uq_shown_list_public_id'))
    )
    with op.batch_alter_table('shown_list', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_shown_list_organization_id'), ['organization_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_shown_list_shown_at'), ['shown_at'], unique=False)

    op.create_table('user_session',
    sa.Column('id_hash', sa.String(length=64), nullable=False, comment="sha256 of the cookie's id"),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('user_agent', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_user_session_user_id_user_account'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id_hash', name=op.f('pk_user_session'))
    )
    with op.batch_alter_table('user_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_user_session_user_id'), ['user_id'], unique=False)

    op.create_table('shown_suggestion',
    sa.Column('shown_list_id', sa.Integer(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('candidate_id', sa.Integer(), nullable=False, comment='who was suggested'),
    sa.Column('need_id', sa.Integer(), nullable=True),
    sa.Column('offer_id', sa.Integer(), nullable=True),
    sa.Column('score', sa.Double(), nullable=False),
    sa.Column('parts', sa.JSON(), nullable=False, comment='signal → value in [0, 1]'),
    sa.Column('reasons', sa.JSON(), nullable=False, comment='ranking.Reason as dictionaries'),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True, comment='when the detail was first read'),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['candidate_id'], ['organization.id'], name=op.f('fk_shown_suggestion_candidate_id_organization')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_shown_suggestion_need_id_need')),
    sa.ForeignKeyConstraint(['offer_id'], ['offer.id'], name=op.f('fk_shown_suggestion_offer_id_offer')),
    sa.ForeignKeyConstraint(['shown_list_id'], ['shown_list.id'], name=op.f('fk_shown_suggestion_shown_list_id_shown_list')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shown_suggestion')),
    sa.UniqueConstraint('public_id', name=op.f('uq_shown_suggestion_public_id'))
    )
    with op.batch_alter_table('shown_suggestion', schema=None) as batch_op:
        batch_op.create_index('ix_shown_suggestion_candidate_id', ['candidate_id'], unique=False)
        batch_op.create_index('ix_shown_suggestion_need_id', ['need_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_shown_suggestion_shown_list_id'), ['shown_list_id'], unique=False)

    op.create_table('partnership',
    sa.Column('number', sa.String(length=20), nullable=False, comment='案件番号'),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('npo_id', sa.Integer(), nullable=False),
    sa.Column('need_id', sa.Integer(), nullable=True),
    sa.Column('offer_id', sa.Integer(), nullable=True),
    sa.Column('shown_suggestion_id', sa.Integer(), nullable=True),
    sa.Column('origin', sa.String(length=12), nullable=False, comment='申し出 company, 依頼 npo, 推薦 coordinator'),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('support_type', sa.String(length=24), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=14, scale=2, asdecimal=False), nullable=True),
    sa.Column('unit', sa.String(length=10), nullable=False),
    sa.Column('period_from', sa.Date(), nullable=True),
    sa.Column('period_to', sa.Date(), nullable=True),
    sa.Column('message', sa.Text(), nullable=False, comment='of the side that began'),
    sa.Column('answer', sa.Text(), nullable=False, comment='of the side that answered'),
    sa.Column('recommend_code', sa.String(length=20), nullable=True),
    sa.Column('recommend_text', sa.Text(), nullable=False, comment='visible to both sides'),
    sa.Column('started_by_id', sa.Integer(), nullable=False),
    sa.Column('company_contact_id', sa.Integer(), nullable=True),
    sa.Column('npo_contact_id', sa.Integer(), nullable=True),
    sa.Column('coordinator_id', sa.Integer(), nullable=True, comment='担当者'),
    sa.Column('company_agreed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('npo_agreed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False, comment='when the present state began'),
    sa.Column('deadline_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminders', sa.Integer(), nullable=False, comment='reminders sent in this state'),
    sa.Column('reason_code', sa.String(length=30), nullable=True, comment='of the latest move, if any'),
    sa.Column('reason_text', sa.Text(), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("origin IN ('company', 'npo', 'coordinator')", name=op.f('ck_partnership_origin_known')),
    sa.CheckConstraint('company_id <> npo_id', name=op.f('ck_partnership_two_parties')),
    sa.ForeignKeyConstraint(['company_contact_id'], ['user_account.id'], name=op.f('fk_partnership_company_contact_id_user_account')),
    sa.ForeignKeyConstraint(['company_id'], ['organization.id'], name=op.f('fk_partnership_company_id_organization')),
    sa.ForeignKeyConstraint(['coordinator_id'], ['user_account.id'], name=op.f('fk_partnership_coordinator_id_user_account')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user_account.id'], name=op.f('fk_partnership_decided_by_id_user_account')),
    sa.ForeignKeyConstraint(['need_id'], ['need.id'], name=op.f('fk_partnership_need_id_need')),
    sa.ForeignKeyConstraint(['npo_contact_id'], ['user_account.id'], name=op.f('fk_partnership_npo_contact_id_user_account')),
    sa.ForeignKeyConstraint(['npo_id'], ['organization.id'], name=op.f('fk_partnership_npo_id_organization')),
    sa.ForeignKeyConstraint(['offer_id'], ['offer.id'], name=op.f('fk_partnership_offer_id_offer')),
    sa.ForeignKeyConstraint(['shown_suggestion_id'], ['shown_suggestion.id'], name=op.f('fk_partnership_shown_suggestion_id_shown_suggestion')),
    sa.ForeignKeyConstraint(['started_by_id'], ['user_account.id'], name=op.f('fk_partnership_started_by_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partnership')),
    sa.UniqueConstraint('number', name=op.f('uq_partnership_number')),
    sa.UniqueConstraint('public_id', name=op.f('uq_partnership_public_id'))
    )
    with op.batch_alter_table('partnership', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_partnership_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_partnership_need_id'), ['need_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_partnership_npo_id'), ['npo_id'], unique=False)
        batch_op.create_index('ix_partnership_state_deadline_at', ['state', 'deadline_at'], unique=False)
        batch_op.create_index('uq_partnership_open_need', ['company_id', 'need_id'], unique=True, sqlite_where=sa.text("state NOT IN ('declined', 'expired', 'refused', 'withdrawn') AND need_id IS NOT NULL"), postgresql_where=sa.text("state NOT IN ('declined', 'expired', 'refused', 'withdrawn') AND need_id IS NOT NULL"))
        batch_op.create_index('uq_partnership_open_pair', ['company_id', 'npo_id'], unique=True, sqlite_where=sa.text("state NOT IN ('declined', 'expired', 'refused', 'withdrawn') AND need_id IS NULL"), postgresql_where=sa.text("state NOT IN ('declined', 'expired', 'refused', 'withdrawn') AND need_id IS NULL"))

    op.create_table('case_message',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['user_account.id'], name=op.f('fk_case_message_author_id_user_account')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_case_message_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_message')),
    sa.UniqueConstraint('public_id', name=op.f('uq_case_message_public_id'))
    )
    with op.batch_alter_table('case_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_message_partnership_id'), ['partnership_id'], unique=False)

    op.create_table('decision_bundle',
    sa.Column('partnership_id', sa.Integer(), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user_account.id'], name=op.f('fk_decision_bundle_decided_by_id_user_account')),
    sa.ForeignKeyConstraint(['partnership_id'], ['partnership.id'], name=op.f('fk_decision_bundle_partnership_id_partnership')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision_bundle')),
    sa.UniqueConstraint('public_id', name=op.f('uq_decision_bundle_public_id'))
    )
    with op.batch_alter_table('decision_bundle', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decision_bundle_partnership_id'), ['partnership_id'], unique=False)
    _protect_audit()


def _protect_audit() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_event_no_{verb.lower()} BEFORE {verb} ON audit_event "
                "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit_event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_event_no_update")
        op.execute("DROP TRIGGER audit_event_no_delete")
    else:
        op.execute("DROP TRIGGER audit_event_append_only ON audit_event")
        op.execute("DROP FUNCTION audit_event_refuse()")
    with op.batch_alter_table('decision_bundle', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_decision_bundle_partnership_id'))

    op.drop_table('decision_bundle')
    op.drop_table('case_message')
    with op.batch_alter_table('partnership', schema=None) as batch_op:
        batch_op.drop_index('uq_partnership_open_pair', sqlite_where=sa.text("state NOT IN ('declined', 'expired', 'refused', 'withdrawn') AND need_id IS NULL"), postgresql_where=sa.text("state NOT IN ('declined', 'expired', 'refused', 'withdrawn') AND need_id IS NULL"))
        batch_op.drop_index('uq_partnership_open_need', sqlite_where=sa.text("state NOT IN ('declined', 'expired', 'refused', 'withdrawn') AND need_id IS NOT NULL"), postgresql_where=sa.text("state NOT IN ('declined', 'expired', 'refused', 'withdrawn') AND need_id IS NOT NULL"))
        batch_op.drop_index('ix_partnership_state_deadline_at')
        batch_op.drop_index(batch_op.f('ix_partnership_npo_id'))
        batch_op.drop_index(batch_op.f('ix_partnership_need_id'))
        batch_op.drop_index(batch_op.f('ix_partnership_company_id'))

    op.drop_table('partnership')
    with op.batch_alter_table('shown_suggestion', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_shown_suggestion_shown_list_id'))
        batch_op.drop_index('ix_shown_suggestion_need_id')
        batch_op.drop_index('ix_shown_suggestion_candidate_id')

    op.drop_table('shown_suggestion')
    with op.batch_alter_table('user_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_user_session_user_id'))

    op.drop_table('user_session')
    with op.batch_alter_table('shown_list', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_shown_list_shown_at'))
        batch_op.drop_index(batch_op.f('ix_shown_list_organization_id'))

    op.drop_table('shown_list')
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.drop_index('ix_revision_owner')

    op.drop_table('revision')
    with op.batch_alter_table('one_time_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_one_time_link_user_id'))

    op.drop_table('one_time_link')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_user_id_read_at')

    op.drop_table('notice')
    with op.batch_alter_table('mark', schema=None) as batch_op:
        batch_op.drop_index('uq_mark_target')
        batch_op.drop_index(batch_op.f('ix_mark_target_id'))

    op.drop_table('mark')
    op.drop_table('import_batch')
    with op.batch_alter_table('checklist_answer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_checklist_answer_organization_id'))

    op.drop_table('checklist_answer')
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_user_account_organization_id'))

    op.drop_table('user_account')
    with op.batch_alter_table('offer', schema=None) as batch_op:
        batch_op.drop_index('ix_offer_state_valid_until')
        batch_op.drop_index(batch_op.f('ix_offer_organization_id'))

    op.drop_table('offer')
    op.drop_table('npo_profile')
    with op.batch_alter_table('need', schema=None) as batch_op:
        batch_op.drop_index('ix_need_state_valid_until')
        batch_op.drop_index(batch_op.f('ix_need_organization_id'))

    op.drop_table('need')
    op.drop_table('company_profile')
    op.drop_table('receipt')
    with op.batch_alter_table('organization', schema=None) as batch_op:
        batch_op.drop_index('ix_organization_kind_state')

    op.drop_table('organization')
    op.drop_table('municipality')
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.drop_index('ix_mail_sent_at_send_after')

    op.drop_table('mail')
    with op.batch_alter_table('embedding', schema=None) as batch_op:
        batch_op.drop_index('ix_embedding_version')

    op.drop_table('embedding')
    op.drop_table('counter')
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_event_object')
        batch_op.drop_index(batch_op.f('ix_audit_event_at'))

    op.drop_table('audit_event')
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.drop_index('ix_attempt_kind_key_at')

    op.drop_table('attempt')
