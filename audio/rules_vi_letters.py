"""Pure rules: titles, Roman numerals, abbreviations, words in capitals, letters by name, signs."""

import re

from audio import numbers_vi as numbers
from audio import words_vi as words
from audio.abbreviations_vi import ABBREVIATIONS
from audio.letters_vi import has_tone, has_vowel, is_syllable, lower_class, spell, upper_class
from audio.rules_vi import END, START, Match, Row, any_of
from audio.rules_vi_amounts import enumerated

_ALSO_WORDS = frozenset({"VI", "XI"})
_LONGEST_SPELLED = 6
_LONGEST_ACRONYM = 3
_CONSONANTS = "BCDĐFGHJKLMNPQRSTVWXZbcdđfghjklmnpqrstvwxz"
_COMMAND = r"PCTT|PTDS|quân sự|Quân sự|QUÂN SỰ|QS|phòng chống|Phòng chống|phòng, chống|Phòng, chống|PCLB"


def line_starts() -> tuple[Row, ...]:
    """The rules for what stands before a paragraph: bullets are dropped, numbers are read with a pause."""
    number, letter = r"\d{1,2}(?:\.\d{1,2}){0,3}", r"[^\W\d_]"
    return (
        ("bullets", r"(?m)^ ?(?:[-+*•>=#~]++(?: |(?!\d)))+", lambda _: ""),
        ("numbered", rf"(?m)^\(?({number})(?:\.\)?|\)\.?)(?= |{letter})", lambda m: f"{enumerated(m[1])}, "),
        ("lettered", rf"(?m)^\(?([a-hđA-EĐ])(?:\.\)?|\)\.?)(?!{letter})", lambda m: f"{enumerated(m[1])}, "),
        ("numbered large", rf"(?m)^([IVX]{{2,5}}|[IV])[.)](?!{letter})", _enumerated_roman),
    )


def _enumerated_roman(match: Match) -> str | None:
    value = numbers.roman(match[1])
    return f"{numbers.whole(str(value))}, " if value else None


def idioms() -> tuple[Row, ...]:
    """The rules for whole expressions, in order."""
    return (
        ("metres", r"(?<=m)[²³]", lambda m: "2" if m[0] == "²" else "3"),
        ("powers", r"[²³]", lambda m: " vuông " if m[0] == "²" else " khối "),
        (
            "always there",
            rf"{START}((?i:trực|phục vụ|hoạt động|hỗ trợ|liên tục|túc trực|tiếp nhận|làm việc)) 24/7(?![\w/])",
            lambda m: f"{m[1]} hai mươi tư giờ mỗi ngày, bảy ngày mỗi tuần",
        ),
        ("idiom", rf"(?<![\w/.])({any_of(words.IDIOMS)})(?![\w/])", lambda m: words.IDIOMS[m[1]]),
        ("initials", r"(?<![\w.])[^\W\d_](?:\.[^\W\d_](?!\w))++", lambda m: m[0].replace(".", "")),
        ("stroked", rf"(?<![\w/])((?i:{any_of(words.STROKED)}))(?![\w/])", _stroked),
        ("prefix", rf"{START}([{_CONSONANTS[:21]}])'([{upper_class()}{lower_class()}]++)", _prefix),
    )


def _stroked(match: Match) -> str:
    said = words.STROKED[match[1].lower()]
    return said.capitalize() if match[1][0].isupper() else said


def _prefix(match: Match) -> str:
    # H'Hen, M'Drắk, K'Bang: a consonant that is said with "ơ".
    name = match[2].lower() if len(match[2]) > 1 and match[2].isupper() else match[2]
    return f"{'C' if match[1] == 'K' else match[1]}ơ {name}"


def titles() -> tuple[Row, ...]:
    """The rules for titles and Roman numerals, in order."""
    names = any_of(words.TITLES)
    numbered = rf"{START}((?i:{any_of(words.ROMAN_AFTER)})) ?[ /] ?"
    return (
        ("underscore", r"_", lambda _: " "),
        ("degree", r"(?<!\d)(?<!\d )°", lambda _: " độ "),
        ("title", rf"{START}({names})\. ?(?=[{upper_class()}\d])", _title),
        ("bare title", rf"{START}({any_of(words.BARE_TITLES)})(?=[. ])\.?", lambda m: f"{ABBREVIATIONS[m[1]]} "),
        ("initial and number", rf"{START}([{upper_class()}])\.(?=\d)", lambda m: m[1] if m[1] not in "PQ" else None),
        ("number and letter", r"(?<=\d)\.(?=[a-zđ](?!\w))", lambda _: " "),
        ("place", rf"{START}([PQ])[ .]?(\d{{1,2}}+)(?![\w/]|[.,]\d)", lambda m: f"{words.TITLES[m[1]]} {int(m[2])}"),
        ("roman range", rf"{numbered}([IVX]{{1,6}}) ?- ?([IVX]{{1,6}}){END}", _romans),
        ("roman", rf"{numbered}([IVX]{{1,7}}){END}", _roman),
        ("roman alone", rf"{START}[IVX]{{2,7}}{END}", _roman_alone),
    )


