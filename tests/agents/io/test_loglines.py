"""The last lines of the log, bounded, and without secrets."""

import logging
from pathlib import Path

import pytest

from agents.io.loglines import MAX_BYTES, LogLines, kept_lines, log_text

log = logging.getLogger("tests.loglines")


async def test_the_newest_lines_are_sent_with_their_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with kept_lines() as kept:
        for number in range(5):
            log.info("line %d", number, extra={"event": "counted", "order_id": f"o-{number}"})

        lines = (await log_text(kept, 2)).splitlines()

    log.info("after it")
    assert [line.partition("INFO")[2].strip() for line in lines] == [
        "line 3 event=counted order_id=o-3",
        "line 4 event=counted order_id=o-4",
    ]
    assert len(kept.last(10)) == 5


async def test_what_is_sent_is_bounded_and_begins_with_a_whole_line() -> None:
    kept = LogLines(lines=100)
    for number in range(200):
        kept.handle(logging.makeLogRecord({"msg": f"number {number} " + "ố" * 3_000, "levelname": "INFO"}))

    text = await log_text(kept, 2_000, letters=5_000)

    assert len(text) <= 5_000
    assert "number 199" in text
    assert all("INFO" in line for line in text.splitlines())
    whole = await log_text(kept, 2_000)
    assert len(whole.encode()) <= MAX_BYTES


async def test_a_secret_that_was_logged_is_not_sent() -> None:
    kept = LogLines()
    kept.handle(logging.makeLogRecord({"msg": "token t-abc.secret", "levelname": "INFO"}))

    assert "secret)" in await log_text(kept, 10, secrets=("t-abc.secret",))
    assert "t-abc" not in await log_text(kept, 10, secrets=("t-abc.secret",))


async def test_a_service_sends_what_systemd_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "journalctl"
    command.write_text('#!/bin/sh\necho "of the run before, $*"\necho "of this run"\n')
    command.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("INVOCATION_ID", "0" * 32)
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")

    text = await log_text(LogLines(), 7)

    assert "of the run before" in text
    assert "--lines=7" in text


async def test_where_the_journal_of_systemd_may_not_be_read_the_lines_of_this_run_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("INVOCATION_ID", "0" * 32)
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    kept = LogLines()
    kept.handle(logging.makeLogRecord({"msg": "of this run", "levelname": "INFO"}))

    assert "of this run" in await log_text(kept, 7)
