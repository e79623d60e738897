"""A need that was seen and not answered: its owner hears once why that may be, and never who passed."""

from datetime import timedelta

import pytest

from matcher.alerts import unanswered
from matcher.cases import beginning
from matcher.cases.beginning import Terms
from matcher.ground import vocabulary
from matcher.people import accounts
from matcher.postings.drafts import NEED_STEPS
from matcher.records import Notice, ShownList, ShownSuggestion
from matcher.suggestions import shown_lists
from tests import factories, told


class Quiet:
    """A need that stands open for so long, shown to so many companies and read by some of them."""

    def __init__(self, session, now):
        self.session, self.now = session, now
        factories.make_city(session)
        self.npo = factories.make_npo(session)
        self.owner = factories.make_user(session, self.npo)
        self.need = factories.make_need(
            session, self.npo, what_we_give="報告します。", published_at=now - unanswered.AFTER
        )
        self.companies = []

    def show(self, count, opened=0):
        """Show it to further companies, of which the first ``opened`` read it."""
        for number in range(count):
            company = factories.make_company(self.session)
            self.companies.append(company)
            self.session.add(
                ShownList(
                    organization_id=company.id, shown_at=self.now, model_id="m", index_version=1, weights_version="w",
                    items=[
                        ShownSuggestion(
                            rank=1, candidate_id=self.npo.id, need_id=self.need.id, score=0.5, parts={}, reasons=[],
                            opened_at=self.now if number < opened else None,
                        )
                    ],
                )
            )  # fmt: skip
        self.session.flush()

    def pass_on(self, count, reason):
        """Let the first companies pass for a reason."""
        for company in self.companies[:count]:
            person = accounts.actor_of(factories.make_user(self.session, company))
            shown_lists.mark(
                self.session, person, self.npo, self.need, "passed", self.now, reason_code=reason
            )

    def told(self, now=None):
        """What the owner reads after a round."""
        unanswered.tell_owners(self.session, now or self.now)
        self.session.flush()
        return [one.body for one in told.notices(self.session, "", Notice.code == "need_unanswered")]


@pytest.fixture
def quiet(session, now):
    return Quiet(session, now)


@pytest.mark.parametrize(
    ("shown", "opened", "hears"),
    [
        (unanswered.SHOWN, 0, True),
        (unanswered.SHOWN - 1, 0, False),
        (3, unanswered.OPENED, True),
        (4, unanswered.OPENED - 1, False),
    ],
)
def test_so_many_have_seen_it_or_so_many_have_read_it(quiet, shown, opened, hears):
    quiet.show(shown, opened)
    quiet.need.quantity = None
    assert bool(quiet.told()) is hears


def test_its_owner_hears_once_after_three_weeks(quiet, now):
    quiet.show(8, 3)
    quiet.need.quantity = None
    quiet.session.flush()
    version = quiet.need.version
    assert quiet.told(now - timedelta(minutes=1)) == []
    (body,) = quiet.told()
    assert "紹介した企業は8社、詳しく読んだ企業は3社" in body
    assert "必要な量が書かれていません。おおよその量を書くと" in body
    assert len(quiet.told(now + timedelta(days=90))) == 1
    quiet.session.refresh(quiet.need)
    assert quiet.need.version == version


def test_what_one_company_alone_said_is_not_told(quiet):
    quiet.show(8)
    quiet.pass_on(1, "timing")
    assert quiet.told() == []
    quiet.pass_on(2, "timing")
    (body,) = quiet.told()
    assert "時期が合わないという企業が複数ありました。" in body
    assert not any(company.name in body for company in quiet.companies)


@pytest.mark.parametrize("reason", ["policy", "other", "already", "capacity"])
def test_reasons_that_no_edit_mends_are_not_told(quiet, reason):
    quiet.show(8)
    if reason == "other":
        for company in quiet.companies:
            person = accounts.actor_of(factories.make_user(quiet.session, company))
            shown_lists.mark(
                quiet.session,
                person,
                quiet.npo,
                quiet.need,
                "passed",
                quiet.now,
                reason_code=reason,
                note="別。",
            )
    else:
        quiet.pass_on(8, reason)
    assert quiet.told() == []


def test_a_need_that_somebody_has_answered_or_that_leaves_nothing_unsaid_is_left_alone(quiet):
    quiet.show(8, 8)
    assert quiet.told() == []
    quiet.need.quantity = None
    company = quiet.companies[0]
    person = accounts.actor_of(factories.make_user(quiet.session, company))
    between = beginning.between(company, quiet.npo, need=quiet.need)
    beginning.propose(quiet.session, person, between, Terms("food"), "ぜひ。", quiet.now)
    assert quiet.told() == []


@pytest.mark.parametrize(
    ("field", "value", "cause"),
    [
        ("quantity", None, "no_quantity"),
        ("title", "野菜", "vague_title"),
        ("what_we_give", " ", "no_return"),
        ("period_from", None, ""),
    ],
)
def test_what_is_unsaid_is_named(quiet, field, value, cause):
    quiet.show(8)
    setattr(quiet.need, field, value)
    quiet.session.flush()
    found = unanswered.of(quiet.session, quiet.need, quiet.now)
    assert (found.causes if found else ()) == ((cause,) if cause else ())


def test_every_cause_has_words_an_edit_and_a_page_of_the_form():
    assert set(unanswered.FIELDS) == set(vocabulary.CAUSES) == set(vocabulary.CAUSE_EDITS)
    for cause, field in unanswered.FIELDS.items():
        assert field in NEED_STEPS[unanswered.step_of(cause) - 1]
