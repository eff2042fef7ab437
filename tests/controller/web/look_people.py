"""People, API tokens and deeds of a believable station, for the tests that look at the pages."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.domain.deeds import DeedKind
from controller.domain.rights import RIGHTS, TOKEN_RIGHTS, Right, Role
from controller.web.i18n import Language, load_translators
from controller.web.peopleviews import (
    AreaChoice,
    AreaRoles,
    DeedRow,
    PersonForm,
    PersonRow,
    RightChoice,
    RoleChoice,
    TokenRow,
)
from controller.web.rolewords import DEED_NAMES, RIGHT_NAMES, ROLE_NAMES, ROLE_SAYS

NOW = datetime(2026, 3, 2, 10, 3, 20, tzinfo=UTC)
_say = load_translators()[Language.VIETNAMESE].gettext
AREAS = [
    AreaChoice(id="*", name="Toàn đài"),
    AreaChoice(id="x-1", name="Xã Hoà Bình, Tỉnh Hưng Yên", chosen=True),
    AreaChoice(id="v-1", name="Thôn Đông, Xã Hoà Bình"),
]


def roles(area_id: str, *held: Role) -> list[RoleChoice]:
    return [
        RoleChoice(
            value=f"{role}@{area_id}" if area_id else role.value,
            name=_say(ROLE_NAMES[role]),
            sentence=_say(ROLE_SAYS[role]),
            checked=role in held,
        )
        for role in RIGHTS
    ]


def person(number: int, name: str, full_name: str, *grants: tuple[str, list[str]], **more: Any) -> PersonRow:
    values: dict[str, Any] = {"active": True, "password_given": False, "last_sign_in": NOW - timedelta(hours=number)}
    return PersonRow(id=f"p-{number}", name=name, full_name=full_name, roles=grants, **(values | more))


PEOPLE = [
    person(1, "admin", "", ("Toàn đài", ["Quản trị viên"])),
    person(
        2,
        "lan.tran",
        "Trần Thị Lan",
        ("Xã Hoà Bình, Tỉnh Hưng Yên", ["Biên tập viên", "Phát thanh viên"]),
        ("Thôn Đông, Xã Hoà Bình", ["Kỹ thuật viên"]),
    ),
    person(3, "duc", "Nguyễn Văn Đức", ("Toàn đài", ["Cán bộ trực khẩn cấp"]), password_given=True, last_sign_in=None),
    person(4, "tho", "Phạm Văn Thọ", active=False),
]
CHANGED = PersonForm(
    id="p-2",
    name="lan.tran",
    full_name="Trần Thị Lan",
    active=True,
    wholly=True,
    blocks=[
        AreaRoles(
            area_id="x-1", area_name="Xã Hoà Bình, Tỉnh Hưng Yên", roles=roles("x-1", Role.EDITOR, Role.ANNOUNCER)
        ),
        AreaRoles(area_id="x-9", area_name="Xã Tân Lập", roles=roles("x-9", Role.OFFICER), mine=False),
    ],
    areas=AREAS,
    new_roles=roles(""),
    last_sign_in=NOW,
)
NEW = PersonForm(
    id="", name="", full_name="", active=True, wholly=True, blocks=(), areas=AREAS, new_roles=roles("", Role.EDITOR)
)


def token(number: int, name: str, state: str, *rights: Right) -> TokenRow:
    return TokenRow(
        id=f"t{number}",
        name=name,
        rights=[_say(RIGHT_NAMES[right]) for right in rights],
        area_name="Toàn đài" if number else "Xã Hoà Bình, Tỉnh Hưng Yên",
        created_by="admin",
        expires_at=NOW + timedelta(days=200),
        last_used=NOW if state == "valid" else None,
        state=state,
    )


TOKENS: dict[str, Any] = {
    "tokens": [
        token(0, "Hệ thống nguồn tỉnh", "valid", Right.SEE, Right.HAND_IN, Right.HAND_IN_EMERGENCY),
        token(1, "Bảng điện tử", "expired", Right.SEE),
        token(2, "Thử nghiệm", "revoked", Right.SEE),
    ],
    "secret": "",
    "made_name": "",
    "problem": "",
    "name": "",
    "days": "365",
    "rights": [
        RightChoice(value=right.value, name=_say(RIGHT_NAMES[right]), checked=right is Right.SEE)
        for right in Right
        if right in TOKEN_RIGHTS
    ],
    "areas": AREAS,
}
SECRET = {
    **TOKENS,
    "secret": "loa_3f9a2c7be1d04856_" + "Qm9-x_" * 7,
    "made_name": "Hệ thống nguồn tỉnh",
    "problem": "Sai.",
}
KINDS = (DeedKind.SIGN_IN, DeedKind.ADD_PERSON, DeedKind.SET_VOLUME, DeedKind.SEND, DeedKind.SIGN_IN_FAILED)
DEEDS = [
    DeedRow(
        at=NOW - timedelta(minutes=7 * number),
        by="" if kind is DeedKind.SIGN_IN_FAILED else "lan.tran",
        what=_say(DEED_NAMES[kind]),
        subject="Nhà văn hóa thôn Đông" if kind is DeedKind.SET_VOLUME else "",
        detail="192.168.1.20",
    )
    for number, kind in enumerate(KINDS)
]

PEOPLE_PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "sign-in": (
        "sign_in.html",
        {"next_path": "/", "name": "", "problem": "Sai."},
        {"person_name": None, "path": "/sign-in"},
    ),
    "password": ("password.html", {"problem": "Sai."}, {"path": "/password"}),
    "people": ("people.html", {"people": PEOPLE}, {"path": "/people"}),
    "person-new": ("person.html", {"person": NEW, "problem": "Sai."}, {"path": "/people/new"}),
    "person": ("person.html", {"person": CHANGED, "problem": ""}, {"path": "/people/p-2"}),
    "person-secret": (
        "people_secret.html",
        {"person": PEOPLE[1], "password": "abcde-fghjk-mnpqr-stuvw", "added": True},
        {"path": "/people"},
    ),
    "tokens": ("api_tokens.html", TOKENS, {"path": "/tokens"}),
    "tokens-made": ("api_tokens.html", SECRET, {"path": "/tokens"}),
    "deeds": (
        "deeds.html",
        {"deeds": DEEDS, "next": 7, "by": "lan.tran", "what": "", "kinds": [("sign_in", "đăng nhập")]},
        {"path": "/deeds"},
    ),
    "no-role": ("no_role.html", {"names": ["Trần Thị Lan"]}, {"rights": frozenset(), "may_stop_all": False}),
    "password-given": (
        "password.html",
        {"problem": ""},
        {"settled": False, "rights": frozenset(), "may_stop_all": False, "path": "/password"},
    ),
}
