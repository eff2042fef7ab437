"""How many came lately."""

from controller.links.rush import Rush


def test_those_who_come_together_count_and_are_forgotten() -> None:
    rush = Rush()
    for _ in range(100):
        rush.add(10.0)
    assert rush.level(10.0) == 100
    assert rush.level(12.5) == 50
    assert rush.level(60.0) == 0


def test_twenty_a_second_are_nothing_special() -> None:
    rush = Rush()
    for number in range(400):
        rush.add(number / 20)
    assert rush.level(20.0) <= 1
