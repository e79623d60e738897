"""A registration evening: the code of the day passes the limit of the network, and nothing else does."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from matcher.ground.calendar import TOKYO
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted, TooMany
from matcher.ground.permissions import ANONYMOUS
from matcher.people import beginning
from matcher.people import registration_codes as codes
from matcher.records import AccountRequest, AuditEvent
from tests import factories

MINUTE = timedelta(minutes=1)
EVENING = datetime(2026, 11, 27, 18, 0, tzinfo=TOKYO)
DAY = EVENING.date()
HALL = "192.0.2.7"


@pytest.fixture
def staff(session):
    factories.make_city(session)
    return factories.actor_for(factories.make_user(session))


@pytest.fixture
def code(session, staff):
    return codes.make(session, staff, valid_on=DAY, most_uses=100, now=EVENING)


def register(session, number, code="", now=EVENING, network=HALL):
    beginning.register_organization(
        session, kind="npo", organization_name=f"団体{number}", name="山田", email=f"a{number}@x.example",
        now=now, network=network, code=code,
    )  # fmt: skip


def waiting(session):
    return len(session.scalars(select(AccountRequest)).all())


def test_many_register_from_one_network_with_the_code_and_few_without(session, code):
    for number in range(30):
        register(session, number, codes.readable(code))
    assert (waiting(session), code.uses) == (30, 30)
    for number in range(100, 110):
        register(session, number)  # what was registered with the code does not count for the others
    with pytest.raises(TooMany):
        register(session, 110)
    register(session, 111, code.code)


def test_no_more_register_than_the_city_chose(session, staff):
    code = codes.make(session, staff, valid_on=DAY, most_uses=2, now=EVENING)
    for number in range(2):
        register(session, number, code.code)
    assert codes.standing(code, EVENING) == "used_up"
    with pytest.raises(Invalid, match="registration_code_used_up"):
        register(session, 3, code.code)
    assert (waiting(session), code.uses) == (2, 2)


def test_a_second_click_uses_the_code_once(session, code):
    for _click in range(2):
        register(session, 1, code.code)
    assert (waiting(session), code.uses) == (1, 1)


def test_one_address_is_limited_with_a_code_too(session, code):
    for _number in range(3):
        register(session, 1, code.code)
    with pytest.raises(TooMany):
        register(session, 1, code.code)


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        (datetime(2026, 11, 26, 23, 59, 59, tzinfo=TOKYO), "coming"),
        (datetime(2026, 11, 27, 0, 0, tzinfo=TOKYO), "open"),
        (datetime(2026, 11, 27, 23, 59, 59, tzinfo=TOKYO), "open"),
        (datetime(2026, 11, 28, 0, 0, tzinfo=TOKYO), "over"),
    ],
)
def test_a_code_holds_for_its_day_in_tokyo(session, staff, now, stands):
    made = codes.make(session, staff, valid_on=DAY, most_uses=5, now=EVENING - timedelta(days=2))
    assert codes.standing(made, now) == stands
    if stands == "open":
        register(session, 1, made.code, now)
    else:
        with pytest.raises(Invalid, match=f"registration_code_{stands}"):
            register(session, 1, made.code, now)


@pytest.mark.parametrize("way", [str, str.lower])
def test_characters_are_not_taken_for_one_another(session, code, way):
    assert not set("0O1I") & set(codes.CHARACTERS)
    assert set(code.code) <= set(codes.CHARACTERS)
    assert codes.usable(session, way(code.code), EVENING) is code


def test_a_code_is_read_in_any_width_and_with_any_dash(session, code):
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code.code)
    for typed in (wide, f" {code.code[:4]} － {code.code[4:].lower()}", f"{code.code[:4]}ー{code.code[4:]}"):
        assert codes.usable(session, typed, EVENING) is code


def test_a_code_with_anything_else_in_it_is_another_one(session, code):
    for typed in (f"{code.code}0", f"{code.code[:4]}.{code.code[4:]}", f"№{code.code}"):
        with pytest.raises(Invalid):
            codes.usable(session, typed, EVENING)


def test_wrong_codes_are_limited_by_network_and_then_right_ones_tell_nothing(session, code):
    def tried(typed, now=EVENING, network=HALL):
        return codes.refusal(session, typed, now, network=network)

    for number in range(20):
        assert tried(f"WRNG{number}") == "registration_code_wrong"
    assert tried("WRNG") == "registration_code_wait"
    assert tried(code.code) == "registration_code_wait"
    assert tried(code.code, network="198.51.100.1") == ""
    register(session, 1)  # without a code as before
    assert tried(code.code, EVENING + 61 * MINUTE) == ""


def test_right_codes_are_not_counted_as_tries(session, code):
    for _number in range(40):
        assert codes.refusal(session, code.code, EVENING, network=HALL) == ""


def test_a_code_that_was_given_out_is_no_guess(session, staff, code):
    used = codes.make(session, staff, valid_on=DAY, most_uses=1, now=EVENING - MINUTE)
    register(session, 1, used.code)
    ended = codes.make(session, staff, valid_on=DAY, most_uses=9, now=EVENING - MINUTE)
    codes.end(session, staff, ended, EVENING)
    over = codes.make(
        session, staff, valid_on=DAY - timedelta(days=1), most_uses=9, now=EVENING - timedelta(days=1)
    )
    coming = codes.make(session, staff, valid_on=DAY + timedelta(days=1), most_uses=9, now=EVENING)
    for one, stands in ((used, "used_up"), (ended, "ended"), (over, "over"), (coming, "coming")):
        for _number in range(40):
            said = codes.refusal(session, one.code, EVENING, network=HALL)
            assert said == f"registration_code_{stands}"
    assert codes.refusal(session, code.code, EVENING, network=HALL) == ""


def test_a_new_code_of_the_city_opens_a_hall_that_is_locked(session, staff, code):
    for number in range(21):
        codes.refusal(session, f"WRNG{number}", EVENING, network=HALL)
    assert codes.refusal(session, code.code, EVENING, network=HALL) == "registration_code_wait"
    fresh = codes.make(session, staff, valid_on=DAY, most_uses=100, now=EVENING)
    assert codes.refusal(session, fresh.code, EVENING, network=HALL) == ""
    assert codes.refusal(session, code.code, EVENING, network=HALL) == ""
    for number in range(20):  # and guesses are bounded as before
        codes.refusal(session, f"WRNG{number}", EVENING, network=HALL)
    assert codes.refusal(session, fresh.code, EVENING, network=HALL) == "registration_code_wait"


def test_an_ended_code_opens_nothing_and_is_ended_once(session, staff, code):
    codes.end(session, staff, code, EVENING)
    assert codes.standing(code, EVENING) == "ended"
    with pytest.raises(Invalid, match="registration_code_ended"):
        register(session, 1, code.code)
    with pytest.raises(MovedOn):
        codes.end(session, staff, code, EVENING)


@pytest.mark.parametrize(
    ("day", "uses", "field"),
    [(-1, 100, "valid_on"), (91, 100, "valid_on"), (0, 0, "most_uses"), (0, 1001, "most_uses")],
)
def test_a_code_is_for_a_day_to_come_and_some_registrations(session, staff, day, uses, field):
    with pytest.raises(Invalid) as refused:
        codes.make(session, staff, valid_on=DAY + timedelta(days=day), most_uses=uses, now=EVENING)
    assert set(refused.value.facts) == {field}


def test_what_is_made_ended_and_used_is_in_the_record(session, staff, code):
    register(session, 1, code.code)
    beginning.answer_requests(session, EVENING, "http://x.example")
    codes.end(session, staff, code, EVENING)
    events = {event.action: event for event in session.scalars(select(AuditEvent))}
    assert events["make_registration_code"].details == {"valid_on": "2026-11-27", "most_uses": 100}
    assert events["end_registration_code"].details == {"uses": 1}
    registered = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "register", AuditEvent.object_type == "organization")
    ).one()
    assert registered.details == {"kind": "npo", "code": code.public_id}


def test_only_staff_may(session, staff, code):
    member = factories.actor_for(factories.make_user(session, factories.make_npo(session)))
    for actor in (member, ANONYMOUS):
        with pytest.raises(NotPermitted):
            codes.make(session, actor, valid_on=DAY, most_uses=1, now=EVENING)
        with pytest.raises(NotPermitted):
            codes.end(session, actor, code, EVENING)
        with pytest.raises(NotPermitted):
            codes.listed(session, actor)
    with pytest.raises(NotFound):
        codes.get(session, staff, "0" * 32)
