"""How passwords are kept (argon2id) and which are refused: too short, or among the first an attacker tries.

There are no composition rules and nobody is made to change a password by the calendar (NIST SP 800-63B,
ASVS 5.0 6.2). A password is compared as typed, but for Unicode's compatible forms: the same word typed
in full and in half width is the same password.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from embeddings.normal import nfkc

MINIMUM: Final = 12  #: characters
MAXIMUM: Final = 256  #: longer than any password manager's; keeps a request from being a burden

#: OWASP Password Storage Cheat Sheet, second of its equivalent choices: 19 MiB, two passes, one lane.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hashed(password: str) -> str:
    """The text that is stored instead of ``password``."""
    return _HASHER.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind ``stored``; as slow where nothing is stored at all."""
    try:
        _HASHER.verify(stored or _nobodys(), _normal(password))
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether ``stored`` was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def problem(password: str, about: Iterable[str] = ()) -> str | None:
    """The error code for a new password, or ``None`` if it may be used.

    Args:
        about: what belongs to the person (name, address, organization); not good enough as a password.
    """
    if len(password) < MINIMUM:
        return "password_short"
    if len(password) > MAXIMUM:
        return "password_long"
    return "password_common" if _is_common(password, about) else None


@cache
def _nobodys() -> str:
    return _HASHER.hash("the account does not exist, but the answer must take as long")


def _normal(password: str) -> str:
    return nfkc(password)


# What leaked lists are made of, and what people in Japan add to them. A password that consists of one to
# three of these, in any case, with digits and signs around them, is refused: "Password1234!!", "sakura2026…".
_WORDS: Final = """
password passw0rd pass passphrase pswd pwd p@ssword secret letmein welcome login logon signin access master admin
administrator root superuser system manager operator guest user username test testing tester temp temporary
changeme change default demo sample example hello hallo iloveyou loveyou lovely love baby angel princess prince
queen king monkey dragon tiger lion eagle shadow sunshine flower summer winter spring autumn january february
march april june july august september october november december monday tuesday wednesday thursday friday
saturday sunday football baseball soccer basketball hockey tennis golf batman superman spiderman starwars
pokemon pikachu mario nintendo minecraft google apple microsoft windows facebook twitter instagram amazon
youtube yahoo gmail internet computer server network office company business school student teacher family
mother father brother sister friend friends freedom forever happy lucky smile sweet cookie chocolate banana
orange cherry coffee pepper ginger michael jordan charlie jessica jennifer daniel andrew thomas robert william
whatever trustno nothing something blink power killer hunter ranger thunder silver golden diamond purple yellow
trust qwertyuiop qwertyui qwerty qwert asdfghjkl asdfgh asdf zxcvbnm zxcvbn zxcv qazwsxedc qazwsx wsxedc qweasdzxc
qweasd asdqwe qwe asd zxc 1qaz2wsx3edc 1qaz2wsx 1qaz 2wsx 3edc 4rfv 5tgb 6yhn zaq12wsx zaq1 xsw2 cde3 vfr4 bgt5
1q2w3e4r5t6y 1q2w3e4r5t 1q2w3e4r 1q2w3e q1w2e3r4 abcdefghijklmnopqrstuvwxyz abcdefghijkl abcdefgh abcdef abcd abc xyz
12345678901234567890 1234567890 123456789 12345678 1234567 123456 12345 1234 0123456789 01234567 09876543210 0987654321
987654321 87654321 7654321 654321 54321 4321 112233 445566 778899 121212 123123 123321 147258369 159357 11111 00000
nihon nippon japan japanese tokyo osaka kyoto nagoya sapporo fukuoka hiroshima yokohama kobe sendai okinawa hokkaido
sakura himawari tanpopo tsubaki momiji ajisai kaede hinata haruka misaki yuuki takahashi suzuki tanaka watanabe
yamamoto nakamura kobayashi satou sato itou ito kato yoshida yamada sasaki matsumoto inoue kimura shimizu taro
hanako arigatou arigato konnichiwa konbanwa ohayou ohayo sayonara aishiteru aishiteiru daisuki suki watashi anata
kawaii tomodachi sensei gakkou gakko kaisha shigoto okaasan otousan neko inu usagi kuma panda ringo mikan ichigo
sushi ramen gohan onigiri fujisan fuji doraemon anpanman totoro naruto onepiece dragonball kitty gundam arashi
samurai ninja geisha kimono bushido banzai shiawase yume kibou nintai ganbare ganbaru gambare yoroshiku onegai
pasuwado pasuwaado anshou angou kaigi kanri kanrisha tantou tantousha yakusho yakuba shiyakusho shiyakusyo kuyakusho
shichou kyoudou kyodo kyoudousuishin shimin shiminkyodo machizukuri jichitai koumuin npo npohojin volunteer borantia
enmusubi enmusubi enmusbi musubi miohara
ぱすわーど パスワード ひみつ 秘密 暗証番号 あんしょうばんごう あいうえお かきくけこ さしすせそ たちつてと なにぬねの いろはにほへと
さくら 桜 ひまわり ありがとう こんにちは こんばんは おはよう さようなら よろしくおねがいします よろしく おねがいします
だいすき 大好き 愛してる あいしてる しあわせ 幸せ がんばれ がんばろう にほん 日本 とうきょう 東京 おおさか 大阪 ふじさん 富士山
どらえもん ドラえもん ピカチュウ ポケモン アンパンマン 市役所 しやくしょ 区役所 役場 市民 協働 市民協働 まちづくり 縁むすび 縁結び
えんむすび エンムスビ 澪原市 澪原 みおはら みおはらし
""".split()  # fmt: skip

_PLAIN: Final = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
)
_MANY_WORDS: Final = 4  #: from this many on, even frequent words are a passphrase


def _is_common(password: str, about: Iterable[str]) -> bool:
    text = _normal(password).casefold()
    if re.fullmatch(r"(.{1,6}?)\1+.{0,5}", text) and len(set(text)) <= 6:
        return True
    words = _pattern(tuple(sorted(_own_words(about))))
    return any(_is_made_of(words, form) for form in (text, text.translate(_PLAIN)))


def _is_made_of(words: re.Pattern[str], text: str) -> bool:
    rest, count = words.subn("", text)
    letters = "".join(one for one in rest if one.isalpha())
    return 0 < count < _MANY_WORDS and len(letters) <= 2


def _own_words(about: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for one in about:
        text = _normal(one).casefold()
        found.update(part for part in (text, *re.split(r"[\s@._+\-・]+", text)) if len(part) >= 3)
    return found


@cache
def _listed() -> frozenset[str]:
    return frozenset(_normal(word).casefold() for word in _WORDS)


def _pattern(own: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted({*_listed(), *own}, key=len, reverse=True)
    return re.compile("|".join(re.escape(word) for word in longest_first))
