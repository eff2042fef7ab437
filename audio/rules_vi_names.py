"""Pure rules: numbers that are names and not amounts: documents, telephones, codes, roads, houses, addresses."""

import re

from audio import numbers_vi as numbers
from audio import words_vi as words
from audio.abbreviations_vi import ABBREVIATIONS
from audio.letters_vi import has_vowel, parted, spell
from audio.rules_vi import ALONE, END, START, YEAR, Match, Row, any_of

_DOCUMENT_WORDS = (
    *("quyết định", "nghị định", "thông tư liên tịch", "thông tư", "nghị quyết", "chỉ thị", "kế hoạch", "thông báo"),
    *("công văn", "hướng dẫn", "báo cáo", "tờ trình", "công điện", "luật", "pháp lệnh", "giấy mời", "kết luận"),
    *("quy định", "chương trình", "phương án", "văn bản"),
)
_FOREIGN_NAMES = frozenset(
    {"facebook", "youtube", "yahoo", "google", "gmail", "tiktok", "zalo", "email", "info", "one"}
)
_TOP_LEVEL = frozenset({"vn", "com", "net", "org", "gov", "edu", "info"})
_LONGEST_PATH = 24
# 114 is dialled where somebody was told to call within so many characters before it.
_NEAR = 120
_CALLING = r"(?i)(?<!\w)(?:gọi|liên hệ|điện thoại|đường dây nóng|báo ngay|hotline)(?!\w)"
_BEHIND_A_CALL = "hoặc|và|hay|để|khi|nếu|ngay|miễn phí"
_SIGNS = {".": "chấm", "@": "a còng", "-": "gạch ngang", "_": "gạch dưới", "/": "xuyệt"}


def rows() -> tuple[Row, ...]:
    """The rules of this kind, in order."""
    return (*_documents(), *_places(), *_telephones())


def addresses() -> tuple[Row, ...]:
    """The rules for e-mail and web addresses, which go before all others."""
    return (
        ("e-mail", r"(?<![\w.+-])[\w.+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++", _address),
        ("web", r"(?i)(?<!\w)(?:https?://|www\.)[^\s\"<>()]++", _address),
        ("domain", r"(?i)(?<![\w@./-])[a-z0-9-]++(?:\.[a-z0-9-]++)++(?:/[^\s\"<>()]*+)?+", _address),
    )


def _address(match: Match) -> str | None:
    written = match[0].rstrip(".,;:!?'-")
    behind = match[0][len(written) :]
    short = re.sub(r"(?i)^(?:https?://)?(?:www\.)?", "", written)
    host, _, path = short.partition("/")
    if host.rpartition(".")[2].lower() not in _TOP_LEVEL and short == written and "@" not in short:
        return None
    # Nobody writes down a long path from hearing it.
    path = re.split(r"[?#]", path)[0].rstrip("/")
    shown = f"{host}/{path}" if path and len(path) <= _LONGEST_PATH else host
    parts = re.findall(r"[^\W\d_]+|\d|[.@_/-]", shown)
    return " ".join(_SIGNS.get(each) or _label(each) for each in parts) + behind


def _label(part: str) -> str:
    small = part.lower()
    if small.isdigit():
        return numbers.digits(small)
    if small in _FOREIGN_NAMES:
        return small
    if small.startswith("ubnd"):
        # ubndxa, ubnddonghung
        return f"{spell('ubnd')} {_label(small[4:]) if small[4:] else ''}".rstrip()
    return parted(small) or (small if has_vowel(small) else spell(small))


def _documents() -> tuple[Row, ...]:
    kinds = any_of(words.DOCUMENTS)
    before = rf"(?:{START}((?i:{any_of(_DOCUMENT_WORDS)})|{kinds}) )?+(?:{START}((?i:số)):? ?)?+"
    number = rf"(?<![\w.,/-])(\d{{1,6}}+)(?:/({YEAR}))?+"
    return (
        ("document", rf"{before}{number}[/-]({kinds})[-/](\w++(?:-\w++)*+)", _document),
        ("law", rf"{before}{number}/(QH|UBTVQH|L-CTN)(\d{{0,2}}){END}", _law),
        ("letter", rf"{before}{number}/((?:{any_of(words.ISSUERS)})(?:-\w++)*+){END}", _letter),
        ("document kind", rf"{START}({kinds}) (?:số )?(?=\d)", lambda m: f"{words.DOCUMENTS[m[1]]} số "),
    )


