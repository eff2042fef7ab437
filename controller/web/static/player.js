// The player of what is heard piece by piece: clips and silences one after another, as speakers play them; and the
// sentences beneath a player, which can be chosen and stand out while they sound. See _track.html.

import { fill, length } from "./words.js";

const STEP_S = 5;
const lists = new WeakMap(); // box -> its Playlist

class Playlist {
  constructor(box) {
    this.box = box;
    this.parts = [];
    let from = 0;
    for (const item of box.querySelectorAll("[data-part]")) {
      const seconds = Number(item.dataset.length);
      const audio = item.querySelector("audio");
      this.parts.push({ item, audio, from, to: from + seconds });
      from += seconds;
      if (!audio) continue;
      audio.controls = false;
      audio.hidden = true;
      audio.preload = "auto";
      audio.addEventListener("ended", () => this.ended(audio));
      audio.addEventListener("error", () => this.pause());
    }
    this.total = from;
    this.at = 0;
    this.playing = false;
    this.part("bar").hidden = false;
    this.part("play").addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    this.part("seek").addEventListener("input", (event) => this.seek(Number(event.target.value)));
    box.querySelector("[data-wave]")?.addEventListener("click", (event) => this.seekOn(event));
    box.addEventListener("keydown", (event) => this.key(event));
    this.show();
  }

  part(name) {
    return this.box.querySelector(`[data-playlist-${name}]`);
  }

  get current() {
    return this.parts.find((part) => this.at < part.to) ?? this.parts.at(-1);
  }

  play() {
    if (this.at >= this.total - 0.05) this.at = 0;
    document.dispatchEvent(new CustomEvent("loa:alone", { detail: this }));
    this.playing = true;
    this.begin();
    this.tick();
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.parts.forEach(({ audio }) => audio?.pause());
    this.show();
  }

  // Starts the piece that the place lies in.
  begin() {
    const { audio, from } = this.current;
    this.parts.forEach((part) => part.audio !== audio && part.audio?.pause());
    this.since = performance.now() - (this.at - from) * 1000;
    if (!audio) return;
    audio.currentTime = this.at - from;
    audio.play().catch(() => this.pause());
  }

  tick() {
    if (!this.playing) return;
    const { audio, from, to } = this.current;
    if (audio) this.at = Math.min(to - 0.001, from + audio.currentTime);
    else this.at = from + (performance.now() - this.since) / 1000;
    if (this.at >= this.total) return this.finish();
    if (!audio && this.at >= to) this.begin();
    this.show();
    this.frame = requestAnimationFrame(() => this.tick());
    return undefined;
  }

  ended(audio) {
    const part = this.parts.find((one) => one.audio === audio);
    if (!this.playing || part !== this.current) return;
    this.at = part.to;
    if (part === this.parts.at(-1)) this.finish();
    else this.begin();
  }

  finish() {
    this.at = this.total;
    this.pause();
  }

  seek(seconds) {
    this.at = Math.min(this.total, Math.max(0, seconds));
    if (this.playing) this.begin();
    this.show();
  }

  seekOn(event) {
    const box = event.currentTarget.getBoundingClientRect();
    this.seek((this.total * (event.clientX - box.left)) / box.width);
  }

  key(event) {
    const deeds = {
      " ": () => (this.playing ? this.pause() : this.play()),
      ArrowLeft: () => this.seek(this.at - STEP_S),
      ArrowRight: () => this.seek(this.at + STEP_S),
      Home: () => this.seek(0),
    };
    if (!deeds[event.key] || event.target.matches("button")) return;
    event.preventDefault();
    deeds[event.key]();
  }

  show() {
    const seek = this.part("seek");
    const words = fill(this.box.dataset.at, { t: length(Math.floor(this.at)), total: length(this.total) });
    seek.value = this.at;
    seek.setAttribute("aria-valuetext", words);
    this.part("time").textContent = words;
    const wave = this.box.querySelector("[data-wave]");
    wave?.querySelector("[data-wave-played]").setAttribute("width", String((wave.viewBox.baseVal.width * this.at) / this.total));
    const button = this.part("play");
    button.querySelector("[data-icon-play]").hidden = this.playing;
    button.querySelector("[data-icon-pause]").hidden = !this.playing;
    button.setAttribute("aria-label", this.playing ? button.dataset.labelPause : button.dataset.labelPlay);
    for (const part of this.parts) part.item.classList.toggle("sounding", this.playing && part === this.current);
    this.box.dispatchEvent(new CustomEvent("loa:place", { bubbles: true, detail: { at: this.at } }));
  }
}

// --- sentences -------------------------------------------------------------------------------------------------------

function showMarks(track, at) {
  for (const mark of track.querySelectorAll("[data-mark]")) {
    const sounds = at >= Number(mark.dataset.start) && at < Number(mark.dataset.end);
    mark.classList.toggle("sounding", sounds);
    if (sounds) mark.setAttribute("aria-current", "true");
    else mark.removeAttribute("aria-current");
  }
}

document.addEventListener("loa:place", (event) => {
  const track = event.target.closest("[data-track]");
  if (track) showMarks(track, event.detail.at);
});
for (const kind of ["timeupdate", "seeked"]) {
  document.addEventListener(
    kind,
    (event) => {
      const track = event.target.closest?.("[data-track]");
      if (track && !event.target.closest("[data-playlist]")) showMarks(track, event.target.currentTime);
    },
    true,
  );
}
document.addEventListener("click", (event) => {
  const mark = event.target.closest("[data-mark]");
  if (!mark) return;
  const track = mark.closest("[data-track]");
  const box = track.querySelector("[data-playlist]");
  const start = Number(mark.dataset.start);
  if (box) {
    lists.get(box).seek(start);
    if (!lists.get(box).playing) lists.get(box).play();
    return;
  }
  const audio = track.querySelector("audio");
  audio.currentTime = start;
  audio.play().catch(() => {});
});

// One thing sounds at a time.
document.addEventListener("play", (event) => {
  for (const audio of document.querySelectorAll("audio")) if (audio !== event.target) audio.pause();
  const inside = event.target.closest?.("[data-playlist]");
  for (const box of document.querySelectorAll("[data-playlist]")) if (box !== inside && lists.get(box)?.playing) lists.get(box).pause();
}, true);
document.addEventListener("loa:alone", (event) => {
  for (const box of document.querySelectorAll("[data-playlist]")) if (lists.get(box) !== event.detail) lists.get(box)?.pause();
});

function reveal() {
  for (const box of document.querySelectorAll("[data-playlist]")) if (!lists.has(box)) lists.set(box, new Playlist(box));
}
document.addEventListener("htmx:afterSettle", reveal);
reveal();

// Who pressed "listen" wants to hear it.
export function playIn(player) {
  reveal();
  const box = player.querySelector("[data-playlist]");
  if (box) lists.get(box).play();
  else player.querySelector("audio")?.play().catch(() => {});
}
