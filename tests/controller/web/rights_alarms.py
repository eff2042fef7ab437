"""Who gets through to the pages of emergencies, drills, stops, live broadcasts and alerts; see `rights_table`."""

ADDRESSES = """
GET     /cap                                           cap
POST    /cap                                           cap
GET     /cap/settings                                  manage_areas
POST    /cap/settings/feeds                            manage_areas
POST    /cap/settings/feeds/{id}/ask                   manage_areas
POST    /cap/settings/feeds/{id}/remove                manage_areas
POST    /cap/settings/rules                            manage_areas
POST    /cap/settings/rules/{id}/remove                manage_areas
GET     /cap/{id}                                      cap
POST    /cap/{id}/confirm                              cap
POST    /cap/{id}/decline                              cap
GET     /cap/{id}/xml                                  cap
GET     /emergency                                     prepare_emergency/confirm_emergency
POST    /emergency                                     prepare_emergency
POST    /emergency/draft                               prepare_emergency
GET     /emergency/drill                               prepare_emergency/confirm_emergency
POST    /emergency/drill                               prepare_emergency
POST    /emergency/drill/draft                         prepare_emergency
GET     /emergency/policies                            manage_people
POST    /emergency/policies                            manage_people
GET     /emergency/{id}                                see over emergency
POST    /emergency/{id}/again                          prepare_emergency over emergency
POST    /emergency/{id}/break-glass                    break_glass over emergency
POST    /emergency/{id}/confirm                        confirm_emergency over emergency
GET     /emergency/{id}/correct                        confirm_emergency over emergency
POST    /emergency/{id}/correct                        confirm_emergency over emergency
GET     /emergency/{id}/correct/new                    prepare_emergency over emergency
POST    /emergency/{id}/end                            confirm_emergency over emergency
POST    /emergency/{id}/repair                         prepare_emergency over emergency
POST    /emergency/{id}/stop                           stop over emergency
POST    /emergency/{id}/withdraw                       prepare_emergency over emergency
GET     /live                                          live
POST    /live/{id}/end                                 live over airing
GET     /parts/airings/{id}/relay                      see over airing
GET     /parts/alarms                                  anyone
GET     /parts/cap                                     cap
GET     /parts/cap-count                               cap
GET     /parts/cap/{id}                                cap
GET     /parts/emergency/areas                         prepare_emergency
GET     /parts/emergency/ready                         prepare_emergency
GET     /parts/emergency/{id}                          see over emergency
GET     /parts/emergency/{id}/board                    see over emergency
GET     /parts/emergency/{id}/more                     see over emergency
GET     /parts/live                                    live
GET     /parts/live/ready                              live
GET     /parts/stops                                   stop
GET     /parts/stops/ready                             stop
GET     /stops                                         stop
POST    /stops                                         stop
POST    /stops/{id}/release                            stop
"""
