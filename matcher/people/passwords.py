"""How passwords are kept (argon2id) and which are refused: too short, or among the first an attacker tries.

There are no composition rules and nobody is made to change a password by the calendar (NIST SP 800-63B,
ASVS 5.0 6.2). How soon an attacker comes to a password is estimated by zxcvbn (Wheeler, USENIX Security 2016:
common passwords, names, keyboard walks, dates, repeats), which is told here what people in Japan type. A
password is compared as typed, but for Unicode's compatible forms: the same word typed in full and in half
width is the same password.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zxcvbn import matching, scoring

from embeddings.normal import nfkc
from matcher.ground.day_words import ERAS

MINIMUM: Final = 12  #: characters
MAXIMUM: Final = 256  #: longer than any password manager's; keeps a request from being a burden
LOOKED_AT: Final = 48  #: characters that are estimated: its cost grows faster than the length

#: Where zxcvbn's highest class begins. Against the throttled page far less would do; this also gives time to
#: react where the stored hashes (19 MiB each) were stolen.
ENOUGH_GUESSES: Final = 1e10

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
        about: what belongs to the person (name, address, organization, city); not good enough as a password.
    """
    if len(password) < MINIMUM:
        return "password_short"
    if len(password) > MAXIMUM:
        return "password_long"
    own = _own_words(about)
    guesses, why = min(_estimate(form, own) for form in _forms(_normal(password)[:LOOKED_AT].casefold()))
    return None if guesses >= ENOUGH_GUESSES else f"password_{why}"


@cache
def _nobodys() -> str:
    return _HASHER.hash("the account does not exist, but the answer must take as long")


def _normal(password: str) -> str:
    return nfkc(password)


# ── How soon an attacker comes to it ─────────────────────────────────────────────────────────────────

_Dictionaries = Mapping[str, Mapping[str, int]]

#: Kinds of weakness in the order in which they are told, when a password has several.
_WHY: Final[Mapping[str, str]] = {
    "own": "own",
    "spatial": "walk",
    "date": "date",
    "repeat": "repeat",
    "sequence": "walk",
    "dictionary": "common",
    "bruteforce": "common",
}


def _estimate(text: str, own: tuple[str, ...]) -> tuple[float, str]:
    """How many guesses until ``text``, and its largest weakness.

    zxcvbn's own entry point keeps the person's words in a global, where threads mix them up, and tries every
    combination of replaced letters, which takes seconds for some texts; ``_forms`` has the usual one.
    """
    dictionaries = {**matching.RANKED_DICTIONARIES, "common": _listed(), "own": _ranked(own)}
    result = scoring.most_guessable_match_sequence(text, _matches(text, dictionaries))
    sizes: dict[str, int] = {}
    for part in result["sequence"]:
        kind = "own" if part.get("dictionary_name") == "own" else part["pattern"]
        kind = "date" if kind == "regex" else kind
        if kind != "bruteforce":
            sizes[kind] = sizes.get(kind, 0) + len(part["token"])
    weakest = max(sizes, key=lambda kind: (sizes[kind], -list(_WHY).index(kind)), default="bruteforce")
    return float(result["guesses"]), _WHY[weakest]


def _matches(text: str, dictionaries: _Dictionaries) -> list[dict[str, Any]]:
    walks = matching.spatial_match(text, _graphs=_keyboards())
    for walk in walks:
        walk["graph"] = walk["graph"].replace("jis", "qwerty")  # as many keys to begin on
    found: list[dict[str, Any]] = [*walks, *_repeats(text, dictionaries)]
    for match in (
        matching.dictionary_match,
        matching.reverse_dictionary_match,
        matching.sequence_match,
        matching.regex_match,
        matching.date_match,
    ):
        found += match(text, _ranked_dictionaries=dictionaries)
    return found


