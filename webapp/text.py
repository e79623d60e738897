"""Japanese sentences for domain errors: what happened and what to do next, without blame.

A code that has no sentence here fails a test, so nobody meets a bare code on a screen.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

#: ``DomainError.code`` → sentence; ``%(…)s`` placeholders are the error's facts.
SENTENCES: Final[Mapping[str, Any]] = {
    "not_found": _l("お探しのページは見つかりませんでした。"),
    "not_permitted": _l(
        "この操作は、あなたの役割では行えません。必要なときは、団体の管理者または市の担当にご相談ください。"
    ),
    "invalid": _l("入力された内容をご確認ください。"),
    "moved_on": _l(
        "ほかの人が先に更新しました。最新の内容をご確認ください。入力された内容は下に残しています。"
    ),
    "not_verified": _l(
        "市の確認が済んでいない、または利用停止中の相手がいるため、いまは進められません。市の担当にお問い合わせください。"
    ),
    "need_closed": _l("このニーズは受付を終了しています。ほかのニーズをご覧ください。"),
    "offer_closed": _l("この提供メニューは受付を終了しています。"),
    "case_exists": _l(
        "同じ相手・同じニーズの案件がすでに進んでいます（%(number)s）。「案件」の画面をご確認ください。"
    ),
    "npo_busy": _l(
        "この団体は、お返事を待っている申し出が3件あるため、受付を一時止めています。お返事がそろうと再開します。"
    ),
    "profile_incomplete": _l(
        "まだ入力されていない項目があります（%(sections)s）。入力してから、もう一度お送りください。"
    ),
    "profile_locked": _l(
        "利用停止中または利用終了のため、プロフィールは変更できません。ご事情は市の担当にお知らせください。"
    ),
    "organization_locked": _l(
        "利用停止中または利用終了のため、いまは変更できません。ご事情は市の担当にお知らせください。"
    ),
    "cases_undecided": _l(
        "お返事や市の確認を待っている案件が%(count)s件あります。「案件」の画面で見送りまたは取り下げをしてから、利用を終了してください。"
    ),
    "checklist_no": _l("「いいえ」の項目があるときは確認済みにできません。差し戻しを選んでください。"),
    "not_a_draft": _l(
        "公開中または確認中の内容は、そのままでは直せません。「内容を直す」を選んで下書きに戻してください。"
    ),
    "expired": _l("公開の期限が過ぎています。「公開を延長する」を選んでください。"),
    "answer_first": _l(
        "お返事をお待ちの申し出が3件あるため、受付を一時止めています。お返事がそろうと自動で再開します。"
    ),
    "not_your_turn": _l("いまは相手のお返事を待っているところです。"),
    "case_closed": _l("この案件は終了しているため、連絡を送れません。"),
    "conflict_of_interest": _l(
        "利益相反があるときは承認できません。ほかの担当者に引き継ぐか、不承認としてください。"
    ),
    "manager_needed": _l("市の予算や市の名義を使う案件は、管理職が承認します。管理職に引き継いでください。"),
    "own_recommendation": _l("ご自身が推薦した案件は、ほかの担当者が承認します。"),
    "too_many": _l(
        "短い時間に操作が続いたため、受付を一時止めています。%(minutes)s分ほどたってから、もう一度お試しください。"
    ),
    "last_owner": _l(
        "管理者が1人もいなくなるため、この操作は行えません。先に、ほかの人を管理者にしてください。"
    ),
    "account_closed": _l("このアカウントはすでに停止されています。"),
    "own_account": _l(
        "ご自分の職員アカウントは、ご自分では停止できません。ほかの管理職または運用担当に依頼してください。"
    ),
    "import_closed": _l("この取り込みは、すでに確定または取りやめになっています。"),
    "file_empty": _l("ファイルに何も書かれていません。内容のあるファイルを選んでください。"),
    "file_too_big": _l("ファイルが%(megabytes)sMBを超えています。いくつかに分けて送ってください。"),
    "file_old_excel": _l(
        "古い形式（.xls）か、パスワードのかかったExcelファイルです。Excelで開き、パスワードを外して「Excelブック（.xlsx）」で保存し直してください。"
    ),
    "file_type": _l(
        "このファイルは読み込めません。Excel（.xlsx）またはCSV（.csv）で保存したファイルを選んでください。"
    ),
    "file_macros": _l(
        "マクロの入ったExcelファイルは読み込めません。「Excelブック（.xlsx）」で保存し直してください。"
    ),
    "file_damaged": _l(
        "ファイルが壊れているようです。Excelで開けるか確かめ、「Excelブック（.xlsx）」で保存し直してください。"
    ),
    "file_too_much": _l(
        "ファイルの中身が多すぎます。1回に%(rows)s行、%(cells)sセルまでです。いくつかに分けて送ってください。"
    ),
    "file_too_slow": _l(
        "%(seconds)s秒たっても読み終わりませんでした。行数を減らすか、CSVで保存し直して送ってください。"
    ),
    "file_encoding": _l(
        "%(line)s行目の文字を読み取れません。「CSV UTF-8（コンマ区切り）」で保存し直してください。"
    ),
    "file_csv": _l('%(line)s行目の区切りを読み取れません。「"」の数がそろっているか確かめてください。'),
    "file_json": _l("%(line)s行目を読み取れません。1行に1件のJSONで書いてください。"),
    "file_columns": _l(
        "必要な列が見つかりません：%(columns)s。ひな形と同じ列の名前になっているか、取り込むものの種類が合っているかを確かめてください。"
    ),
}

#: error code of a field (``Invalid.facts`` values) → sentence beside the field.
FIELD_SENTENCES: Final[Mapping[str, Any]] = {
    "required": _l("入力または選択してください。"),
    "positive": _l("0より大きい数を入力してください。"),
    "corporate_number": _l("法人番号の数字が正しくないようです。13桁の番号をもう一度ご確認ください。"),
    "taken": _l("この法人番号はすでに登録されています。心当たりがないときは市の担当にお問い合わせください。"),
    "url": _l("https:// または http:// で始まるアドレスを入力してください。"),
    "too_long": _l("文字数の上限を超えています。短くしてください。"),
    "more_than_quantity": _l("「最低これだけ」は、ほしい量より少ない数を入力してください。"),
    "in_the_past": _l("過ぎた日付です。今日より後の日付を入力してください。"),
    "unlikely_date": _l("10年以上離れた日付です。年をもう一度ご確認ください。"),
    "too_far": _l("公開の期限は、今日から400日以内にしてください。"),
    "before_start": _l("終わりの日は、始まりの日より後にしてください。"),
    "unchanged": _l(
        "変更する項目を入力してください。変更がないときは、質問を送るか、お返事をお選びください。"
    ),
    "password_short": _l("パスワードは12文字以上で入力してください。"),
    "password_long": _l("パスワードは256文字以内で入力してください。"),
    "password_common": _l(
        "推測されやすいパスワードです。関係のない言葉をいくつか並べるなど、ほかの文字の並びにしてください。"
    ),
    "password_wrong": _l("いまのパスワードが違います。もう一度入力してください。"),
    "account_exists": _l(
        "このメールアドレスは、すでに登録されています。別のメールアドレスを入力してください。"
    ),
}


def sentence(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """The sentence of a domain error."""
    text = str(SENTENCES[code])
    return text % facts if facts else text


def field_sentence(code: str) -> str:
    """The sentence beside a field."""
    return str(FIELD_SENTENCES[code])
