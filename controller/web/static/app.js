// What the pages do beyond htmx. Every word shown comes from data attributes, translated on the server.
// Everything is bound on the document, so that parts which are fetched again need no new wiring.

import { calm } from "./calm.js";
import "./copy.js";
import "./once.js";
import "./recorder.js";
import "./upload.js";
import { ask, fill, length, number } from "./words.js";

const body = document.body;
const root = document.documentElement;
const clockSkewMs = Date.parse(body.dataset.now) - Date.now(); // the station's clock, not this computer's
const stationNow = () => Date.now() + clockSkewMs;
// --- notices ---------------------------------------------------------------------------------------------------------

function notify(sentence) {
  const notice = document.getElementById("notice").content.cloneNode(true);
  notice.querySelector("[data-text]").textContent = sentence;
  document.getElementById("flash").replaceChildren(notice);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (button) button.closest(".flash").remove();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  // A failure that says where its sentence belongs is shown there.
  if (event.detail.xhr?.getResponseHeader("HX-Retarget")) event.detail.shouldSwap = true;
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Retarget") || isPart(event)) return;
  notify(body.dataset.serverFailed);
});
document.addEventListener("htmx:sendError", (event) => {
  if (!isPart(event)) notify(body.dataset.requestFailed);
});
// Parts that fetch themselves fail quietly: the banner already tells that the connection is lost.
const isPart = (event) => event.detail.requestConfig?.verb === "get";

// --- light and dark --------------------------------------------------------------------------------------------------

const THEMES = ["auto", "light", "dark"];
function showTheme(theme) {
  root.dataset.theme = theme;
  const label = `label${theme[0].toUpperCase()}${theme.slice(1)}`;
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.hidden = false;
    button.title = button.dataset[label];
    button.setAttribute("aria-label", button.dataset[label]);
  }
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-switch]")) return;
  const theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  showTheme(theme);
});
showTheme(root.dataset.theme);

// --- asking before what cannot be undone -----------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-confirm]");
  if (!form || typeof HTMLDialogElement !== "function") return;
  event.preventDefault();
  ask(form.dataset, () => form.submit());
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// --- live updates: lost and found again ------------------------------------------------------------------------------

// A browser opens six connections to one server and no more. A page that nobody sees lets go of its stream after a
// while; seen again, it begins where it left off: the server tells what happened since the mark it knows.
const HIDDEN_MS = 10_000;
class CalmSource extends EventTarget {
  #url;
  #mark = "";
  #names = new Set(["subscribed"]);
  #source = null;
  #timer = 0;
  #closed = false;

  constructor(url) {
    super();
    this.#url = url;
    this.#open();
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  get readyState() {
    return this.#closed ? EventSource.CLOSED : (this.#source?.readyState ?? EventSource.CONNECTING);
  }

  addEventListener(name, listener, options) {
    super.addEventListener(name, listener, options);
    if (!this.#names.has(name)) this.#source?.addEventListener(name, this.#forward);
    this.#names.add(name);
  }

  close() {
    this.#closed = true;
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#release();
  }

  #open() {
    const since = this.#mark ? `since=${encodeURIComponent(this.#mark)}` : "";
    const url = since ? this.#url.replace(/since=[^&]*/, since) : this.#url;
    this.#source = new EventSource(url);
    this.#source.onopen = (event) => this.onopen?.(event);
    this.#source.onerror = this.#failed;
    for (const name of this.#names) this.#source.addEventListener(name, this.#forward);
  }

  #release() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #failed = (event) => {
    // The server answered with something else than a stream: another source is made by and by, and this one must not
    // come back to life beside it.
    if (this.#source.readyState === EventSource.CLOSED) this.close();
    this.onerror?.(event);
  };

  #forward = (event) => {
    this.#mark = event.lastEventId || this.#mark;
    this.dispatchEvent(new MessageEvent(event.type, { data: event.data, lastEventId: event.lastEventId }));
  };

  #onVisibility = () => {
    clearTimeout(this.#timer);
    if (document.hidden) this.#timer = setTimeout(() => this.#release(), HIDDEN_MS);
    else if (!this.#source) this.#open();
  };
}
if (window.htmx) htmx.createEventSource = (url) => new CalmSource(url);

const lost = document.querySelector("[data-lost]");
const lostWords = lost?.querySelector("span");
const lostSentence = lostWords?.textContent;
function showLost(sentence) {
  lost.hidden = false;
  if (lostWords.textContent !== sentence) lostWords.textContent = sentence;
}
document.addEventListener("htmx:sseError", async (event) => {
  if (!lost) return;
  const refused = event.detail.source.readyState === EventSource.CLOSED;
  const answer = refused && (await fetch("/api/v1/sign-in").catch(() => null));
  showLost(answer && answer.status === 401 ? lost.dataset.signedOut : lostSentence);
});
document.addEventListener("htmx:sseOpen", () => {
  if (!lost || lost.hidden) return;
  lost.hidden = true;
  body.dispatchEvent(new CustomEvent("loa:resync"));
});

for (const kind of ["sse:airing", "sse:speakers"]) document.addEventListener(kind, calm, true);

// A part that says what it said before is left alone: nothing flickers, and no click is lost on what is being replaced.
const shown = new WeakMap();
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, target, serverResponse, xhr } = event.detail;
  if (!isPart(event) || requestConfig.elt !== target || xhr.status !== 200) return;
  if (shown.get(target) === serverResponse) event.detail.shouldSwap = false;
  shown.set(target, serverResponse);
});

