"""Who may do what, where."""

import pytest

from agents.protocol.ids import AreaId
from controller.domain.accounts import is_name, name_key, tidy_name
from controller.domain.rights import EVERYWHERE, RIGHTS, TOKEN_RIGHTS, Actor, Grant, Right, Role, scopes_of

PROVINCE, COMMUNE, VILLAGE = (AreaId(one) for one in ("p", "x", "v"))
PATH = (PROVINCE, COMMUNE, VILLAGE)


def actor(*grants: tuple[Role, AreaId]) -> Actor:
    return Actor(name="lan", scopes=scopes_of(Grant(role=role, area_id=area) for role, area in grants), person_id="p-1")


def test_a_role_holds_in_its_area_and_below_it_and_not_above() -> None:
    lan = actor((Role.EDITOR, COMMUNE))
    assert lan.may(Right.BROADCAST, PATH)
    assert lan.may(Right.BROADCAST, PATH[:2])
    assert not lan.may(Right.BROADCAST, PATH[:1])
    assert not lan.may(Right.BROADCAST, ())
    assert not lan.may(Right.BROADCAST, (PROVINCE, AreaId("x-2")))


def test_the_whole_station_holds_everywhere() -> None:
    lan = actor((Role.EDITOR, EVERYWHERE))
    assert lan.may(Right.BROADCAST, PATH)
    assert lan.may(Right.BROADCAST, ())
    assert not lan.may(Right.ADOPT, PATH)


def test_roles_add_up_where_they_were_given() -> None:
    lan = actor((Role.TECHNICIAN, COMMUNE), (Role.ANNOUNCER, COMMUNE), (Role.APPROVER, AreaId("x-2")))
    assert lan.may(Right.ADOPT, PATH)
    assert lan.may(Right.COMPOSE, PATH)
    assert not lan.may(Right.AUDIT, PATH)
    assert lan.may_anywhere(Right.AUDIT)
    assert lan.areas_of(Right.SEE) == {COMMUNE, AreaId("x-2")}
    assert lan.areas_of(Right.MANAGE_PEOPLE) == frozenset()


def test_every_right_is_somebodys_and_no_token_rules() -> None:
    assert frozenset().union(*RIGHTS.values()) | TOKEN_RIGHTS == set(Right)
    assert not TOKEN_RIGHTS & {Right.MANAGE_PEOPLE, Right.MANAGE_AREAS, Right.ADOPT, Right.AUDIT}
    assert not TOKEN_RIGHTS & {Right.PREPARE_EMERGENCY, Right.CONFIRM_EMERGENCY, Right.BREAK_GLASS, Right.LIVE}


@pytest.mark.parametrize(
    ("one", "other"), [("Lan", "LAN"), ("Đức", "Đu\u031b\u0301c"), (" a  b ", "A B"), ("ｌａｎ", "lan")]
)
def test_names_are_the_same_however_they_are_typed(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize("name", ["lan", "Nguyễn Văn Đức", "lan.tran@xa", "O'Neil", "7", "မြန်မာ"])
def test_names_of_any_script_are_names(name: str) -> None:
    assert is_name(tidy_name(name))


@pytest.mark.parametrize(
    "name", ["\u0430dmin", "admin\u3164", "\u115fadmin", "admin\u034f", "admin\ufe0f", "adm\u03b9n"]
)
def test_no_name_looks_like_another_by_blank_letters_or_those_of_two_scripts(name: str) -> None:
    assert not is_name(tidy_name(name))


@pytest.mark.parametrize("name", ["", ".", "a:b", "a/b", "a\u200bb", "😀", "x" * 61, '"'])
def test_what_could_mislead_is_no_name(name: str) -> None:
    assert not is_name(tidy_name(name))


def test_who_approves_and_who_sets_limits() -> None:
    approvers = {role for role, rights in RIGHTS.items() if Right.APPROVE in rights}
    assert approvers == {Role.APPROVER, Role.OFFICER, Role.ADMINISTRATOR}
    assert {role for role, rights in RIGHTS.items() if Right.SET_GUARDS in rights} == approvers - {Role.OFFICER}
    assert not TOKEN_RIGHTS & {Right.APPROVE, Right.SET_GUARDS}, "a program approves nothing"