def _head(kind: str | None, so: str | None, inner: str | None, number: str, year: str | None) -> str:
    named = words.DOCUMENTS.get(kind, kind) if kind else words.DOCUMENTS.get(inner or "", "")
    # Chỉ thị 05 is "không năm". "quyết định 135", but "Quyết định số 135" where "số" is written.
    said = " ".join(each for each in (named, so and so.lower(), numbers.whole(number)) if each)
    # With a pause, or the two "năm" of "linh năm, năm hai nghìn" run together.
    return f"{said}, năm {numbers.whole(year)}" if year else said


def _document(match: Match) -> str:
    kind, so, number, year, inner, issuers = match.groups()
    said = _head(kind, so, inner, number, year)
    return said if _is_signed(match) else f"{said} của {_issuers(issuers)}"


def _is_signed(match: Match) -> bool:
    # "... NĐ-CP ngày 15/5/2025 của Chính phủ": once is enough.
    behind = match.string[match.end() : match.end() + 24]
    return re.match(r"(?:,? ngày \d[\d/.-]*)? của ", behind) is not None


def _law(match: Match) -> str:
    kind, so, number, year, issuer, term = match.groups()
    by = words.ISSUERS.get(issuer, "Chủ tịch nước")
    if _is_signed(match):
        return _head(kind, so, None, number, year)
    said = f"{_head(kind, so, None, number, year)} của {by}"
    return f"{said} khóa {numbers.counted(term)}" if term else said


def _letter(match: Match) -> str:
    kind, so, number, year, issuers = match.groups()
    return f"{_head(kind, so, None, number, year)} của {_issuers(issuers)}"


def _issuers(written: str) -> str:
    return ", ".join(words.ISSUERS.get(each) or ABBREVIATIONS.get(each) or _code(each) for each in written.split("-"))


def _code(written: str) -> str:
    parts = re.findall(r"\d+|[^\W\d_]+", written)
    return " ".join(numbers.counted(each) if each.isdigit() else spell(each) for each in parts)


def _telephones() -> tuple[Row, ...]:
    dialled = any_of(words.DIALLED_AFTER)
    more = r"(?:(?:, ?| hoặc | và | ?/ ?| - )\d{3,4}+(?![\w]))*+"
    counted = any_of(words.COUNTED)
    code = r"\d{3,20}+(?:[ .]\d{3,6}+){0,4}+"
    return (
        ("emergency", r"(?<![\w/.,])11\d(?:/11\d)++(?![\w/])", _listed),
        ("phone", r"(?<![\w.,/(])\(?(?:\+84|\+\(84\)|0)\)?(?:[ .)-]{0,2}\d){6,11}+(?![\w/]|[.,]\d)", _phone),
        ("hotline", rf"(?<![\w.,])(1[89]00)[ .-]?(\d{{2,4}})(?:[ .-]?(\d{{2,4}}))?+{END}(?! ?%)", _groups_of),
        (
            "dialled",
            rf"{START}((?i:{dialled}))(:? (?:số )?|: ?)(\d{{3,4}}{more})(?![\w]|[.,/ -]\d)(?! (?:{counted}){END})",
            lambda m: f"{m[1]}{m[2]}{_listed_text(m[3])}",
        ),
        (
            "dialled long",
            rf"{START}((?i:{dialled}))(:? (?:số )?|: ?)(\d{{3,11}}+(?:[ .-]\d{{2,6}}+){{0,4}}+)(?![\w/]|[.,]\d)",
            lambda m: f"{m[1]}{m[2]}{_said_groups(m[3])}" if len(re.sub(r"\D", "", m[3])) > 4 else None,
        ),
        (
            "emergency later",
            rf"(?<![\w.,/-])11[1-5](?=[.,;!?)]*(?: (?:{_BEHIND_A_CALL}){END}| [(-]|\n|$|[.,;!?)] ))",
            _later,
        ),
        (
            "code",
            rf"{START}((?i:{any_of(words.CODE_AFTER)}))(:? (?:số:? ?|là:? ?)?|: ?)({code})(?![\w/]|[.,]\d)",
            lambda m: f"{m[1]}{m[2]}{_said_groups(m[3], joined=True)}",
        ),
        ("plate", rf"{ALONE}(\d\d)-?([A-ZĐ]{{1,2}}\d?)[ -]?(\d{{3}}\.?\d{{2}}|\d{{4}})(?!\w|\.\d)", _plate),
    )


