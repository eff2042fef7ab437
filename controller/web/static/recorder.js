// Recording with the microphone: level, time, pause, listening again; what is used goes up like a chosen file.
// Every box marked data-recorder, inside a box marked data-drop, is a recorder of its own; see _recorder.html.

import { KINDS, LOUD, QUIET, showPeak, watchLevel, whyNot } from "./level.js";
import { isPrecious, uploadInto } from "./upload.js";
import { ask, fill, length } from "./words.js";

const ENDINGS = { "audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a" };
const BITS_PER_SECOND = 96_000;
const PIECE_MS = 1_000; // how often the browser hands over what it has recorded
const QUIET_AFTER_MS = 3_000;
const recorders = new WeakMap(); // box -> its Recorder

class Recorder {
  constructor(box) {
    this.box = box;
    this.pieces = [];
    this.show("idle");
  }

  part(name) {
    return this.box.querySelector(`[data-record-${name}]`);
  }

  say(words) {
    if (this.part("note").textContent !== words) this.part("note").textContent = words;
  }

  // idle, asking, recording, paused, review
  show(state) {
    this.state = state;
    this.box.dataset.state = state;
    this.part("start").hidden = state !== "idle" && state !== "asking";
    this.part("start").disabled = state === "asking";
    this.part("live").hidden = state !== "recording" && state !== "paused";
    this.part("pause").hidden = state !== "recording";
    this.part("resume").hidden = state !== "paused";
    this.part("review").hidden = state !== "review";
  }

  // --- beginning --------------------------------------------------------------------------------------------------------

  async start() {
    const words = this.box.dataset;
    if (!window.isSecureContext) return this.say(fill(words.insecure, { host: location.host }));
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return this.say(words.unsupported);
    this.show("asking");
    this.say(words.asking);
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
      this.record();
    } catch (error) {
      this.release();
      this.show("idle");
      this.say(words[whyNot(error)]);
      this.part("start").focus();
    }
    return undefined;
  }

  record() {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.media = new MediaRecorder(this.stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    this.pieces = [];
    this.recordedMs = 0;
    this.since = performance.now();
    this.heardAt = this.since;
    this.media.addEventListener("dataavailable", (event) => event.data.size && this.pieces.push(event.data));
    this.media.addEventListener("stop", () => this.review());
    this.media.addEventListener("error", () => this.stop(this.box.dataset.unplugged));
    this.stream.getTracks()[0].addEventListener("ended", () => this.stop(this.box.dataset.unplugged));
    this.media.start(PIECE_MS);
    this.listenToLevel();
    this.show("recording");
    this.say(this.box.dataset.recording);
    this.part("stop").focus();
    this.clock = setInterval(() => this.tick(), 200);
    this.tick();
  }

  // --- while it records -------------------------------------------------------------------------------------------------

  listenToLevel() {
    this.audio = new AudioContext();
    const source = this.audio.createMediaStreamSource(this.stream);
    watchLevel(this.audio, source, () => !this.audio, (peak) => this.showLevel(peak));
  }

  showLevel(peak) {
    const now = performance.now();
    showPeak(this.part("level"), peak, this.state === "recording");
    if (peak > QUIET || this.state !== "recording") this.heardAt = now;
    if (peak > LOUD) this.loudAt = now;
    if (this.state !== "recording") return;
    const { recording, quiet, loud } = this.box.dataset;
    if (now - this.heardAt > QUIET_AFTER_MS) this.say(quiet);
    else this.say(now - (this.loudAt ?? -1e6) < QUIET_AFTER_MS ? loud : recording);
  }

  get elapsedMs() {
    return this.recordedMs + (this.state === "recording" ? performance.now() - this.since : 0);
  }

  tick() {
    const most = Number(this.box.dataset.maxS);
    const seconds = this.elapsedMs / 1000;
    this.part("time").textContent = fill(this.box.dataset.time, { t: length(Math.floor(seconds)), max: length(most) });
    if (seconds >= most) this.stop(this.box.dataset.full);
  }

  pause() {
    this.recordedMs = this.elapsedMs;
    this.media.pause();
    this.show("paused");
    this.say(this.box.dataset.paused);
    this.part("resume").focus();
  }

  resume() {
    this.media.resume();
    this.since = performance.now();
    this.show("recording");
    this.say(this.box.dataset.recording);
    this.part("pause").focus();
  }

  stop(why = "") {
    if (this.state !== "recording" && this.state !== "paused") return;
    this.recordedMs = this.elapsedMs;
    this.why = why;
    clearInterval(this.clock);
    if (this.media.state === "inactive") this.review();
    else this.media.stop(); // hands over the last piece, then `review`
  }

  release() {
    clearInterval(this.clock);
    this.audio?.close();
    this.audio = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }

  // --- afterwards -------------------------------------------------------------------------------------------------------

  review() {
    if (this.state === "review" || this.state === "idle") return;
    this.release();
    const type = this.media.mimeType.split(";")[0];
    const at = new Date().toLocaleString("sv").slice(0, 16).replace(":", ".");
    const name = `${fill(this.box.dataset.name, { t: at })}.${ENDINGS[type] ?? "webm"}`;
    this.file = new File(this.pieces, name, { type });
    this.pieces = [];
    const listen = this.part("listen");
    this.url = URL.createObjectURL(this.file);
    listen.addEventListener("loadedmetadata", () => knowLength(listen), { once: true });
    listen.src = this.url;
    this.show("review");
    const words = fill(this.box.dataset.recorded, { t: length(this.recordedMs / 1000) });
    this.say(this.why ? `${this.why} ${words}` : words);
    this.part("use").focus();
  }

  use() {
    const file = this.file;
    this.clear(this.part("start"));
    uploadInto(this.box.closest("[data-drop]"), file, false);
  }

  discard() {
    ask(this.part("discard").dataset, () => {
      this.clear(this.part("start"));
      this.say(this.box.dataset.discarded);
    });
  }

  clear(focus) {
    this.part("listen").removeAttribute("src");
    this.part("listen").load();
    URL.revokeObjectURL(this.url);
    this.file = null;
    this.say("");
    this.show("idle");
    focus.focus();
  }
}

// What a browser records does not say how long it is; looking beyond its end makes the player find out.
function knowLength(audio) {
  if (audio.duration !== Infinity) return;
  audio.addEventListener("durationchange", () => (audio.currentTime = 0), { once: true });
  audio.currentTime = 1e7;
}

function recorderOf(box) {
  if (!recorders.has(box)) recorders.set(box, new Recorder(box));
  return recorders.get(box);
}

for (const deed of ["start", "pause", "resume", "stop", "use", "discard"]) {
  document.addEventListener("click", (event) => {
    const box = event.target.closest(`[data-record-${deed}]`)?.closest("[data-recorder]");
    if (box) recorderOf(box)[deed]();
  });
}

function reveal() {
  for (const box of document.querySelectorAll("[data-recorder][hidden]")) {
    box.hidden = false;
    recorderOf(box);
  }
}
document.addEventListener("htmx:afterSettle", reveal);
reveal();

// A recording is nowhere else: leaving the page asks first until it has arrived.
window.addEventListener("beforeunload", (event) => {
  const all = [...document.querySelectorAll("[data-recorder]")];
  const kept = (box) => ["recording", "paused", "review"].includes(box.dataset.state) || isPrecious(box.closest("[data-drop]"));
  if (all.some(kept)) event.preventDefault();
});