def _repeats(text: str, dictionaries: _Dictionaries) -> Iterator[dict[str, Any]]:
    """Parts that say one thing again and again, by the shortest thing and by the longest."""
    for pattern in (r"(.+?)\1+", r"(.+)\1+"):
        for found in re.finditer(pattern, text):
            base = found[1]
            within = scoring.most_guessable_match_sequence(base, _matches(base, dictionaries))
            yield {
                "pattern": "repeat", "i": found.start(), "j": found.end() - 1, "token": found[0],
                "base_token": base, "base_guesses": within["guesses"], "base_matches": within["sequence"],
                "repeat_count": len(found[0]) / len(base),
            }  # fmt: skip


def _forms(text: str) -> Iterator[str]:
    """The text as an attacker may come upon it: as typed, as a Western date, by the usual replaced letters,
    kana by their sound and by their keys, signs by the digits under them, marks between words left out.
    """
    dated = _ERA.sub(_western, text)
    bare = re.sub(r"[\s._+\-・、。,!?~=]+", "", dated)
    forms = (text, dated, bare, bare.translate(_PLAIN), _romaji(bare), bare.translate(_KEYS))
    # Kana grow to three letters; of marks alone nothing is left.
    yield from dict.fromkeys(form[:LOOKED_AT] for form in forms if form)


def _own_words(about: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for one in about:
        text = _normal(one).casefold()
        parts = (text, *re.split(r"[\s@._+\-・]+", text))
        found |= {form: None for part in parts if len(part) >= 3 for form in (part, _romaji(part))}
        found |= {"".join(parts[1:]): None, "".join(reversed(parts[1:])): None}
    return tuple(word for word in found if len(word) >= 3)


@cache
def _listed() -> dict[str, int]:
    words = (_normal(word).casefold() for word in _WORDS)
    return _ranked(tuple(dict.fromkeys(form for word in words for form in (word, _romaji(word)))))


def _ranked(words: tuple[str, ...]) -> dict[str, int]:
    return {word: rank for rank, word in enumerate(words, start=1)}


#: What stands before a year → the year before the first.
_YEARS: Final = {
    **{word: era.before for era in ERAS for word in (era.name, *era.spoken, era.letter)}, "西暦": 0, "": 0,
}  # fmt: skip
_ERA: Final = re.compile(
    r"(?<![a-z])(" + "|".join(_YEARS) + r")(元|[12][0-9]{3}|[0-9]{1,2})"
    r"(?:年|nen|[.\-/]|(?=[0-9]{4}(?![0-9])))([0-9]{1,2}?)(?:月|gatsu|[.\-/]|(?=[0-9]{2}(?![0-9])))([0-9]{1,2})(?:日|nichi)?"
)


def _western(found: re.Match[str]) -> str:
    year = 1 if found[2] == "元" else int(found[2])
    if not found[1] and year < 1000:
        return found[0]
    return f"{year + _YEARS[found[1]]}-{int(found[3])}-{int(found[4])}"


def _romaji(text: str) -> str:
    """Kana by their sound (Hepburn); everything else as it is."""
    hiragana = "".join(chr(ord(one) - 0x60) if "ァ" <= one <= "ヶ" else one for one in text)
    sounds = re.sub("[きしちにひみりぎじぢびぴ][ゃゅょ]", lambda two: _glide(two[0]), hiragana)
    sounds = "".join(_SOUNDS.get(one, one) for one in sounds)
    return re.sub("っ([a-z])", r"\1\1", sounds).replace("ー", "")


def _glide(two: str) -> str:
    stem = _SOUNDS[two[0]][:-1]
    return stem + ("" if stem in {"sh", "ch", "j"} else "y") + {"ゃ": "a", "ゅ": "u", "ょ": "o"}[two[1]]


_SOUNDS: Final = dict(
    zip(
        "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
        "がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽ",
        "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to na ni nu ne no ha hi fu he ho ma mi mu me mo"
        " ya yu yo ra ri ru re ro wa wo n"
        " ga gi gu ge go za ji zu ze zo da ji zu de do ba bi bu be bo pa pi pu pe po".split(),
        strict=True,
    )
)

_PLAIN: Final = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
)


