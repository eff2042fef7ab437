"""What the station has to say, for programs: the part of the table of `controller.web.routes` for content."""

from typing import Final

from controller.domain.rights import Right
from controller.web import subjects
from controller.web.api import bulletins, programmes, tunes, voices
from controller.web.api.endpoint import Endpoint, endpoint
from controller.web.frames import wherever_heard

CONTENT: Final[tuple[Endpoint, ...]] = (
    endpoint("GET", "/api/v1/bulletins", bulletins.list_bulletins, right=Right.SEE),
    endpoint("POST", "/api/v1/bulletins", bulletins.create_bulletin, right=Right.COMPOSE),
    endpoint("GET", "/api/v1/bulletins/{bulletin_id}", bulletins.get_bulletin, right=Right.SEE, over=subjects.bulletin),
    endpoint(
        "PUT",
        "/api/v1/bulletins/{bulletin_id}",
        bulletins.change_bulletin,
        right=Right.COMPOSE,
        over=subjects.bulletin,
    ),
    endpoint(
        "DELETE",
        "/api/v1/bulletins/{bulletin_id}",
        bulletins.withdraw_bulletin,
        right=Right.COMPOSE,
        over=subjects.bulletin,
    ),
    endpoint(
        "POST",
        "/api/v1/bulletins/{bulletin_id}/cancel",
        bulletins.cancel_bulletin,
        right=Right.COMPOSE,
        over=subjects.bulletin,
    ),
    endpoint(
        "POST",
        "/api/v1/bulletins/{bulletin_id}/retry",
        bulletins.retry_bulletin,
        right=Right.COMPOSE,
        over=subjects.bulletin,
    ),
    endpoint(
        "GET",
        "/api/v1/bulletins/{bulletin_id}/history",
        bulletins.get_bulletin_history,
        right=Right.SEE,
        over=subjects.bulletin,
    ),
    endpoint(
        "POST",
        "/api/v1/bulletins/{bulletin_id}/restore/{number}",
        bulletins.restore_bulletin,
        right=Right.COMPOSE,
        over=subjects.bulletin,
    ),
    endpoint(
        "GET",
        "/api/v1/bulletins/{bulletin_id}/playlist",
        bulletins.get_bulletin_playlist,
        right=Right.SEE,
        over=subjects.bulletin,
    ),
    endpoint(
        "GET",
        "/api/v1/bulletins/{bulletin_id}/audio",
        bulletins.get_bulletin_audio,
        right=Right.SEE,
        over=subjects.bulletin,
    ),
    endpoint("POST", "/api/v1/recordings", bulletins.create_recording, right=Right.COMPOSE),
    endpoint("GET", "/api/v1/programmes", programmes.list_programmes, right=Right.SEE),
    endpoint("POST", "/api/v1/programmes", programmes.create_programme, right=Right.COMPOSE),
    endpoint(
        "GET",
        "/api/v1/programmes/{programme_id}",
        programmes.get_programme,
        right=Right.SEE,
        over=subjects.programme,
    ),
    endpoint(
        "PUT",
        "/api/v1/programmes/{programme_id}",
        programmes.change_programme,
        right=Right.COMPOSE,
        over=subjects.programme,
    ),
    endpoint(
        "DELETE",
        "/api/v1/programmes/{programme_id}",
        programmes.withdraw_programme,
        right=Right.COMPOSE,
        over=subjects.programme,
    ),
    endpoint(
        "GET",
        "/api/v1/programmes/{programme_id}/history",
        programmes.get_programme_history,
        right=Right.SEE,
        over=subjects.programme,
    ),
    endpoint(
        "POST",
        "/api/v1/programmes/{programme_id}/restore/{number}",
        programmes.restore_programme,
        right=Right.COMPOSE,
        over=subjects.programme,
    ),
    endpoint(
        "GET",
        "/api/v1/programmes/{programme_id}/playlist",
        programmes.get_programme_playlist,
        right=Right.SEE,
        over=subjects.programme,
    ),
    endpoint("GET", "/api/v1/tunes", tunes.list_tunes, right=Right.SEE),
    endpoint("POST", "/api/v1/tunes", tunes.create_tune, right=Right.COMPOSE),
    endpoint("GET", "/api/v1/tunes/{tune_id}", tunes.get_tune, right=Right.SEE, over=subjects.tune),
    endpoint("PUT", "/api/v1/tunes/{tune_id}/name", tunes.rename_tune, right=Right.COMPOSE, over=subjects.tune),
    endpoint("DELETE", "/api/v1/tunes/{tune_id}", tunes.withdraw_tune, right=Right.COMPOSE, over=subjects.tune),
    endpoint("POST", "/api/v1/tunes/{tune_id}/retry", tunes.retry_tune, right=Right.COMPOSE, over=subjects.tune),
    endpoint("GET", "/api/v1/clips/{sha256}", tunes.get_clip, right=Right.SEE),
    endpoint("GET", "/api/v1/voices", voices.list_voices, right=Right.SEE),
    endpoint("POST", "/api/v1/sentences", voices.split_into_sentences, right=Right.COMPOSE),
    endpoint("POST", "/api/v1/say", voices.say, right=Right.COMPOSE),
    endpoint("GET", "/api/v1/pronunciations", voices.list_pronunciations, right=Right.SEE),
    endpoint(
        "PUT",
        "/api/v1/pronunciations/{language}/{written}",
        voices.set_pronunciation,
        right=Right.MANAGE_STATION,
        over=wherever_heard,
    ),
    endpoint(
        "DELETE",
        "/api/v1/pronunciations/{language}/{written}",
        voices.remove_pronunciation,
        right=Right.MANAGE_STATION,
        over=wherever_heard,
    ),
)
