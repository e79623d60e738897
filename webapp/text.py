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
    "own_contribution": _l("ご自身の側が記録した実績は、相手方が確認します。"),
    "not_own_contribution": _l("この実績は、記録した側か市の担当が取り消します。"),
    "not_measurer": _l("この指標は、計画で決めた側が測定の結果を提出します。"),
    "own_measurement": _l("ご自身が提出した測定の結果は、ほかの人が確かめます。"),
    "evaluator_is_provider": _l("事業を行う側は、支払いのもとになる測定を確かめることができません。"),
    "measurement_paid": _l(
        "この測定にもとづく支払額がすでに計算されているため、変えられません。誤りがあるときは市の担当にご相談ください。"
    ),
    "too_early": _l("報告の期間がまだ終わっていません。下書きとして保存できます。"),
    "already_accepted": _l("すでに同意しています。相手方の同意をお待ちください。"),
    "not_asked": _l("この文書には市の同意はいりません。両者の同意で決まります。"),
    "sides_first": _l("先に、企業と団体の両方が同意してください。"),
    "reopen_instead": _l("協定の案を取りやめるときは「相談に戻る」を選んでください。"),
    "amendment_open": _l("ほかの変更の案が出ています。先に、その案に同意するか、取り下げてください。"),
    "payment_linked": _l(
        "この指標は支払いの条件に使われているため、計画から外せません。先に協定を変更してください。"
    ),
    "rule_paid": _l("支払額が計算された条件は変えられません。"),
    "no_plan": _l("先に協働計画に両者が同意してください。"),
    "plan_open": _l("協働計画の変更の案が出ています。先に計画に同意するか、取り下げてください。"),
    "plan_changed": _l("協働計画が変わりました。協定の案を開いて保存し直してから、同意してください。"),
    "no_outcome_indicator": _l(
        "計画に、成果（アウトカム）の指標が1つ以上必要です。はじめの値か、それを測る日も入れてください。"
    ),
    "verification_expired": _l(
        "市の確認の有効期限が過ぎているため、新しい協定は結べません。市の担当に更新をご相談ください。"
    ),
    "paid_already": _l("この支払額はすでに計算されています。"),
    "no_measurement": _l("支払いのもとになる測定の結果が、まだ受け入れられていません。"),
    "no_evidence": _l("測定の根拠資料がないため、支払額を計算できません。"),
    "over_budget": _l("支払いの上限額または年度の限度額を超えるため、計算できません。"),
    "no_fixed_part": _l("この年度には固定部分がありません。"),
    "own_calculation": _l("ご自身が計算した支払額は、ほかの管理職が承認します。"),
    "not_approved": _l("承認の前に支払いを記録することはできません。"),
    "measurements_open": _l(
        "測定の結果がまだ受け入れられていない指標があります。測れなかったときは、その理由を提出してください。"
    ),
    "self_first": _l("先に、ご自身の評価を書いてください。"),
    "rated_already": _l("この評価はすでに書かれています。"),
    "not_rater": _l("点数は、評価した側だけが変えられます。"),
    "no_difference": _l("この項目に、話し合う差はありません。"),
    "ratings_open": _l(
        "まだ書かれていない評価があります。三者がそろってから、まとめてください（答えない場合は「答えない」を選んでもらってください）。"
    ),
    "differences_open": _l(
        "話し合いの記録がない項目があります。差が残る場合も、話したことを書いてください。"
    ),
    "evaluation_first": _l("先に評価をまとめてください。"),
    "unpaid": _l("まだ支払いの済んでいない金額があります。"),
    "uncalculated": _l("まだ計算されていない支払いの条件があります。"),
    "money_unconfirmed": _l("相手方が確認していないお金の実績があります。"),
    "no_lesson": _l("次に生かす学びを、1つ以上書いてください。"),
    "not_published_yet": _l("公開ページを公表するか、公表しない理由を記録してください。"),
    "not_published": _l("この協働は公表されていません。先に公開ページを公表してください。"),
    "no_rules": _l("成果連動の契約には、上限額に収まる支払いの条件が1つ以上必要です。条件を加えてください。"),
    "no_pdf_library": _l("このサーバーではPDFをつくれません。市の担当にお知らせください。"),
    "scanner_away": _l(
        "ファイルの安全を確かめる仕組みが動いていません。しばらくしてから、もう一度お試しください。"
    ),
    "too_many_files": _l("この案件のファイルが多すぎます。市の担当にご相談ください。"),
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
    "code_taken": _l("この記号はすでに使われています。"),
    "in_future": _l("今日までの日付を入力してください。"),
    "in_past": _l("今日より後の日付を入力してください。"),
    "trial_too_long": _l("お試しは3か月以内にしてください。"),
    "trial_too_dear": _l("お試しで動かすお金は5万円までにしてください。"),
    "agreement_too_long": _l("期間は5年以内にしてください。続けるときは、次の期間の案件をつくれます。"),
    "blank_left": _l("空いている〔 〕に数字を入れてください。要らないときは、その文を消してください。"),
    "baseline_or_date": _l("はじめの値がまだないときは、それを測る日を入力してください。"),
    "too_many": _l("20個までにしてください。"),
    "value_or_reason": _l("測った値か、測れなかった理由のどちらかを入力してください。"),
    "not_in_plan": _l("計画で決めた測る日から選んでください。"),
    "how_estimated": _l("金額の出し方を選んでください。"),
    "within_half_year": _l("今日から半年以内の日を入力してください。"),
    "all_checks": _l("4つすべてを確かめて、選んでください。"),
    "points_needed": _l("値と金額を1行以上入力してください。"),
    "one_point": _l("この支払い方では、1行だけ入力してください。"),
    "two_points": _l("この支払い方では、2行以上入力してください。"),
    "same_value": _l("同じ値が2回あります。"),
    "falling_amount": _l("よい値になるほど金額が減る並びになっています。"),
    "above_cap": _l("下限額は上限額までにしてください。"),
    "over_budget": _l("固定部分と上限額の合計が、全体の上限額を超えています。"),
    "over_year_limit": _l("年度ごとの合計が、その年度の限度額を超えています。"),
    "evaluator_is_provider": _l("事業を行う側とは別の側を選んでください。"),
    "not_linked": _l("支払いに連動させた指標だけを使えます。計画をご確認ください。"),
    "not_measured_then": _l("計画で決めた測る日を使ってください。"),
    "personal_data": _l(
        "メールアドレスや電話番号のような、個人につながる内容が入っています。消してください。"
    ),
    "before_approval": _l("承認の日より後の日付を入力してください。"),
    "same_person": _l("別の人を選んでください。"),
    "done_already": _l("すでに実施または取り消しになっています。"),
    "file_required": _l("ファイルを選んでください。"),
    "file_too_large": _l("ファイルは5MBまでにしてください。"),
    "file_type": _l(
        "この種類のファイルは入れられません。PDF、画像（PNG・JPEG）、Excel・Word・PowerPoint、CSVをお使いください。"
    ),
    "file_bomb": _l("ファイルの中身が大きすぎるため、入れられません。"),
    "file_active": _l(
        "マクロや埋め込みのプログラムが入ったファイルは入れられません。取り除いて保存し直してください。"
    ),
    "file_broken": _l("ファイルを開けませんでした。保存し直してください。"),
    "file_infected": _l("安全の検査で問題が見つかったため、入れられません。"),
}


def sentence(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """The sentence of a domain error."""
    text = str(SENTENCES[code])
    return text % facts if facts else text


def field_sentence(code: str) -> str:
    """The sentence beside a field."""
    return str(FIELD_SENTENCES[code])
