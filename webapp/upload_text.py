"""Why a file cannot be added, in sentences: what the checker of files refuses, and what to do about it."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

#: code of what is wrong → sentence beside the field
PROBLEMS: Final[Mapping[str, Any]] = {
    "file_required": _l("ファイルを選んでください。"),
    "file_too_large": _l("ファイルは5MBまでにしてください。"),
    "file_type": _l(
        "この種類のファイルは追加できません。PDF、画像（PNG・JPEG）、Excel・Word・PowerPoint、CSVをお使いください。"
    ),
    "file_heic": _l(
        "iPhoneなどの写真の形式（HEIC）は、そのままでは追加できません。iPhoneでは、この画面の「ファイルを選択」から「写真ライブラリ」を選ぶと、JPEGになって送れます。「ファイル」アプリやパソコンにあるものは、写真アプリの「書き出し」や「名前を付けて保存」でJPEGにしてから選んでください。"
    ),
    "file_remote": _l(
        "開いたときに外のサーバーやほかのファイルから画像・ひな形・データを読み込むようになっているため、追加できません。リンクになっている画像やデータを文書の中に貼り付け直すか、PDFで保存したものを選んでください。"
    ),
    "file_bomb": _l(
        "ファイルの中身が大きすぎるため、追加できません。いくつかに分けて、もう一度お試しください。"
    ),
    "file_picture": _l(
        "画像が大きすぎるか、何度も重ねて描く形で保存されているため、追加できません。画素数を4,000万までに減らし、ふつうのJPEGかPNGで保存し直してから選んでください。"
    ),
    "file_active": _l(
        "マクロや埋め込みのプログラムが入ったファイルは追加できません。取り除いて保存し直してください。"
    ),
    "file_broken": _l("ファイルを開けませんでした。元のソフトで開けるか確かめ、保存し直してください。"),
    "file_infected": _l(
        "安全の検査で問題が見つかったため、追加できません。別のファイルを選ぶか、市の担当にご相談ください。"
    ),
}