// What a person has opened stays open when its part is fetched again.
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  opened = [...event.detail.target.querySelectorAll("details[data-keep][open]")].map((details) => details.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
});

// What a press of a button brings elsewhere on the page comes into view.
document.addEventListener("htmx:afterSwap", (event) => {
  const { requestConfig, target } = event.detail;
  if (target.matches("[data-in-view]") && requestConfig.elt !== target) target.scrollIntoView({ block: "nearest" });
});

// --- time ------------------------------------------------------------------------------------------------------------

function showAgo(time) {
  const seconds = Math.max(0, (stationNow() - Date.parse(time.dateTime)) / 1000);
  const steps = [[86400, "agoD"], [3600, "agoH"], [60, "agoMin"], [5, "agoS"]];
  const [size, key] = steps.find(([limit]) => seconds >= limit) ?? [1, "agoNow"];
  const unit = key === "agoS" ? 1 : size;
  time.textContent = fill(body.dataset[key], { n: Math.floor(seconds / unit) });
}

function showCountdown(box) {
  const { countdown, before, during, after } = box.dataset;
  const total = Number(box.dataset.length);
  const elapsed = (stationNow() - Date.parse(countdown)) / 1000;
  box.querySelector("progress").value = Math.min(total, Math.max(0, elapsed));
  let words = fill(during, { t: length(Math.floor(elapsed)), length: length(total) });
  if (elapsed < 0) words = fill(before, { t: length(Math.ceil(-elapsed)) });
  if (elapsed > total) words = after;
  const place = box.querySelector("[data-countdown-words]");
  if (place.textContent !== words) place.textContent = words;
}

function showClock(clock) {
  const zone = { timeZone: clock.dataset.zone, hour12: false };
  clock.textContent = new Date(stationNow()).toLocaleTimeString("en-GB", zone);
}

function tick() {
  document.querySelectorAll("time[data-ago]").forEach(showAgo);
  document.querySelectorAll("[data-clock]").forEach(showClock);
}
const tickCountdowns = () => document.querySelectorAll("[data-countdown]").forEach(showCountdown);
setInterval(tick, 1000);
setInterval(tickCountdowns, 250);
document.addEventListener("htmx:afterSettle", () => {
  tick();
  tickCountdowns();
  refreshCompose();
});

// --- compose: count, estimate, choose --------------------------------------------------------------------------------

const compose = document.querySelector("[data-compose]");

function showCount() {
  const text = compose.querySelector("[data-text]");
  if (!text) return;
  const place = compose.querySelector("[data-count]");
  const max = Number(text.dataset.max);
  const characters = [...text.value].length;
  const words = (text.value.match(/\S+/g) ?? []).length;
  const pauses = (text.value.match(/[.!?…;:\n]+/g) ?? []).length;
  const over = characters > max;
  place.classList.toggle("over", over);
  const values = { n: number(over ? characters - max : characters), max: number(max) };
  place.querySelector("[data-count-characters]").textContent = fill(over ? place.dataset.over : place.dataset.characters, values);
  const seconds = (words * 60) / Number(compose.querySelector("[data-rate]").value) + pauses * 0.4;
  place.querySelector("[data-count-duration]").textContent = words ? fill(place.dataset.duration, { t: length(seconds) }) : "";
}