@cache
def _keyboards() -> dict[str, dict[str, list[str | None]]]:
    """zxcvbn's keyboards and the JIS one: key → its six neighbours, each as the signs on the key."""
    keys = {
        (row, place): "".join(signs)
        for row, (plain, shifted) in enumerate(_JIS_ROWS)
        for place, signs in enumerate(zip(plain, shifted, strict=True))
    }
    around = ((0, -1), (-1, 0), (-1, 1), (0, 1), (1, 0), (1, -1))
    jis = {
        sign: [keys.get((row + down, place + right)) for down, right in around]
        for (row, place), signs in keys.items()
        for sign in signs
    }
    return {**matching.GRAPHS, "jis": jis}


_JIS_ROWS: Final = (
    ("1234567890-^\\", "!\"#$%&'()0=~|"),
    ("qwertyuiop@[", "QWERTYUIOP`{"),
    ("asdfghjkl;:]", "ASDFGHJKL+*}"),
    ("zxcvbnm,./_", "ZXCVBNM<>?_"),
)

#: The kana of a JIS keyboard by the keys that they share, and its signs by the digits under them:
#: 「たていすかん」 is qwerty, 「!"#$%&」 is 123456.
_KEYS: Final = str.maketrans(
    "ぬふあうえおやゆよわほへたていすかんなにらせちとしはきくまのりれけむつさそひこみもねるめろ!\"#$%&'()",
    "1234567890-^qwertyuiopasdfghjkl;:]zxcvbnm,./\\123456789",
)

# What people in Japan type beside the 30,000 common passwords, words and names that zxcvbn brings along.
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
aiueo kakikukeko sashisuseso tachitsuteto naninuneno irohanihoheto chirinuruwo gozaimasu gozaimashita otsukaresama
ogenkidesuka hajimemashite kodomo shokudou shokudo kosodate kaigo fukushi chiiki shien katsudou kankyou bousai
matsuri dantai kigyou kabushikigaisha shakai omedetou otanjoubi natsuyasumi sushi ramen gohan onigiri fujisan fuji doraemon anpanman totoro naruto onepiece dragonball kitty gundam arashi
samurai ninja geisha kimono bushido banzai shiawase yume kibou nintai ganbare ganbaru gambare yoroshiku onegai
pasuwado pasuwaado anshou angou kaigi kanri kanrisha tantou tantousha yakusho yakuba shiyakusho shiyakusyo kuyakusho
shichou kyoudou kyodo kyoudousuishin shimin shiminkyodo machizukuri jichitai koumuin npo npohojin volunteer borantia
enmusubi enmusbi musubi miohara
ぱすわーど パスワード ひみつ 秘密 暗証番号 あんしょうばんごう あいうえお かきくけこ さしすせそ たちつてと なにぬねの いろはにほへと
さくら 桜 ひまわり ありがとう こんにちは こんばんは おはよう さようなら よろしくおねがいします よろしく おねがいします
だいすき 大好き 愛してる あいしてる しあわせ 幸せ がんばれ がんばろう にほん 日本 とうきょう 東京 おおさか 大阪 ふじさん 富士山
どらえもん ドラえもん ピカチュウ ポケモン アンパンマン 市役所 しやくしょ 区役所 役場 市民 協働 市民協働 まちづくり 縁むすび 縁結び
いろはにほへと ちりぬるを わかよたれそ あさきゆめみし はひふへほ まみむめも らりるれろ
ございます ございました おつかれさま おげんきですか はじめまして おかあさん おとうさん おたんじょうび おめでとう なつやすみ
えんむすび エンムスビ 澪原市 澪原 みおはら みおはらし
""".split()  # fmt: skip
