"""The one table of what this server answers. What is not here is not there; `server.make_web_app` builds from it."""

from controller.domain.rights import Right
from controller.web import (
    actions,
    areas,
    auth,
    broadcasting,
    health,
    pages,
    people,
    secure_pages,
    speaker_pages,
    subjects,
    target_pages,
)
from controller.web.aboveroutes import ABOVE_ACTIONS, ABOVE_API, ABOVE_PAGES
from controller.web.api import airings, newcomers, openapi, signing_in, speakers, watching
from controller.web.api import areas as api_areas
from controller.web.api import people as api_people
from controller.web.api.endpoint import endpoint
from controller.web.asking import Needs, Route, Token
from controller.web.cap.routes import CAP_ACTIONS, CAP_API, CAP_PAGES, CAP_PUBLIC
from controller.web.contentroutes import CONTENT
from controller.web.deskroutes import DESK
from controller.web.emergency.api import EMERGENCY_API
from controller.web.emergency.routes import EMERGENCY_ACTIONS, EMERGENCY_PAGES
from controller.web.faultroutes import FAULT_API
from controller.web.handroutes import HAND_API
from controller.web.live.routes import LIVE_API, LIVE_PAGES, LIVE_SOCKETS
from controller.web.placeroutes import PLACE_ACTIONS, PLACE_API, PLACE_PAGES
from controller.web.planningroutes import PLANNING_API, PLANNING_PAGES
from controller.web.scheduleroutes import PLANS
from controller.web.technicianroutes import TECHNICIAN
from controller.web.uploads import tus

_PUBLIC = Needs.PUBLIC
_FORM = Token.HANDLER
_PEOPLE = Right.MANAGE_PEOPLE
_AREAS = Right.MANAGE_AREAS

PAGES = (
    Route(method="GET", path="/", handler=pages.broadcast, right=Right.SEE),
    Route(method="GET", path="/speakers", handler=speaker_pages.speakers, right=Right.SEE),
    Route(method="GET", path="/speakers/{id}", handler=speaker_pages.speaker, right=Right.SEE, over=subjects.speaker),
    Route(method="GET", path="/airings", handler=pages.airings, right=Right.SEE),
    Route(method="GET", path="/airings/{id}", handler=pages.airing, right=Right.SEE, over=subjects.airing),
    Route(method="GET", path="/password", handler=auth.password_page, with_given_password=True),
    Route(method="GET", path="/trust", handler=secure_pages.trust, needs=_PUBLIC),
    Route(method="GET", path="/trust/loa-ca.crt", handler=secure_pages.authority, needs=_PUBLIC),
    Route(method="GET", path="/trust/loa-ca.cer", handler=secure_pages.authority, needs=_PUBLIC),
    Route(
        method="GET",
        path="/bulletins/{id}/audio",
        handler=pages.bulletin_audio,
        right=Right.SEE,
        over=subjects.bulletin,
    ),
    Route(method="GET", path="/events", handler=pages.events, lasting=True),
    Route(method="GET", path="/parts/on-air-light", handler=pages.on_air_light_part),
    Route(method="GET", path="/parts/stop-all", handler=pages.stop_all_part),
    Route(method="GET", path="/parts/latest", handler=pages.latest_part, right=Right.SEE),
    Route(method="GET", path="/parts/speakers", handler=pages.speakers_part, right=Right.SEE),
    Route(
        method="GET",
        path="/parts/speakers/{id}",
        handler=speaker_pages.speaker_part,
        right=Right.SEE,
        over=subjects.speaker_or_none,
    ),
    Route(method="GET", path="/parts/speaker-rows", handler=speaker_pages.speaker_rows_part, right=Right.SEE),
    Route(method="GET", path="/parts/found", handler=pages.found_part, right=Right.ADOPT),
    Route(method="GET", path="/parts/targets", handler=target_pages.targets_part, right=Right.BROADCAST),
    Route(method="GET", path="/parts/targets/inside", handler=target_pages.inside_part, right=Right.BROADCAST),
    Route(method="GET", path="/parts/targets/counts", handler=target_pages.counts_part, right=Right.BROADCAST),
    Route(
        method="GET",
        path="/parts/prepared/{id}",
        handler=pages.prepared_part,
        right=Right.COMPOSE,
        over=subjects.bulletin,
    ),
    Route(method="GET", path="/parts/airings", handler=pages.airing_rows_part, right=Right.SEE),
    Route(method="GET", path="/parts/airings/{id}", handler=pages.airing_part, right=Right.SEE, over=subjects.airing),
    Route(method="GET", path="/sign-in", handler=auth.sign_in_page, needs=_PUBLIC),
    Route(method="GET", path="/static/{name:.+}", handler=pages.static_file, needs=_PUBLIC),
    Route(method="GET", path="/favicon.ico", handler=pages.favicon, needs=_PUBLIC),
    Route(method="GET", path="/people", handler=people.people, right=_PEOPLE),
    Route(method="GET", path="/people/new", handler=people.new_person, right=_PEOPLE),
    Route(method="GET", path="/people/{id}", handler=people.person, right=_PEOPLE),
    Route(method="GET", path="/tokens", handler=people.tokens, right=_PEOPLE),
    Route(method="GET", path="/areas", handler=areas.areas, right=_AREAS),
    Route(method="GET", path="/deeds", handler=people.deeds, right=Right.AUDIT),
    *PLACE_PAGES,
)

