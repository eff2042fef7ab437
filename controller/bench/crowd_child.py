"""Writes the speakers of `crowd` into a stopped station, and the file of the fleet that is their devices.

Everything that is signed is signed by the controller's own services with its own keys; only that nobody paired is
skipped, and rows are written many at a time.
"""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agents.protocol import ids
from agents.protocol.documents import Assignment, SignedDocument
from agents.protocol.ids import SpeakerId
from agents.protocol.values import DocumentKind
from controller.config import Config
from controller.datadir import database_url, only_one
from controller.domain.groups import Grouping
from controller.domain.speakers import Speaker, SpeakerState
from controller.links.clock import ControllerClock
from controller.links.keys import FileSigner, load_or_make
from controller.ports import Transaction
from controller.services.areabook import AreaBook, day_of
from controller.services.assignments import Assignments
from controller.services.beside import Beside
from controller.services.board import Board
from controller.services.crew import Crew
from controller.services.emergency.fixed_sounds import FixedSounds
from controller.services.events import Events
from controller.services.making import Making
from controller.services.office import Office
from controller.services.pins import Pins
from controller.services.roster import Roster
from controller.services.secretary import Secretary
from controller.services.settings import DeskSettings
from controller.store.bulk import upsert
from controller.store.database import SqlStore
from controller.store.engine import make_engine
from controller.store.rows import DocumentRow, Row, SpeakerRow
from controller.studio import AudioStudio
from schedules.areas import Area


class _Paper:
    """Takes the place of a transaction for `Assignments`: nothing is stored yet, and what is signed is collected."""

    def __init__(self) -> None:
        self.documents = self.groups = self
        self.signed: dict[str, tuple[Assignment, SignedDocument]] = {}

    async def of(self, speaker_ids: Sequence[SpeakerId]) -> dict[SpeakerId, Grouping]:
        return {}

    async def latest_assignment(self, device_id: str) -> None:
        return None

    async def put(self, document: Assignment, signed: SignedDocument) -> None:
        self.signed[document.device_id] = (document, signed)


async def write(folder: Path, state_file: Path, count: int, areas: int) -> None:
    """``count`` speakers, spread evenly over ``areas`` new areas."""
    keys = load_or_make(folder / "keys")
    store = SqlStore(database_url(folder))
    clock = ControllerClock(trust_system_clock=True, changed=lambda: None)
    crew = Crew()
    office = Office(
        store=store,
        clock=clock,
        secretary=Secretary(store, FileSigner(keys), clock),
        settings=DeskSettings(recordings_folder=folder / "recordings"),
        events=Events(),
        crew=crew,
        beside=Beside(store, crew),
        roster=Roster(),
        board=Board(),
        areas=AreaBook(lambda: day_of(clock.now_us())),
    )
    places = [
        Area(area_id=f"area-{number:04d}-of-the-measurement", parent_id=None, level="village", name=f"Thôn {number}")
        for number in range(areas)
    ]
    async with store.transaction() as tx:
        for place in places:
            await tx.areas.add(place)
    async with store.reading() as tx:
        await office.areas.load(tx)
    private = [X25519PrivateKey.generate() for _ in range(count)]
    speakers = [_speaker(number, key, places[number % areas], clock.now_us()) for number, key in enumerate(private)]
    paper = await _signed(office, folder, speakers)
    await _insert(folder, SpeakerRow, [_speaker_row(speaker) for speaker in speakers])
    await _insert(folder, DocumentRow, [_document_row(*pair) for pair in paper.signed.values()])
    identity = keys.identity("Loa")
    devices = [
        _kept(key, identity.static_key, identity.signing_key, paper.signed[speaker.device_id][0])
        for key, speaker in zip(private, speakers, strict=True)
    ]
    state_file.write_text(json.dumps({"version": 1, "devices": devices}))
    state_file.chmod(0o600)
    await store.close()


async def _signed(office: Office, folder: Path, speakers: Sequence[Speaker]) -> _Paper:
    """Every speaker's first assignment, with the pinned clips that the station has now."""
    config = Config()
    studio = AudioStudio(
        folder / "clips", ffmpeg=config.ffmpeg, duration_limit_s=config.max_recording_s, voices_file=folder / "v.toml"
    )
    studio.open()
    making = Making(office, studio)
    fixed = FixedSounds(office, making, studio)
    await fixed.load()
    pins = Pins(office, making, fixed)
    await pins.prepare()
    await office.secretary.stock(DocumentKind.ASSIGNMENT, len(speakers))
    assignments, paper = Assignments(office, pins), _Paper()
    for speaker in speakers:
        await assignments.current(cast(Transaction, paper), speaker)
    return paper


def _speaker(number: int, key: X25519PrivateKey, area: Area, now_us: int) -> Speaker:
    public = key.public_key().public_bytes_raw()
    return Speaker(
        speaker_id=SpeakerId(f"s-{number:05d}-of-the-measurement"),
        name=f"Loa {number:05d}",
        area_id=ids.AreaId(area.area_id),
        device_id=ids.device_id(public),
        device_key=public,
        state=SpeakerState.ADOPTED,
        adopted_at_us=now_us,
    )


def _speaker_row(speaker: Speaker) -> dict[str, Any]:
    return {
        "speaker_id": speaker.speaker_id,
        "name": speaker.name,
        "area_id": speaker.area_id,
        "device_id": speaker.device_id,
        "device_key": speaker.device_key,
        "state": speaker.state.value,
        "adopted_at_us": speaker.adopted_at_us,
        "volume_percent": speaker.volume_percent,
        "max_volume_percent": speaker.max_volume_percent,
        "delay_us": speaker.delay_us,
        "rendition": speaker.rendition.value,
        "profile": speaker.profile.value,
    }


def _document_row(assignment: Assignment, signed: SignedDocument) -> dict[str, Any]:
    header = assignment.header
    return {
        "document_id": header.document_id,
        "kind": DocumentKind.ASSIGNMENT.value,
        "key_id": header.key_id,
        "counter": header.counter,
        "device_id": assignment.device_id,
        "issued_at_us": header.issued_at_us,
        "not_after_us": header.not_after_us,
        "open": True,
        "payload": signed.payload,
        "signature": signed.signature,
    }


async def _insert(folder: Path, form: type[Row], rows: list[dict[str, Any]]) -> None:
    from sqlalchemy.ext.asyncio import AsyncSession

    engine = make_engine(database_url(folder))
    try:
        async with AsyncSession(engine) as session, session.begin():
            await upsert(session, form, rows)
    finally:
        await engine.dispose()


def _kept(key: X25519PrivateKey, controller_key: bytes, signing_key: bytes, assignment: Assignment) -> dict[str, Any]:
    """One device in the fleet's file; see docs/fleet.md."""
    header = assignment.header
    return {
        "key": _base64(key.private_bytes_raw()),
        "controller_key": _base64(controller_key),
        "signing_key": _base64(signing_key),
        "speaker_id": assignment.speaker_id,
        "areas": list(assignment.area_path),
        "marks": [[header.key_id, DocumentKind.ASSIGNMENT.value, header.counter]],
        "journal_id": f"j-{assignment.device_id}",
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def main() -> None:
    """``DATA_DIR STATE_FILE SPEAKERS AREAS``."""
    folder, state_file, count, areas = sys.argv[1:]
    began_s = time.monotonic()
    with only_one(Path(folder)):
        asyncio.run(write(Path(folder), Path(state_file), int(count), int(areas)))
    print(f"written in {time.monotonic() - began_s:.1f} s")


if __name__ == "__main__":
    main()
