"""Who gets through, written out: what each address asks for, and what each role may do.

An address asks for a right; ``public`` asks for nothing, ``anyone`` for somebody who is known, ``person`` for one who
is signed in and no API token. ``over`` names where the right is asked for, ``given`` what a person gets who has not
chosen a password of their own yet.
"""

from tests.controller.web.rights_alarms import ADDRESSES as ALARMS

_ADDRESSES = """
GET     /                                              see
GET     /airings                                       see
GET     /airings/{id}                                  see over airing
POST    /airings/{id}/stop                             stop over airing
GET     /api/v1/airings                                see
POST    /api/v1/airings                                broadcast
GET     /api/v1/airings/{airing_id}                    see over airing
GET     /api/v1/airings/{airing_id}/archives            see over airing
POST    /api/v1/airings/{airing_id}/stop               stop over airing
GET     /api/v1/api-tokens                             manage_people
POST    /api/v1/api-tokens                             manage_people
DELETE  /api/v1/api-tokens/{token_id}                  manage_people
GET     /api/v1/approvals                              approve
GET     /api/v1/areas                                  see
POST    /api/v1/areas                                  manage_areas
POST    /api/v1/areas/merge                            manage_areas
DELETE  /api/v1/areas/{area_id}                        manage_areas over area
GET     /api/v1/areas/{area_id}                        see
PUT     /api/v1/areas/{area_id}                        manage_areas over area
GET     /api/v1/areas/{area_id}/emergency-policy       see over area
PUT     /api/v1/areas/{area_id}/emergency-policy       manage_people over area
GET     /api/v1/areas/{area_id}/guards                 see over area
PUT     /api/v1/areas/{area_id}/guards                 set_guards over area
POST    /api/v1/areas/{area_id}/reopen                 manage_areas over area
PUT     /api/v1/areas/{area_id}/self-approval          manage_people over area
POST    /api/v1/areas/{area_id}/split                  manage_areas over area
GET     /api/v1/bulletins                              see
POST    /api/v1/bulletins                              compose
DELETE  /api/v1/bulletins/{bulletin_id}                compose over bulletin
GET     /api/v1/bulletins/{bulletin_id}                see over bulletin
PUT     /api/v1/bulletins/{bulletin_id}                compose over bulletin
GET     /api/v1/bulletins/{bulletin_id}/audio          see over bulletin
POST    /api/v1/bulletins/{bulletin_id}/cancel         compose over bulletin
GET     /api/v1/bulletins/{bulletin_id}/history        see over bulletin
GET     /api/v1/bulletins/{bulletin_id}/playlist       see over bulletin
POST    /api/v1/bulletins/{bulletin_id}/restore/{number} compose over bulletin
POST    /api/v1/bulletins/{bulletin_id}/retry          compose over bulletin
GET     /api/v1/calendar.ics                           see
GET     /api/v1/cap                                    cap/hand_in_alert
POST    /api/v1/cap                                    cap/hand_in_alert
GET     /api/v1/cap-feeds                              cap
POST    /api/v1/cap-feeds                              manage_areas
DELETE  /api/v1/cap-feeds/{feed_id}                    manage_areas
PUT     /api/v1/cap-feeds/{feed_id}                    manage_areas
POST    /api/v1/cap-feeds/{feed_id}/ask                manage_areas
GET     /api/v1/cap-languages                          cap
PUT     /api/v1/cap-languages/{area_id}                manage_areas
GET     /api/v1/cap-rules                              cap
POST    /api/v1/cap-rules                              manage_areas
DELETE  /api/v1/cap-rules/{rule_id}                    manage_areas
PUT     /api/v1/cap-rules/{rule_id}                    manage_areas
GET     /api/v1/cap/{alert_id}                         cap/hand_in_alert
POST    /api/v1/cap/{alert_id}/confirm                 cap
POST    /api/v1/cap/{alert_id}/decline                 cap
GET     /api/v1/cap/{alert_id}/xml                     cap/hand_in_alert
GET     /api/v1/choices                                see
POST    /api/v1/choices                                broadcast
GET     /api/v1/clips/{sha256}                         see
GET     /api/v1/deeds                                  audit
GET     /api/v1/emergencies                            see
POST    /api/v1/emergencies                            prepare_emergency
GET     /api/v1/emergencies/{emergency_id}             see over emergency
GET     /api/v1/emergencies/{emergency_id}/board       see over emergency
POST    /api/v1/emergencies/{emergency_id}/again       prepare_emergency over emergency
POST    /api/v1/emergencies/{emergency_id}/break-glass break_glass over emergency
POST    /api/v1/emergencies/{emergency_id}/confirm     confirm_emergency over emergency
POST    /api/v1/emergencies/{emergency_id}/correct     confirm_emergency over emergency
POST    /api/v1/emergencies/{emergency_id}/end         confirm_emergency over emergency
POST    /api/v1/emergencies/{emergency_id}/repair      prepare_emergency over emergency
POST    /api/v1/emergencies/{emergency_id}/withdraw    prepare_emergency over emergency
POST    /api/v1/emergency-readiness                    see
GET     /api/v1/emergency-templates                    see
GET     /api/v1/events                                 anyone
GET     /api/v1/faults                                 see
GET     /api/v1/faults/history                         see
GET     /api/v1/faults/{fault_id}                      see over fault
POST    /api/v1/faults/{fault_id}/seen                 tend over fault
GET     /api/v1/found                                  adopt
POST    /api/v1/found/{device_id}/adopt                adopt
POST    /api/v1/found/{device_id}/identify             adopt
GET     /api/v1/groups                                 see
POST    /api/v1/groups                                 tend
DELETE  /api/v1/groups/{group_id}                      tend over group
GET     /api/v1/groups/{group_id}                      see over group
PUT     /api/v1/groups/{group_id}                      tend over group
GET     /api/v1/guards                                 see
GET     /api/v1/guards/presets                         see
GET     /api/v1/hand-ins                               see/hand_in
POST    /api/v1/hand-ins                               hand_in
POST    /api/v1/hand-ins/form                          hand_in
GET     /api/v1/hand-ins/{hand_in_id}                  see/hand_in
POST    /api/v1/hand-ins/{hand_in_id}/decline          decide over hand_in
POST    /api/v1/hand-ins/{hand_in_id}/take             decide over hand_in
POST    /api/v1/hand-ins/{hand_in_id}/withdraw         hand_in
GET     /api/v1/holidays                               see
DELETE  /api/v1/holidays/{day}                         set_guards
PUT     /api/v1/holidays/{day}                         set_guards
GET     /api/v1/journal                                see
GET     /api/v1/live                                   see
POST    /api/v1/live                                   live
POST    /api/v1/live/{airing_id}/end                   live over airing
GET     /api/v1/openapi.json                           public
PUT     /api/v1/password                               person given
GET     /api/v1/people                                 manage_people
POST    /api/v1/people                                 manage_people
DELETE  /api/v1/people/{person_id}                     manage_people
GET     /api/v1/people/{person_id}                     manage_people
PATCH   /api/v1/people/{person_id}                     manage_people
POST    /api/v1/people/{person_id}/password            manage_people
POST    /api/v1/previews/rule                          broadcast
POST    /api/v1/previews/schedule                      broadcast
GET     /api/v1/programmes                             see
POST    /api/v1/programmes                             compose
DELETE  /api/v1/programmes/{programme_id}              compose over programme
GET     /api/v1/programmes/{programme_id}              see over programme
PUT     /api/v1/programmes/{programme_id}              compose over programme
GET     /api/v1/programmes/{programme_id}/history      see over programme
GET     /api/v1/programmes/{programme_id}/playlist     see over programme
POST    /api/v1/programmes/{programme_id}/restore/{number} compose over programme
GET     /api/v1/pronunciations                         see
DELETE  /api/v1/pronunciations/{language}/{written}    manage_station over wherever_heard
PUT     /api/v1/pronunciations/{language}/{written}    manage_station over wherever_heard
POST    /api/v1/recordings                             compose
GET     /api/v1/relays                                 see
GET     /api/v1/roles                                  anyone
POST    /api/v1/say                                    compose
GET     /api/v1/schedules                              see
POST    /api/v1/schedules                              broadcast
DELETE  /api/v1/schedules/{schedule_id}                broadcast over schedule
GET     /api/v1/schedules/{schedule_id}                see over schedule
PUT     /api/v1/schedules/{schedule_id}                broadcast over schedule
GET     /api/v1/schedules/{schedule_id}/approval       see over schedule
GET     /api/v1/schedules/{schedule_id}/approvals      see over schedule
POST    /api/v1/schedules/{schedule_id}/approve        approve over schedule
GET     /api/v1/schedules/{schedule_id}/conflicts      see over schedule
GET     /api/v1/schedules/{schedule_id}/history        see over schedule
GET     /api/v1/schedules/{schedule_id}/occurrences    see over schedule
POST    /api/v1/schedules/{schedule_id}/occurrences/{original}/cancel broadcast over schedule
GET     /api/v1/schedules/{schedule_id}/occurrences/{original}/free see over schedule
POST    /api/v1/schedules/{schedule_id}/occurrences/{original}/move broadcast over schedule
POST    /api/v1/schedules/{schedule_id}/occurrences/{original}/replace broadcast over schedule
POST    /api/v1/schedules/{schedule_id}/occurrences/{original}/restore broadcast over schedule
POST    /api/v1/schedules/{schedule_id}/occurrences/{original}/split broadcast over schedule
POST    /api/v1/schedules/{schedule_id}/revoke         approve over schedule
POST    /api/v1/schedules/{schedule_id}/send-back      approve over schedule
POST    /api/v1/schedules/{schedule_id}/succeed        broadcast over schedule
POST    /api/v1/sentences                              compose
DELETE  /api/v1/sign-in                                person given
GET     /api/v1/sign-in                                person given
POST    /api/v1/sign-in                                public
GET     /api/v1/speakers                               see
DELETE  /api/v1/speakers/{speaker_id}                  adopt over speaker
GET     /api/v1/speakers/{speaker_id}                  see over speaker
GET     /api/v1/speakers/{speaker_id}/actions          tend over speaker
POST    /api/v1/speakers/{speaker_id}/actions          tend over speaker
GET     /api/v1/speakers/{speaker_id}/actions/{order_id} tend over speaker
GET     /api/v1/speakers/{speaker_id}/actions/{order_id}/log tend over speaker
GET     /api/v1/speakers/{speaker_id}/boxes            see over speaker
PUT     /api/v1/speakers/{speaker_id}/delay            tend over speaker
GET     /api/v1/speakers/{speaker_id}/faults           see over speaker
PUT     /api/v1/speakers/{speaker_id}/area             tend over speaker
GET     /api/v1/speakers/{speaker_id}/guards           see over speaker
PUT     /api/v1/speakers/{speaker_id}/guards           set_guards over speaker
PUT     /api/v1/speakers/{speaker_id}/name             tend over speaker
GET     /api/v1/speakers/{speaker_id}/position         see over speaker
PUT     /api/v1/speakers/{speaker_id}/position         tend over speaker
PUT     /api/v1/speakers/{speaker_id}/profile          tend over speaker
GET     /api/v1/speakers/{speaker_id}/rundown          see over speaker
GET     /api/v1/speakers/{speaker_id}/telemetry        see over speaker
PUT     /api/v1/speakers/{speaker_id}/volume           tend over speaker
GET     /api/v1/station/home                           see
PUT     /api/v1/station/home                           manage_station
DELETE  /api/v1/stop                                   stop
GET     /api/v1/stop                                   see
POST    /api/v1/stop                                   stop
GET     /api/v1/stops                                  see
POST    /api/v1/stops                                  stop
DELETE  /api/v1/stops/{order_id}                       stop
GET     /api/v1/tokens                                 adopt
POST    /api/v1/tokens                                 adopt
GET     /api/v1/tunes                                  see
POST    /api/v1/tunes                                  compose
DELETE  /api/v1/tunes/{tune_id}                        compose over tune
GET     /api/v1/tunes/{tune_id}                        see over tune
PUT     /api/v1/tunes/{tune_id}/name                   compose over tune
POST    /api/v1/tunes/{tune_id}/retry                  compose over tune
GET     /api/v1/unplaced                               tend/manage_areas
GET     /api/v1/uploads                                compose/hand_in
OPTIONS /api/v1/uploads                                compose/hand_in
POST    /api/v1/uploads                                compose/hand_in
DELETE  /api/v1/uploads/{upload_id}                    compose/hand_in
GET     /api/v1/uploads/{upload_id}                    compose/hand_in
PATCH   /api/v1/uploads/{upload_id}                    compose/hand_in
GET     /api/v1/voices                                 see
GET     /api/v1/week                                   see
GET     /approvals                                     approve
GET     /approvals/{id}                                see over schedule
POST    /approvals/{id}/approve                        approve over schedule
POST    /approvals/{id}/revoke                         approve over schedule
POST    /approvals/{id}/send-back                      approve over schedule
GET     /areas                                         manage_areas
POST    /areas                                         manage_areas
POST    /areas/home                                    manage_station
GET     /areas/{id}                                    manage_areas over area
POST    /areas/{id}                                    manage_areas over area
POST    /areas/{id}/close                              manage_areas over area
POST    /areas/{id}/languages                          manage_areas over area
POST    /areas/{id}/merge                              manage_areas over area
POST    /areas/{id}/move                               manage_areas over area
POST    /areas/{id}/rename                             manage_areas over area
POST    /areas/{id}/reopen                             manage_areas over area
POST    /areas/{id}/split                              manage_areas over area
GET     /boxes/{device}                                see
POST    /broadcast/prepare                             compose
POST    /broadcast/prepare/{id}/cancel                 compose over bulletin
POST    /broadcast/pronounce                           manage_station over wherever_heard
POST    /broadcast/send                                broadcast
POST    /broadcast/sentences                           compose
POST    /broadcast/variants                            compose
GET     /bulletins                                     see
GET     /bulletins/{id}                                see over bulletin
GET     /bulletins/{id}/audio                          see over bulletin
POST    /bulletins/{id}/restore                        compose over bulletin
POST    /bulletins/{id}/retry                          compose over bulletin
POST    /bulletins/{id}/withdraw                       compose over bulletin
GET     /calendar                                      see
GET     /calendar.ics                                  see
GET     /clips/{sha256}                                see
GET     /deeds                                         audit
GET     /events                                        anyone
GET     /faults                                        see
GET     /faults/history                                see
POST    /faults/{fault_id}/seen                        tend over fault
GET     /cap/alerts/{name}                             public
GET     /cap/feed.atom                                 public
GET     /favicon.ico                                   public
POST    /found/{id}/adopt                              adopt
POST    /found/{id}/identify                           adopt
GET     /from-above                                    see
GET     /from-above/{id}                               see over hand_in
POST    /from-above/{id}/decline                       decide over hand_in
POST    /from-above/{id}/take                          decide over hand_in
GET     /groups                                        see
POST    /groups                                        tend
GET     /groups/new                                    tend
GET     /groups/{id}                                   see over group
POST    /groups/{id}                                   tend over group
POST    /groups/{id}/remove                            tend over group
GET     /guards                                        see
GET     /guards/areas/{id}                             see over area
POST    /guards/areas/{id}                             set_guards over area
POST    /guards/areas/{id}/self-approval               manage_people over area
GET     /guards/speakers/{id}                          see over speaker
POST    /guards/speakers/{id}                          set_guards over speaker
GET     /healthz                                       public
POST    /holidays                                      set_guards
POST    /holidays/remove                               set_guards
GET     /labels                                        see
GET     /live/{id}/microphone                          live over airing
GET     /metrics                                       public
GET     /parts/airings                                 see
GET     /parts/airings/{id}                            see over airing
GET     /parts/approvals-count                         approve
GET     /parts/faults                                  see
GET     /parts/faults-count                            anyone
GET     /parts/found                                   adopt
GET     /parts/from-above                              see
GET     /parts/from-above-count                        anyone
GET     /parts/from-above-emergencies                  anyone
GET     /parts/from-above/{id}                         see over hand_in
GET     /parts/latest                                  see
GET     /parts/on-air-light                            anyone
GET     /parts/prepared/{id}                           compose over bulletin
GET     /parts/schedules/{id}/at/{original}            see over schedule
GET     /parts/speaker-rows                            see
GET     /parts/speakers                                see
GET     /parts/speakers/{id}                           see over speaker_or_none
GET     /parts/speakers/{id}/actions                   tend over speaker_or_none
GET     /parts/speakers/{id}/faults                    see over speaker
GET     /parts/speakers/{id}/hands                     tend over speaker
GET     /parts/speakers/{id}/journal                   see over speaker_or_none
GET     /parts/speakers/{id}/past                      see over speaker
GET     /parts/speakers/{id}/plots                     see over speaker
GET     /parts/stop-all                                anyone
GET     /parts/targets                                 broadcast
GET     /parts/targets/counts                          broadcast
GET     /parts/targets/inside                          broadcast
GET     /parts/tunes                                   see
GET     /parts/variant                                 compose
GET     /password                                      anyone given
POST    /password                                      anyone given
GET     /people                                        manage_people
POST    /people                                        manage_people
GET     /people/new                                    manage_people
GET     /people/{id}                                   manage_people
POST    /people/{id}                                   manage_people
POST    /people/{id}/close                             manage_people
POST    /people/{id}/open                              manage_people
POST    /people/{id}/password                          manage_people
POST    /preferences                                   anyone given
GET     /programmes                                    see
POST    /programmes                                    compose
POST    /programmes/draft                              compose
GET     /programmes/new                                compose
GET     /programmes/{id}                               see over programme
POST    /programmes/{id}                               compose over programme
POST    /programmes/{id}/send                          broadcast over programme_seen
POST    /programmes/{id}/withdraw                      compose over programme
GET     /pronunciations                                see
POST    /pronunciations                                manage_station over wherever_heard
GET     /pronunciations/audio                          compose
POST    /pronunciations/remove                         manage_station over wherever_heard
GET     /readyz                                        public
POST    /recordings                                    compose
GET     /replace                                       adopt
GET     /schedules                                     see
POST    /schedules                                     broadcast
POST    /schedules/draft                               broadcast
GET     /schedules/new                                 broadcast
POST    /schedules/preview                             broadcast
GET     /schedules/{id}                                see over schedule
POST    /schedules/{id}                                broadcast over schedule
POST    /schedules/{id}/append                         broadcast over schedule
GET     /schedules/{id}/at/{original}                  see over schedule
POST    /schedules/{id}/at/{original}/cancel           broadcast over schedule
POST    /schedules/{id}/at/{original}/move             broadcast over schedule
POST    /schedules/{id}/at/{original}/replace          broadcast over schedule
POST    /schedules/{id}/at/{original}/restore          broadcast over schedule
POST    /schedules/{id}/choose                         broadcast over schedule
GET     /schedules/{id}/conflicts                      see over schedule
POST    /schedules/{id}/succeed                        broadcast over schedule
POST    /schedules/{id}/withdraw                       broadcast over schedule
GET     /sentences/audio                               compose
GET     /sign-in                                       public
POST    /sign-in                                       public
POST    /sign-out                                      anyone given
GET     /speakers                                      see
GET     /speakers/{id}                                 see over speaker
POST    /speakers/{id}/delay                           tend over speaker
POST    /speakers/{id}/hands                           tend over speaker
GET     /speakers/{id}/log/{order}                     tend over speaker
POST    /speakers/{id}/name                            tend over speaker
POST    /speakers/{id}/place                           tend over speaker
POST    /speakers/{id}/position                        tend over speaker
POST    /speakers/{id}/profile                         tend over speaker
POST    /speakers/{id}/release                         adopt over speaker
GET     /speakers/{id}/replace                         adopt over speaker
POST    /speakers/{id}/replace                         adopt over speaker
GET     /speakers/{id}/rundown                         see over speaker
POST    /speakers/{id}/volume                          tend over speaker
GET     /static/{name:.+}                              public
POST    /stop-all                                      stop
POST    /stop-all/release                              stop
GET     /tokens                                        manage_people
POST    /tokens                                        manage_people
POST    /tokens/{id}/revoke                            manage_people
GET     /trust                                         public
GET     /trust/loa-ca.cer                              public
GET     /trust/loa-ca.crt                              public
GET     /tunes                                         see
POST    /tunes                                         compose
POST    /tunes/{id}/rename                             compose over tune
POST    /tunes/{id}/withdraw                           compose over tune
"""

_LINES = (line.split(None, 2) for line in (_ADDRESSES + ALARMS).split("\n") if line)
TABLE = {f"{method} {path}": gate for method, path, gate in _LINES}

MAY = {
    "editor": "broadcast compose manage_station see stop",
    "announcer": "compose live see stop",
    "approver": "approve audit broadcast decide see set_guards stop",
    "officer": "approve audit break_glass broadcast cap compose confirm_emergency decide live prepare_emergency "
    "see stop",
    "technician": "adopt see stop tend",
    "administrator": "adopt approve audit break_glass broadcast cap compose confirm_emergency decide live manage_areas "
    "manage_people manage_station prepare_emergency see set_guards stop tend",
}
