"""What an import says of columns: of those that were read as one, that were not read, and that are wanting."""

import pytest

from matcher.imports.tables import Unreadable
from webapp import import_text


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("100%の会", "100%の会"),
        ({"code": "nameless", "column": "D"}, "D列（名前なし）"),
        ({"code": "beyond", "column": "GS", "most": 200}, "GS列から右（200列まで読み込めます）"),
        ("D列（名前なし）", "D列（名前なし）"),  # as an earlier upload kept it
    ],
)
def test_a_column_that_was_not_read_is_named(found: str | dict[str, object], said: str) -> None:
    assert import_text.unread(found) == said


@pytest.mark.parametrize("names", [["電話番号", "TEL%"], "「電話番号」と「TEL%」"])
def test_columns_that_were_read_as_one_are_named_now_and_as_they_were_kept(names: str | list[str]) -> None:
    assert import_text.together(names) == "「電話番号」と「TEL%」"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            Unreadable(
                "file_columns", columns=["件名", "地区"], line=2, more=True,
                found=["けもの", "とても長い名前のついている列"],
            ),
            "必要な列が見つかりません：「件名」、「地区」。2行目の「けもの」、「とても長い名前のついてい…」などを列の名前",
        ),
        (
            Unreadable("file_headless", columns=["名称"], line=1, more=False, found=["100%", "123456789012"]),
            "1行目の「100%」、「123456789012」は、列の名前ではなく",
        ),
        (Unreadable("file_two_columns", columns=["住所", "所在地"], line=3), "「住所」と「所在地」は同じ項目の列"),
        (Unreadable("file_two_columns", columns=["電話番号"], line=3), "「電話番号」は同じ項目の列"),
        (Unreadable("file_hidden", sheet="内部", line=3), "表示されていないシート・行・列にあります（シート「内部」の3行目）"),
        (Unreadable("file_headless_column", column="D", line=1), "D列に内容がありますが、1行目に"),
    ],
)  # fmt: skip
def test_a_file_is_refused_with_the_names_of_its_columns(error: Unreadable, said: str) -> None:
    assert said in import_text.refusal(error)


@pytest.mark.parametrize("code", ["owner_by_number", "owner_differs", "owner_contradicts"])
def test_the_organization_to_which_a_number_belongs_is_named(code: str) -> None:
    problem = {"code": code, "read": "100%の会", "value": "別の会"}
    assert "「100%の会」" in import_text.what(problem)
    assert "法人番号" in import_text.what(problem) + import_text.mend(problem)
