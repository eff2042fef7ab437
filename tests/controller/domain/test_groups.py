"""What makes a group of speakers, and what does not."""

import pytest

from agents.protocol.ids import SpeakerId
from controller.domain.errors import Invalid
from controller.domain.groups import Group, GroupDraft, GroupId, Member, drafted, groupings

OTHER = Group(group_id=GroupId("g1"), name="Dọc sông", stagger_s=5, members=(Member(SpeakerId("a"), 2),))


def draft(*turns: tuple[str, int], stagger_s: int = 0, name: str = "Khác") -> GroupDraft:
    return GroupDraft(
        name=name, stagger_s=stagger_s, members=tuple(Member(SpeakerId(one), turn) for one, turn in turns)
    )


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (draft(("b", 0), name=" "), "name_empty"),
        (draft(), "group_empty"),
        (draft(*((str(number), 0) for number in range(1_001))), "group_too_large"),
        (draft(("a", 0), name="DỌC SÔNG"), "group_name_taken"),
        (draft(("a", 0), stagger_s=1), "speaker_staggers_twice"),
        (draft(("b", 0), stagger_s=-1), "stagger_out_of_range"),
        (draft(("b", 2), stagger_s=301), "stagger_out_of_range"),
        (draft(("b", -1)), "stagger_out_of_range"),
        (draft(("b", 10**9)), "stagger_out_of_range"),
    ],
)
def test_what_makes_no_group_is_refused(wanted: GroupDraft, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(GroupId("g2"), wanted, [OTHER])
    assert refused.value.code == code


def test_a_turn_may_put_off_by_ten_minutes() -> None:
    made = drafted(GroupId("g2"), draft(("b", 2), ("c", 1), stagger_s=300), [OTHER])
    assert (made.later_us(SpeakerId("b")), made.later_us(SpeakerId("z"))) == (600_000_000, 0)


def test_a_group_is_changed_beside_itself() -> None:
    assert drafted(OTHER.group_id, draft(("a", 0), stagger_s=3, name="Dọc sông"), [OTHER]).stagger_s == 3


def test_a_speaker_begins_later_by_its_turn_alone_in_however_many_groups() -> None:
    second = drafted(GroupId("g2"), draft(("a", 7)), [OTHER])
    found = groupings([second, OTHER])
    assert (found[SpeakerId("a")].group_ids, found[SpeakerId("a")].stagger_us) == (("g1", "g2"), 10_000_000)
