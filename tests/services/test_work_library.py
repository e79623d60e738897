"""The city's shared indicators: where they are used, and which a case is offered first."""

from matcher.agreements import definitions

SHARED = {
    "name": "人数", "definition": "実人数", "unit": "人", "kind": "output", "direction": "up",
    "method": "records", "evidence": "名簿", "is_active": True,
}  # fmt: skip


def add(partners, code, field):
    facts = {**SHARED, "code": code, "field": field}
    return definitions.save_definition(partners.session, partners.coordinator, facts, partners.at)


def test_a_shared_indicator_counts_the_plans_in_force_that_use_it(partners, session):
    partners.introduce()
    partners.meet()
    assert definitions.library_uses(session) == {}
    partners.draft_plan({"shared": "K-1"})
    assert definitions.library_uses(session) == {}, "a draft is no plan yet"
    partners.indicator(shared="K-1")
    partners.indicator(shared="")
    partners.accept("plan")
    assert definitions.library_uses(session) == {"K-1": 1}, "one plan, though it measures it twice"


def test_indicators_of_the_cases_field_are_offered_before_the_others(partners, session):
    partners.introduce()
    for code, field in (("A", 1), ("B", 13), ("C", None), ("D", 13)):
        add(partners, code, field)
    own, others = definitions.library_for(session, partners.case)
    assert [row.code for row in own] == ["B", "D"]
    assert [row.code for row in others] == ["A", "C"]


def test_without_a_need_the_field_is_the_npos(partners, session):
    partners.introduce()
    partners.case.need = None
    partners.npo.npo.fields = ["1"]
    add(partners, "A", 1)
    own, _others = definitions.library_for(session, partners.case)
    assert [row.code for row in own] == ["A"]
