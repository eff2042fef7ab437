"""How wrong passwords slow down."""

from controller.domain.accounts import LONGEST_DELAY_S, Attempts, after_failure

NOW_US = 1_800_000_000_000_000


def delays_s(free: int, failures: int) -> list[int]:
    attempts, delays = Attempts(key="address 10.0.0.1"), []
    for _ in range(failures):
        attempts = after_failure(attempts, free, NOW_US)
        delays.append((attempts.next_at_us - NOW_US) // 1_000_000)
    return delays


def test_the_first_are_free_and_the_others_double() -> None:
    assert delays_s(free=3, failures=7) == [0, 0, 2, 4, 8, 16, 32]


def test_no_delay_is_longer_than_a_quarter_of_an_hour() -> None:
    assert delays_s(free=1, failures=200)[-1] == LONGEST_DELAY_S
