"""The one table of what this server answers. What is not here is not there; `server.make_web_app` builds from it."""

from controller.web import actions, auth, broadcasting, health, pages
from controller.web.api import airings, bulletins, newcomers, openapi, signing_in, speakers, watching
from controller.web.api.endpoint import endpoint
from controller.web.asking import Needs, Route, Token
from controller.web.uploads import tus

_PUBLIC = Needs.PUBLIC
_FORM = Token.HANDLER

PAGES = (
    Route(method="GET", path="/", handler=pages.broadcast),
    Route(method="GET", path="/speakers", handler=pages.speakers),
    Route(method="GET", path="/speakers/{id}", handler=pages.speaker),
    Route(method="GET", path="/airings", handler=pages.airings),
    Route(method="GET", path="/airings/{id}", handler=pages.airing),
    Route(method="GET", path="/password", handler=auth.password_page),
    Route(method="GET", path="/bulletins/{id}/audio", handler=pages.bulletin_audio),
    Route(method="GET", path="/events", handler=pages.events),
    Route(method="GET", path="/parts/on-air-light", handler=pages.on_air_light_part),
    Route(method="GET", path="/parts/stop-all", handler=pages.stop_all_part),
    Route(method="GET", path="/parts/latest", handler=pages.latest_part),
    Route(method="GET", path="/parts/speakers", handler=pages.speakers_part),
    Route(method="GET", path="/parts/speakers/{id}", handler=pages.speaker_part),
    Route(method="GET", path="/parts/speaker-rows", handler=pages.speaker_rows_part),
    Route(method="GET", path="/parts/found", handler=pages.found_part),
    Route(method="GET", path="/parts/targets", handler=pages.targets_part),
    Route(method="GET", path="/parts/prepared/{id}", handler=pages.prepared_part),
    Route(method="GET", path="/parts/airings", handler=pages.airing_rows_part),
    Route(method="GET", path="/parts/airings/{id}", handler=pages.airing_part),
    Route(method="GET", path="/sign-in", handler=auth.sign_in_page, needs=_PUBLIC),
    Route(method="GET", path="/static/{name:.+}", handler=pages.static_file, needs=_PUBLIC),
    Route(method="GET", path="/favicon.ico", handler=pages.favicon, needs=_PUBLIC),
)

ACTIONS = (
    Route(method="POST", path="/sign-in", handler=auth.post_sign_in, needs=_PUBLIC, token=_FORM),
    Route(method="POST", path="/sign-out", handler=auth.post_sign_out),
    Route(method="POST", path="/password", handler=auth.post_password, token=_FORM),
    Route(method="POST", path="/preferences", handler=actions.preferences, token=_FORM),
    Route(method="POST", path="/stop-all", handler=actions.stop_all),
    Route(method="POST", path="/stop-all/release", handler=actions.release_stop),
    Route(method="POST", path="/broadcast/prepare", handler=broadcasting.prepare, token=_FORM),
    Route(method="POST", path="/broadcast/prepare/{id}/cancel", handler=broadcasting.cancel),
    Route(method="POST", path="/broadcast/send", handler=broadcasting.send, token=_FORM),
    Route(method="POST", path="/recordings", handler=actions.upload_recording, token=_FORM),
    Route(method="POST", path="/airings/{id}/stop", handler=actions.stop_airing),
    Route(method="POST", path="/speakers/{id}/volume", handler=actions.set_volume, token=_FORM),
    Route(method="POST", path="/speakers/{id}/release", handler=actions.release_speaker),
    Route(method="POST", path="/found/{id}/identify", handler=actions.identify),
    Route(method="POST", path="/found/{id}/adopt", handler=actions.adopt, token=_FORM),
)

API = (
    endpoint("GET", "/api/v1/openapi.json", openapi.get_openapi, needs=_PUBLIC),
    endpoint("POST", "/api/v1/sign-in", signing_in.sign_in, needs=_PUBLIC, token=Token.NONE),
    endpoint("GET", "/api/v1/sign-in", signing_in.who_is_signed_in),
    endpoint("DELETE", "/api/v1/sign-in", signing_in.sign_out),
    endpoint("PUT", "/api/v1/password", signing_in.change_password),
    endpoint("GET", "/api/v1/speakers", speakers.list_speakers),
    endpoint("GET", "/api/v1/speakers/{speaker_id}", speakers.get_speaker),
    endpoint("DELETE", "/api/v1/speakers/{speaker_id}", speakers.release_speaker),
    endpoint("PUT", "/api/v1/speakers/{speaker_id}/volume", speakers.set_volume),
    endpoint("PUT", "/api/v1/speakers/{speaker_id}/name", speakers.rename_speaker),
    endpoint("GET", "/api/v1/found", newcomers.list_found),
    endpoint("POST", "/api/v1/found/{device_id}/identify", newcomers.identify),
    endpoint("POST", "/api/v1/found/{device_id}/adopt", newcomers.adopt),
    endpoint("GET", "/api/v1/areas", newcomers.list_areas),
    endpoint("GET", "/api/v1/tokens", newcomers.list_enrolment_tokens),
    endpoint("POST", "/api/v1/tokens", newcomers.create_enrolment_token),
    endpoint("GET", "/api/v1/bulletins", bulletins.list_bulletins),
    endpoint("POST", "/api/v1/bulletins", bulletins.create_bulletin),
    endpoint("GET", "/api/v1/bulletins/{bulletin_id}", bulletins.get_bulletin),
    endpoint("DELETE", "/api/v1/bulletins/{bulletin_id}", bulletins.cancel_bulletin),
    endpoint("GET", "/api/v1/bulletins/{bulletin_id}/audio", bulletins.get_bulletin_audio),
    endpoint("POST", "/api/v1/recordings", bulletins.create_recording),
    Route(method="OPTIONS", path="/api/v1/uploads", handler=tus.options),
    Route(method="GET", path="/api/v1/uploads", handler=tus.listed),
    Route(method="POST", path="/api/v1/uploads", handler=tus.create),
    Route(method="GET", path="/api/v1/uploads/{id}", handler=tus.state),
    Route(method="PATCH", path="/api/v1/uploads/{id}", handler=tus.append),
    Route(method="DELETE", path="/api/v1/uploads/{id}", handler=tus.remove),
    endpoint("GET", "/api/v1/airings", airings.list_airings),
    endpoint("POST", "/api/v1/airings", airings.create_airing),
    endpoint("GET", "/api/v1/airings/{airing_id}", airings.get_airing),
    endpoint("POST", "/api/v1/airings/{airing_id}/stop", airings.stop_airing),
    endpoint("GET", "/api/v1/stop", airings.get_stop),
    endpoint("POST", "/api/v1/stop", airings.stop_everything),
    endpoint("DELETE", "/api/v1/stop", airings.release_stop),
    endpoint("GET", "/api/v1/journal", speakers.read_journal),
    endpoint("GET", "/api/v1/deeds", watching.list_deeds),
    endpoint("GET", "/api/v1/events", watching.follow_events),
)

HEALTH = (
    Route(method="GET", path="/healthz", handler=health.healthz, needs=_PUBLIC),
    Route(method="GET", path="/readyz", handler=health.readyz, needs=_PUBLIC),
    Route(method="GET", path="/metrics", handler=health.metrics, needs=_PUBLIC),
)

ROUTES: tuple[Route, ...] = (*PAGES, *ACTIONS, *API, *HEALTH)