function showTargets() {
  const tree = compose.querySelector("[data-targets]");
  if (!tree) return;
  for (const area of tree.querySelectorAll("[data-area]")) {
    const boxes = [...area.querySelectorAll("[data-target-box]")];
    const box = area.querySelector("[data-area-box]");
    const chosen = boxes.filter((one) => one.checked).length;
    box.checked = chosen === boxes.length;
    box.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const all = [...tree.querySelectorAll("[data-target-box]")];
  const chosen = all.filter((one) => one.checked);
  const ready = chosen.filter((one) => one.dataset.ready === "yes").length;
  const pattern = chosen.length ? tree.dataset.some : tree.dataset.none;
  const sum = fill(pattern, { n: number(chosen.length), total: number(all.length), ready: number(ready) });
  for (const place of compose.querySelectorAll("[data-targets-sum]")) place.textContent = sum;
}

// After a change of the content what was heard is no longer what would be sent.
function showStale() {
  const prepared = compose.querySelector("[data-prepared]");
  if (!prepared) return;
  const ready = prepared.querySelector("[data-ready-player]");
  const stale = Boolean(ready) && compose.dataset.stale === "yes";
  prepared.classList.toggle("stale", stale);
  const send = prepared.querySelector("[data-send]");
  if (ready && send) send.disabled = stale;
  if (stale) prepared.querySelectorAll("audio").forEach((audio) => audio.pause());
}

function refreshCompose() {
  if (!compose) return;
  showCount();
  showTargets();
  showStale();
}

function onComposeInput(event) {
  const field = event.target;
  if (field.name === "source") compose.dataset.source = field.value;
  if (field.name === "when") compose.dataset.when = field.value;
  if (field.name === "language" && compose.querySelector("[data-text]")) compose.querySelector("[data-text]").lang = field.value;
  if (field.matches("[data-area-box]")) {
    field.closest("[data-area]").querySelectorAll("[data-target-box]").forEach((box) => (box.checked = field.checked));
  }
  if (field.matches("[data-content], [name=source]")) compose.dataset.stale = "yes";
  refreshCompose();
}

if (compose) {
  // What was chosen before this script was there, or is restored by the browser.
  for (const field of compose.querySelectorAll("[name=source]:checked, [name=when]:checked")) {
    if (compose.dataset[field.name] !== field.value) onComposeInput({ target: field });
  }
  compose.addEventListener("input", onComposeInput);
  compose.addEventListener("loa:recording", () => {
    compose.dataset.stale = "yes";
    showStale();
  });
  compose.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt === compose) compose.dataset.stale = "no";
  });
  compose.addEventListener("htmx:afterSwap", (event) => {
    // Who pressed "listen" wants to hear it; where the browser forbids it, the player is there to be pressed.
    if (event.target.id !== "prepared" || compose.dataset.stale === "yes") return;
    const player = event.target.querySelector("[data-ready-player]");
    if (!player) return;
    player.scrollIntoView({ block: "nearest" });
    import("./player.js").then(({ playIn }) => playIn(player), () => {});
  });
  refreshCompose();
}

document.addEventListener("input", (event) => {
  const slider = event.target.closest("input[type=range][data-unit]");
  if (!slider) return;
  const words = fill(slider.dataset.unit, { n: slider.value });
  slider.setAttribute("aria-valuetext", words);
  slider.parentElement.querySelector("[data-slider-output]").textContent = words;
});

// --- the picture of the sound ----------------------------------------------------------------------------------------

function showPlayed(event) {
  const audio = event.target;
  const wave = audio.closest?.("[data-player]")?.querySelector("[data-wave]");
  if (!wave || !audio.duration) return;
  const played = (wave.viewBox.baseVal.width * audio.currentTime) / audio.duration;
  wave.querySelector("[data-wave-played]").setAttribute("width", String(played));
}
for (const kind of ["timeupdate", "seeked", "ended"]) document.addEventListener(kind, showPlayed, true);
document.addEventListener("click", (event) => {
  const wave = event.target.closest("[data-wave]");
  const audio = wave?.closest("[data-player]")?.querySelector("audio");
  if (!audio?.duration) return;
  const box = wave.getBoundingClientRect();
  audio.currentTime = (audio.duration * (event.clientX - box.left)) / box.width;
});

// Who is added to a group gets the turn after the last, until somebody writes another.
document.addEventListener("change", (event) => {
  const table = event.target.closest?.("[data-turns]");
  if (!table || !event.target.matches("[type=checkbox]") || !event.target.checked) return;
  const turnOf = (box) => box.closest("tr").querySelector(".turn-field");
  const others = [...table.querySelectorAll("[type=checkbox]:checked")].filter((box) => box !== event.target);
  const turn = turnOf(event.target);
  if (turn.value === turn.defaultValue) turn.value = String(Math.max(0, ...others.map((box) => Number(turnOf(box).value))) + 1);
});

// --- what only some pages need ---------------------------------------------------------------------------------------

const SOMETIMES = [
  ["[data-track]", "./player.js"],
  ["[data-fold]", "./fold.js"],
  ["[data-sentences]", "./sentences.js"],
  ["[data-variants]", "./variants.js"],
  ["[data-programme]", "./programme.js"],
  ["[data-calendar]", "./calendar.js"],
  ["[data-schedule]", "./schedule.js"],
  ["[data-say]", "./say.js"],
  ["[data-say-form]", "./say.js"],
  ["[data-tree]", "./alarm.js"],
  ["[data-hold]", "./alarm.js"],
  ["[data-console]", "./kept.js"],
  ["[data-elapsed]", "./alarm.js"],
  ["[data-microphone]", "./microphone.js"],
];
function load() {
  for (const [selector, script] of SOMETIMES) {
    // Where the connection is lost, the banner says so; the next part that comes tries again.
    if (document.querySelector(selector)) import(script).catch(() => {});
  }
}
document.addEventListener("htmx:afterSettle", load);
load();

tick();
tickCountdowns();