ACTIONS = (
    Route(method="POST", path="/sign-in", handler=auth.post_sign_in, needs=_PUBLIC, token=_FORM),
    Route(method="POST", path="/sign-out", handler=auth.post_sign_out, with_given_password=True),
    Route(method="POST", path="/password", handler=auth.post_password, token=_FORM, with_given_password=True),
    Route(method="POST", path="/preferences", handler=actions.preferences, token=_FORM, with_given_password=True),
    Route(method="POST", path="/stop-all", handler=actions.stop_all, right=Right.STOP),
    Route(method="POST", path="/stop-all/release", handler=actions.release_stop, right=Right.STOP),
    Route(method="POST", path="/broadcast/prepare", handler=broadcasting.prepare, token=_FORM, right=Right.COMPOSE),
    Route(
        method="POST",
        path="/broadcast/prepare/{id}/cancel",
        handler=broadcasting.cancel,
        right=Right.COMPOSE,
        over=subjects.bulletin,
    ),
    Route(method="POST", path="/broadcast/send", handler=broadcasting.send, token=_FORM, right=Right.BROADCAST),
    Route(method="POST", path="/recordings", handler=actions.upload_recording, token=_FORM, right=Right.COMPOSE),
    Route(
        method="POST", path="/airings/{id}/stop", handler=actions.stop_airing, right=Right.STOP, over=subjects.airing
    ),
    Route(
        method="POST",
        path="/speakers/{id}/volume",
        handler=actions.set_volume,
        token=_FORM,
        right=Right.TEND,
        over=subjects.speaker,
    ),
    Route(
        method="POST",
        path="/speakers/{id}/release",
        handler=actions.release_speaker,
        right=Right.ADOPT,
        over=subjects.speaker,
    ),
    Route(method="POST", path="/found/{id}/identify", handler=actions.identify, right=Right.ADOPT),
    Route(method="POST", path="/found/{id}/adopt", handler=actions.adopt, token=_FORM, right=Right.ADOPT),
    Route(method="POST", path="/people", handler=people.add_person, right=_PEOPLE, token=_FORM),
    Route(method="POST", path="/people/{id}", handler=people.change_person, right=_PEOPLE, token=_FORM),
    Route(method="POST", path="/people/{id}/close", handler=people.close_person, right=_PEOPLE),
    Route(method="POST", path="/people/{id}/open", handler=people.open_person, right=_PEOPLE),
    Route(method="POST", path="/people/{id}/password", handler=people.reset_password, right=_PEOPLE),
    Route(method="POST", path="/areas", handler=areas.add, right=_AREAS, token=_FORM),
    Route(method="POST", path="/areas/home", handler=areas.set_home, right=Right.MANAGE_STATION, token=_FORM),
    Route(
        method="POST",
        path="/areas/{id}/rename",
        handler=areas.rename,
        right=_AREAS,
        over=subjects.area,
        token=_FORM,
    ),
    Route(method="POST", path="/areas/{id}/move", handler=areas.move, right=_AREAS, over=subjects.area, token=_FORM),
    Route(method="POST", path="/areas/{id}/close", handler=areas.close, right=_AREAS, over=subjects.area, token=_FORM),
    Route(method="POST", path="/tokens", handler=people.create_token, right=_PEOPLE, token=_FORM),
    Route(method="POST", path="/tokens/{id}/revoke", handler=people.revoke_token, right=_PEOPLE),
    *PLACE_ACTIONS,
)

