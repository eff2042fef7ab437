"""`loa cap check`: one line a file, never a traceback."""

import json
from pathlib import Path

import pytest

from controller import cli
from controller.cap.check import as_line, check
from controller.cap.limits import Limits
from controller.cap.trust import Trust
from tests.controller.cap.alerts import NOW_US, area, cap, info, references
from tests.controller.cap.certificates import holder, signed

AT = "2026-11-22T05:40:00+07:00"
FILES = {
    "a-alert.cap": (cap(), "held"),
    "b-update.cap": (cap(identifier="lu.2", kind="Update", more=references("lu.1")), "updates"),
    "c-cancel.cap": (cap(identifier="lu.3", kind="Cancel", more=references("lu.2"), infos=""), "cancels"),
    "d-again.cap": (cap(), "duplicate"),
    "e-test.cap": (cap(identifier="lu.4", status="Test"), "not_actual"),
    "f-old.cap": (cap(identifier="lu.5", infos=info(times="<expires>2026-11-22T05:35:00+07:00</expires>")), "expired"),
    "g-ack.cap": (cap(identifier="lu.6", kind="Ack", more=references("lu.1"), infos=""), "ignored"),
    "h-old-version.cap": (cap(namespace="urn:oasis:names:tc:emergency:cap:1.1"), "refused"),
    "i.html": (b"<html><body>x</body></html>", "refused"),
    "j.empty": (b"", "refused"),
    "k.bin": (bytes(range(256)), "refused"),
    "l.rss": (b"<rss><channel><item><link>https://example.org/1</link></item></channel></rss>", "feed"),
    "m.atom": (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="text/xml">'
        + cap(identifier="lu.7")
        + b"</content></entry><entry><content type='text/xml'>"
        + cap(identifier="lu 8")
        + b"</content></entry></feed>",
        "several",
    ),
    "n.atom": (b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>x</id></entry></feed>', "refused"),
    "deep/o.cap": (cap(identifier="lu.9", infos=info(areas="")), "held"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    for name, (raw, _) in FILES.items():
        (tmp_path / name).write_bytes(raw)
    return tmp_path


def test_every_file_gets_its_state_and_the_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cap", "check", str(folder), "--at", AT]) == cli.DONE
    said = capsys.readouterr()
    lines = dict(line.split(": ", 1) for line in said.out.splitlines())
    assert said.err == ""
    assert {name: line.split(":")[0] for name, line in lines.items()} == {n: state for n, (_, state) in FILES.items()}
    assert all(line.split(": ", 1)[1].endswith((".", ")")) for line in lines.values())
    assert "It is in a-alert.cap." in lines["d-again.cap"]


def test_programs_get_everything(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cap", "check", "--json", "--at", AT, str(folder)]) == cli.DONE
    found = {one["file"]: one for one in json.loads(capsys.readouterr().out)}
    assert {name: one["state"] for name, one in found.items()} == {name: state for name, (_, state) in FILES.items()}
    assert found["b-update.cap"]["alerts"][0]["refers_to"] == ["lu.1"]
    assert [one["state"] for one in found["m.atom"]["alerts"]] == ["held", "refused"]
    assert found["h-old-version.cap"]["reasons"][0]["code"] == "version_old"


def test_the_time_can_be_that_of_sending_or_now(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cap", "check", str(folder / "f-old.cap"), "--at", "sent"]) == cli.DONE
    assert "held" in capsys.readouterr().out
    assert cli.main(["cap", "check", str(folder / "f-old.cap"), "--at", "2030-01-01T00:00:00+07:00"]) == cli.DONE
    assert "expired" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("zone", "until"),
    [
        ((), "2026-11-22 05:35 UTC+0700"),
        (("--time-zone", "America/New_York"), "2026-11-21 17:35 UTC-0500"),
        (("--time-zone", "UTC"), "2026-11-21 22:35 UTC"),
    ],
)
def test_times_are_said_in_the_zone_of_the_station(
    zone: tuple[str, ...],
    until: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LOA_TIME_ZONE", raising=False)
    assert cli.main(["cap", "check", str(folder / "f-old.cap"), "--at", AT, *zone]) == cli.DONE
    assert f"it held until {until}" in capsys.readouterr().out


def test_a_zone_that_nobody_knows_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["cap", "check", str(folder), "--time-zone", "Asia/Nowhere"])
    assert "no zone 'Asia/Nowhere'" in capsys.readouterr().err


def test_who_is_trusted_can_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agency = holder("Đài")
    (tmp_path / "a.cap").write_bytes(signed(cap(), agency))
    (tmp_path / "agency.pem").write_text(agency.pem)
    line = ["cap", "check", "--json", str(tmp_path / "a.cap")]
    for at, state in ((AT, "valid"), ("sent", "valid"), ("2027-01-02T00:00:00+00:00", "expired")):
        assert cli.main([*line, "--at", at, "--signer", str(tmp_path / "agency.pem")]) == cli.DONE
        assert json.loads(capsys.readouterr().out)[0]["alerts"][0]["signature"] == {"state": state, "by": "CN=Đài"}


def test_what_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cap", "check", str(tmp_path / "nothing.cap")]) == cli.FAILED
    assert "nothing.cap" in capsys.readouterr().err
    assert cli.main(["cap", "check", str(tmp_path)]) == cli.DONE


def test_an_update_is_found_whatever_its_file_is_called() -> None:
    files = [("a", cap(identifier="lu.2", kind="Update", more=references("lu.1"), sent=AT)), ("z", cap())]
    found = check(files, limits=Limits(), trust=Trust(), now_us=NOW_US)
    assert [one.state for one in found] == ["updates", "held"]
    assert as_line(found[0]).startswith("a: updates: It takes the place")


def test_an_outline_that_no_station_could_follow_is_said() -> None:
    comb = [(10 + n % 2, 106 + n / 10_000) for n in range(9_999)] + [(9.9, 107.0), (9.9, 106.0)]
    ring = " ".join(f"{north},{east:.5f}" for north, east in (*comb, comb[0]))
    tangle = cap(infos=info(areas=area(f"<polygon>{ring}</polygon>", "Rối")))
    plain, tangled = check(
        [("a", cap(identifier="lu.2")), ("b", tangle)], limits=Limits(), trust=Trust(), now_us=NOW_US
    )
    assert "too tangled" not in as_line(plain)
    assert tangled.state == "held"
    assert "The outline of the area 'Rối' is too tangled to follow: its bounds were taken." in as_line(tangled)


def test_a_certificate_that_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.pem", tmp_path / "bad.pem"
    good.write_text(holder("CN").pem)
    bad.write_text(holder("CN").pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "a.cap").write_bytes(cap())
    assert cli.main(["cap", "check", str(tmp_path / "a.cap"), "--signer", str(good)]) == cli.DONE
    assert cli.main(["cap", "check", str(tmp_path / "a.cap"), "--signer", str(bad)]) == 1
    assert "certificate 2 in it cannot be read" in capsys.readouterr().err
