"""No name holds an address, or is none."""

import pytest

from matcher.ground import names
from matcher.ground.typed import Unclear


@pytest.mark.parametrize(
    "name",
    ["至急 https://evil.example をクリック", "ｈｔｔｐｓ：／／evil.example", "www.evil.example", "当選evil.example",
     "EVIL.COM", "t.co/abc", "evil。example", "taro@evil.example", "line://x",
     "当選案内 縁.jp/a の会", "例え.jp で当選", "evil.рф", "a.jp", "http:\\\\evil", "tel:0312345678", "至急 192.0.2.1/win",
     "当選a.jp", "当選tel:0312345678", "taro＠例え.jp", "dr.com", "mr.evil.example", "st.jp の会"],
)  # fmt: skip
def test_a_name_with_an_address_is_refused(name):
    with pytest.raises(Unclear) as refused:
        names.read(name)
    assert refused.value.code == "name_address"


@pytest.mark.parametrize(
    "name", ["1", "１２", "・", "ー", "々", "☎\ufe0f", "👨\u200d👩", "-", "\u3164", "\u115f1", "?"]
)
def test_a_name_without_a_letter_is_none(name):
    with pytest.raises(Unclear) as refused:
        names.read(name)
    assert refused.value.code == "name_letters"


@pytest.mark.parametrize("mark", "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_no_mark_turns_a_name_around(mark):
    with pytest.raises(Unclear) as refused:
        names.read(f"浜の{mark}会")
    assert refused.value.code == "name_turned"


@pytest.mark.parametrize(
    "name",
    ["浜のごはん会", "ABC Co.,Ltd.", "山田Co.Ltd", "J.POP", "P.E.N.クラブ", "Dr. スミス", "佐藤 一郎", "No.1", "子ども。食堂",
     "Re:Born", "ver.2の会", "2026.4.1の会", "山田.田中事務所", "T.M.Revolution", "3B", "縁", "あ", "1の会", "葛\U000e0100飾会", "〇", "김", "\ue000", "株式会社エー．ビー．シー",
     "特定非営利活動法人@リアスＮＰＯサポートセンター", "＠ホーム", "株式会社Dr.Stretch", "ＭＲ．ＤＯＮＵＴ", "St.Luke's の会", "FC.TOKYO",
     "Mr.Smith", "Co.Lab", "Hotel:A"],
)  # fmt: skip
def test_a_name_is_taken_as_it_was_typed(name):
    assert names.read(name) == name
