"""Telephone numbers: what can be dialled is taken, everything else is refused."""

import pytest

from matcher.ground import phones
from matcher.ground.typed import Unclear
from tests.edge_inputs import EDGE_INPUTS


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0000-00-0001", "0000-00-0001"),
        ("０９０－１２３４－５６７８", "090-1234-5678"),
        ("09012345678", "09012345678"),
        ("03ー1234ー5678", "03-1234-5678"),
        ("（03）1234-5678", "(03)1234-5678"),
        ("03(1234)5678", "03(1234)5678"),
        ("03 (1234) 5678", "03 (1234) 5678"),
        ("0120-000-000", "0120-000-000"),
        ("0800-000-0000", "0800-000-0000"),
        ("050-1234-5678", "050-1234-5678"),
        ("+81(0)90-1234-5678", "+81(0)90-1234-5678"),
        ("03-1234-5678（代表）", "03-1234-5678(代表)"),
        ("03-1234-5678 内線123", "03-1234-5678 内線123"),
        ("+81-3-1234-5678", "+81-3-1234-5678"),
        ("TEL 03-1234-5678", "03-1234-5678"),
        ("ＴＥＬ：０３－１２３４－５６７８（代）", "03-1234-5678(代)"),
        ("Tel.03-1234-5678", "03-1234-5678"),
        ("電話03-1234-5678", "03-1234-5678"),
        ("電話番号：(03)1234-5678", "(03)1234-5678"),
        ("☎ 03-1234-5678", "03-1234-5678"),
        ("℡+81-3-1234-5678", "+81-3-1234-5678"),
        ("03.1234.5678", "03-1234-5678"),
    ],
)
def test_a_number_that_can_be_dialled_is_taken(typed: str, number: str) -> None:
    assert phones.read(typed) == number
    assert phones.read(number) == number


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("電話なし", "phone"),
        ("<script>", "phone"),
        ("03-1234-5678、090-1234-5678", "phone"),
        ("03-1234-5678 03-1234-5679", "phone"),
        ("1", "phone"),
        ("12-3456", "phone"),
        ("03-1234-567", "phone"),
        ("090-1234-567", "phone"),
        ("03-1234-56789", "phone"),
        ("0-9-0-1-2-3-4-5-6-7-8", "phone"),
        ("+81-090-1234-5678", "phone"),
        ("(03 1234-5678", "phone"),
        ("+81 090-1234-5678", "phone"),
        ("03-1234-5678 山田", "phone"),
        ("TEL", "phone"),
        ("FAX 03-1234-5678", "phone"),
        ("03..1234.5678", "phone"),
        ("0" * 10 + "-" * 4, "phone"),
        ("", "phone"),
        ("312345678", "phone_zero"),
        ("0" * 41, "value_too_long"),
    ],
)
def test_everything_else_is_refused(typed: str, code: str) -> None:
    with pytest.raises(Unclear) as refused:
        phones.read(typed)
    assert refused.value.code == code


@pytest.mark.parametrize("text", EDGE_INPUTS)
def test_no_text_breaks_it(text: str) -> None:
    with pytest.raises(Unclear):
        phones.read(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("00-0000-0001", "0000000001"),
        ("００ー００００ー０００１", "0000000001"),
        ("（00）0000－0001", "0000000001"),
        ("00 - 0000 - 0001", "0000000001"),
        ("0000-00-1000 内線 12", "0000001000"),
        ("代表 0000-00-1000", "0000001000"),
        ("+81 (0)00-0000-0001", "+810000000001"),
        ("電話なし", ""),
    ],
)
def test_a_link_dials_the_digits_alone(text: str, number: str) -> None:
    assert phones.dialled(text) == number