def _title(match: Match) -> str | None:
    if len(match[1]) == 1 and re.search(rf"[{upper_class()}][{lower_class()}]+ $", match.string[: match.start()][-12:]):
        # Nguyễn Văn T. is a person.
        return None
    return f"{words.TITLES[match[1]]} "


def _romans(match: Match) -> str | None:
    first, last = numbers.roman(match[2]), numbers.roman(match[3])
    if first is None or last is None:
        return None
    return f"{match[1]} {numbers.whole(str(first))} đến {match[1].lower()} {numbers.whole(str(last))}"


def _roman(match: Match) -> str | None:
    value = numbers.roman(match[2])
    if value is None:
        return None
    ordinal = match[1].lower().endswith("thứ")
    return f"{match[1]} {numbers.ordinal(value) if ordinal else numbers.whole(str(value))}"


def _roman_alone(match: Match) -> str | None:
    value = None if match[0] in _ALSO_WORDS else numbers.roman(match[0])
    return None if value is None else numbers.whole(str(value))


def letters() -> tuple[Row, ...]:
    """The rules for abbreviations, capitals, letters and signs, in order."""
    return (
        ("command", rf"{START}BCH(?= (?:{_COMMAND}))", lambda _: "Ban Chỉ huy"),
        ("abbreviation", r"(?<![\w&-])\w++(?:[&-]\w++)*+", _abbreviation),
    )


def capitals() -> tuple[Row, ...]:
    """The rules for what is left of capitals, letters and signs, in order."""
    return (
        ("quote within", rf"(?<=[{lower_class()}])'(?=[{lower_class()}])", lambda _: ""),
        ("quote", r"[\"']", lambda _: " "),
        ("capitals", rf"{START}[{upper_class()}]{{2,}}+{END}", _capitals),
        ("letter", rf"{START}([{_CONSONANTS}])(?:\.(?= [{lower_class()}]))?{END}", lambda m: spell(m[1])),
        ("sign", f"[{re.escape(''.join(words.SYMBOLS))}]", lambda m: words.SYMBOLS[m[0]]),
    )


def _abbreviation(match: Match) -> str | None:
    token = match[0]
    if (whole := _expanded(token, match)) is not None:
        return whole
    parts = re.split(r"([&-])", token)
    if len(parts) == 1:
        return None
    said = [_expanded(part, match) for part in parts[::2]]
    if parts[0] in words.DOCUMENTS and parts[1] == "-":
        # In "NĐ-CP" CP is the government and no share.
        said[1:] = [words.ISSUERS.get(part) or each for part, each in zip(parts[2::2], said[1:], strict=True)]
    if not any(said):
        return None
    joined = [each or part for each, part in zip(said, parts[::2], strict=True)]
    marks = [" và " if mark == "&" else " " for mark in parts[1::2]]
    return "".join(word + mark for word, mark in zip(joined, [*marks, ""], strict=True))


def _expanded(word: str, match: Match) -> str | None:
    said = ABBREVIATIONS.get(word)
    if said is not None:
        return None if is_syllable(word) and word.isupper() and _among_capitals(match) else said
    if len(word) > 2 and word.islower() and not is_syllable(word):
        return ABBREVIATIONS.get(word.upper())
    return None


def _among_capitals(match: Match) -> bool:
    # "CA" is a word in "GIAO CA ĐÊM", and the police in "CA xã".
    text = match.string
    before = re.search(r"(\w+) $", text[max(0, match.start() - 12) : match.start()])
    behind = re.match(r" (\w+)", text[match.end() : match.end() + 12])
    around = [found[1] for found in (before, behind) if found]
    return any(len(word) > 1 and word.isupper() and is_syllable(word) for word in around)


def _capitals(match: Match) -> str:
    word = match[0]
    if is_syllable(word) or has_tone(word):
        return word.lower()
    if len(word) <= _LONGEST_SPELLED and (not has_vowel(word) or len(word) <= _LONGEST_ACRONYM):
        return spell(word)
    # Three consonants in a row: nobody can say it.
    hard = re.search(r"(?i)[bcdđfgjklmpqrstvwxz]{3}", word) and len(word) <= _LONGEST_SPELLED
    return spell(word) if hard else word.lower()