def _listed(match: Match) -> str:
    return _listed_text(match[0])


def _listed_text(text: str) -> str:
    return re.sub(r" ?/ ?", ", ", re.sub(r"\d+", lambda m: numbers.digits(m[0]), text))


def _phone(match: Match) -> str | None:
    written = re.sub(r"^\(?\+\(?84\)?[ .)-]{0,2}0?", "0", match[0])
    length = len(re.sub(r"\D", "", written))
    return _said_groups(written) if 9 <= length <= 11 else None


def _later(match: Match) -> str | None:
    before = match.string[max(0, match.start() - _NEAR) : match.start()]
    return numbers.digits(match[0]) if re.search(_CALLING, before) else None


def _groups_of(match: Match) -> str:
    return ", ".join(numbers.digits(each) for each in match.groups() if each)


def _said_groups(written: str, *, joined: bool = False) -> str:
    groups = [each for each in re.split(r"\D+", written) if each]
    if joined:
        return numbers.digits("".join(groups))
    if len(groups) == 1 and len(written) > 7:
        # Four, three, three: how a number of ten digits is told.
        number = groups[0]
        first = 4 if len(number) in {8, 10} else len(number) % 3 + 3
        step = 4 if len(number) == 8 else 3
        groups = [number[:first], *(number[start : start + step] for start in range(first, len(number), step))]
    return ", ".join(numbers.digits(each) for each in groups)


def _plate(match: Match) -> str:
    letters = re.findall(r"\d|[^\W\d_]", match[2])
    named = " ".join(numbers.digits(each) or spell(each) for each in letters)
    return f"{numbers.digits(match[1])} {named}, {numbers.digits(match[3])}"


def _places() -> tuple[Row, ...]:
    house = any_of(words.HOUSE_AFTER)
    number = r"\d{1,5}+[A-Za-zĐđ]?(?:/\d{1,5}+[A-Za-zĐđ]?)++"
    return (
        ("road", rf"{START}({any_of(words.ROADS)})[ .-]?(\d{{1,3}}+)([A-ZĐ]?)(?![\w/-]| \d)", _road),
        ("road mark", rf"(?<!\d )(?<!\w)[Kk]m ?(\d{{1,4}}+)(?:\+(\d{{1,3}}+))?{END}(?![.,]\d)", _kilometre),
        ("house", rf"{START}((?i:{house}):?) ({number})(?![\w/-])", lambda m: f"{m[1]} {_house(m[2])}"),
        ("house in a street", rf"{ALONE}({number})(?= (?i:{any_of(words.HOUSE_BEFORE)}){END})", lambda m: _house(m[1])),
    )


def _road(match: Match) -> str:
    kind, number, letter = match.groups()
    said = numbers.digits(number) if len(number) == 3 else numbers.counted(number)
    return f"{words.ROADS[kind]} {said}" + (f" {spell(letter)}" if letter else "")


def _kilometre(match: Match) -> str:
    said = f"ki lô mét {numbers.counted(match[1])}"
    return f"{said} cộng {numbers.counted(match[2])}" if match[2] else said


def _house(written: str) -> str:
    parts = (re.fullmatch(r"(\d+)(\D?)", each) for each in written.split("/"))
    return " trên ".join(" ".join((numbers.counted(each[1]), spell(each[2]))).strip() for each in parts if each)