API = (
    endpoint("GET", "/api/v1/openapi.json", openapi.get_openapi, needs=_PUBLIC),
    endpoint("POST", "/api/v1/sign-in", signing_in.sign_in, needs=_PUBLIC, token=Token.NONE),
    endpoint("GET", "/api/v1/sign-in", signing_in.who_is_signed_in, needs=Needs.PERSON, with_given_password=True),
    endpoint("DELETE", "/api/v1/sign-in", signing_in.sign_out, needs=Needs.PERSON, with_given_password=True),
    endpoint("PUT", "/api/v1/password", signing_in.change_password, needs=Needs.PERSON, with_given_password=True),
    endpoint("GET", "/api/v1/speakers", speakers.list_speakers, right=Right.SEE),
    endpoint("GET", "/api/v1/speakers/{speaker_id}", speakers.get_speaker, right=Right.SEE, over=subjects.speaker),
    endpoint(
        "DELETE", "/api/v1/speakers/{speaker_id}", speakers.release_speaker, right=Right.ADOPT, over=subjects.speaker
    ),
    endpoint(
        "PUT", "/api/v1/speakers/{speaker_id}/volume", speakers.set_volume, right=Right.TEND, over=subjects.speaker
    ),
    endpoint("PUT", "/api/v1/speakers/{speaker_id}/delay", speakers.set_delay, right=Right.TEND, over=subjects.speaker),
    endpoint(
        "PUT", "/api/v1/speakers/{speaker_id}/profile", speakers.set_profile, right=Right.TEND, over=subjects.speaker
    ),
    endpoint(
        "PUT", "/api/v1/speakers/{speaker_id}/name", speakers.rename_speaker, right=Right.TEND, over=subjects.speaker
    ),
    endpoint("GET", "/api/v1/found", newcomers.list_found, right=Right.ADOPT),
    endpoint("POST", "/api/v1/found/{device_id}/identify", newcomers.identify, right=Right.ADOPT),
    endpoint("POST", "/api/v1/found/{device_id}/adopt", newcomers.adopt, right=Right.ADOPT),
    endpoint("GET", "/api/v1/areas", api_areas.list_areas, right=Right.SEE),
    endpoint("POST", "/api/v1/areas", api_areas.create_area, right=_AREAS),
    endpoint("GET", "/api/v1/areas/{area_id}", api_areas.get_area, right=Right.SEE),
    endpoint("PUT", "/api/v1/areas/{area_id}", api_areas.change_area, right=_AREAS, over=subjects.area),
    endpoint("DELETE", "/api/v1/areas/{area_id}", api_areas.close_area, right=_AREAS, over=subjects.area),
    endpoint("GET", "/api/v1/station/home", api_areas.get_home, right=Right.SEE),
    endpoint("PUT", "/api/v1/station/home", api_areas.set_home, right=Right.MANAGE_STATION),
    endpoint("GET", "/api/v1/tokens", newcomers.list_enrolment_tokens, right=Right.ADOPT),
    endpoint("POST", "/api/v1/tokens", newcomers.create_enrolment_token, right=Right.ADOPT),
    *PLACE_API,
    *HAND_API,
    *FAULT_API,
    *CONTENT,
    endpoint("OPTIONS", "/api/v1/uploads", tus.get_upload_options, right=Right.COMPOSE, or_right=Right.HAND_IN),
    endpoint("GET", "/api/v1/uploads", tus.list_uploads, right=Right.COMPOSE, or_right=Right.HAND_IN),
    endpoint("POST", "/api/v1/uploads", tus.create_upload, right=Right.COMPOSE, or_right=Right.HAND_IN),
    endpoint("GET", "/api/v1/uploads/{upload_id}", tus.get_upload, right=Right.COMPOSE, or_right=Right.HAND_IN),
    endpoint("PATCH", "/api/v1/uploads/{upload_id}", tus.append_to_upload, right=Right.COMPOSE, or_right=Right.HAND_IN),
    endpoint("DELETE", "/api/v1/uploads/{upload_id}", tus.remove_upload, right=Right.COMPOSE, or_right=Right.HAND_IN),
    endpoint("GET", "/api/v1/airings", airings.list_airings, right=Right.SEE),
    endpoint("POST", "/api/v1/airings", airings.create_airing, right=Right.BROADCAST),
    endpoint("GET", "/api/v1/airings/{airing_id}", airings.get_airing, right=Right.SEE, over=subjects.airing),
    endpoint("POST", "/api/v1/airings/{airing_id}/stop", airings.stop_airing, right=Right.STOP, over=subjects.airing),
    endpoint("GET", "/api/v1/stop", airings.get_stop, right=Right.SEE),
    endpoint("POST", "/api/v1/stop", airings.stop_everything, right=Right.STOP),
    endpoint("DELETE", "/api/v1/stop", airings.release_stop, right=Right.STOP),
    endpoint("GET", "/api/v1/journal", speakers.read_journal, right=Right.SEE),
    endpoint("GET", "/api/v1/deeds", watching.list_deeds, right=Right.AUDIT),
    endpoint("GET", "/api/v1/events", watching.follow_events, lasting=True),
    endpoint("GET", "/api/v1/roles", api_people.list_roles),
    endpoint("GET", "/api/v1/people", api_people.list_people, right=_PEOPLE),
    endpoint("POST", "/api/v1/people", api_people.add_person, right=_PEOPLE),
    endpoint("GET", "/api/v1/people/{person_id}", api_people.get_person, right=_PEOPLE),
    endpoint("PATCH", "/api/v1/people/{person_id}", api_people.change_person, right=_PEOPLE),
    endpoint("DELETE", "/api/v1/people/{person_id}", api_people.close_person, right=_PEOPLE),
    endpoint("POST", "/api/v1/people/{person_id}/password", api_people.reset_password, right=_PEOPLE),
    endpoint("GET", "/api/v1/api-tokens", api_people.list_api_tokens, right=_PEOPLE),
    endpoint("POST", "/api/v1/api-tokens", api_people.create_api_token, right=_PEOPLE),
    endpoint("DELETE", "/api/v1/api-tokens/{token_id}", api_people.revoke_api_token, right=_PEOPLE),
)

HEALTH = (
    Route(method="GET", path="/healthz", handler=health.healthz, needs=_PUBLIC),
    Route(method="GET", path="/readyz", handler=health.readyz, needs=_PUBLIC),
    Route(method="GET", path="/metrics", handler=health.metrics, needs=_PUBLIC),
)

ROUTES: tuple[Route, ...] = (
    *PAGES,
    *ACTIONS,
    *DESK,
    *PLANS,
    *TECHNICIAN,
    *PLANNING_PAGES,
    *ABOVE_PAGES,
    *EMERGENCY_PAGES,
    *EMERGENCY_ACTIONS,
    *LIVE_PAGES,
    *CAP_PUBLIC,
    *CAP_PAGES,
    *CAP_ACTIONS,
    *ABOVE_ACTIONS,
    *API,
    *PLANNING_API,
    *EMERGENCY_API,
    *LIVE_API,
    *LIVE_SOCKETS,
    *ABOVE_API,
    *CAP_API,
    *HEALTH,
)
