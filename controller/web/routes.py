"""The one table of what this server answers. What is not here is not there; `server.make_web_app` builds from it."""

from controller.web import actions, api, auth, broadcasting, health, pages
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
    Route(method="POST", path="/api/v1/sign-in", handler=api.post_sign_in, needs=_PUBLIC, token=Token.NONE),
    Route(method="GET", path="/api/v1/sign-in", handler=api.get_sign_in),
    Route(method="DELETE", path="/api/v1/sign-in", handler=api.delete_sign_in),
    Route(method="PUT", path="/api/v1/password", handler=api.put_password),
    Route(method="GET", path="/api/v1/speakers", handler=api.speakers),
    Route(method="GET", path="/api/v1/speakers/{id}", handler=api.speaker),
    Route(method="DELETE", path="/api/v1/speakers/{id}", handler=api.release_speaker),
    Route(method="PUT", path="/api/v1/speakers/{id}/volume", handler=api.set_volume),
    Route(method="PUT", path="/api/v1/speakers/{id}/name", handler=api.rename_speaker),
    Route(method="GET", path="/api/v1/found", handler=api.found),
    Route(method="POST", path="/api/v1/found/{id}/identify", handler=api.identify),
    Route(method="POST", path="/api/v1/found/{id}/adopt", handler=api.adopt),
    Route(method="GET", path="/api/v1/areas", handler=api.areas),
    Route(method="GET", path="/api/v1/tokens", handler=api.tokens),
    Route(method="POST", path="/api/v1/tokens", handler=api.create_token),
    Route(method="GET", path="/api/v1/bulletins", handler=api.bulletins),
    Route(method="POST", path="/api/v1/bulletins", handler=api.create_bulletin),
    Route(method="GET", path="/api/v1/bulletins/{id}", handler=api.bulletin),
    Route(method="DELETE", path="/api/v1/bulletins/{id}", handler=api.cancel_bulletin),
    Route(method="GET", path="/api/v1/bulletins/{id}/audio", handler=pages.bulletin_audio),
    Route(method="POST", path="/api/v1/recordings", handler=api.create_recording, token=_FORM),
    Route(method="OPTIONS", path="/api/v1/uploads", handler=tus.options),
    Route(method="GET", path="/api/v1/uploads", handler=tus.listed),
    Route(method="POST", path="/api/v1/uploads", handler=tus.create),
    Route(method="GET", path="/api/v1/uploads/{id}", handler=tus.state),
    Route(method="PATCH", path="/api/v1/uploads/{id}", handler=tus.append),
    Route(method="DELETE", path="/api/v1/uploads/{id}", handler=tus.remove),
    Route(method="GET", path="/api/v1/airings", handler=api.airings),
    Route(method="POST", path="/api/v1/airings", handler=api.create_airing),
    Route(method="GET", path="/api/v1/airings/{id}", handler=api.airing),
    Route(method="POST", path="/api/v1/airings/{id}/stop", handler=api.stop_airing),
    Route(method="GET", path="/api/v1/stop", handler=api.stop),
    Route(method="POST", path="/api/v1/stop", handler=api.stop_all),
    Route(method="DELETE", path="/api/v1/stop", handler=api.release_stop),
    Route(method="GET", path="/api/v1/journal", handler=api.journal),
    Route(method="GET", path="/api/v1/deeds", handler=api.deeds),
    Route(method="GET", path="/api/v1/events", handler=api.events),
)

HEALTH = (
    Route(method="GET", path="/healthz", handler=health.healthz, needs=_PUBLIC),
    Route(method="GET", path="/readyz", handler=health.readyz, needs=_PUBLIC),
    Route(method="GET", path="/metrics", handler=health.metrics, needs=_PUBLIC),
)

ROUTES: tuple[Route, ...] = (*PAGES, *ACTIONS, *API, *HEALTH)
