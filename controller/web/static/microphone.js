// Speaking live: press, count down, speak, end. What is said becomes Opus packets of 20 ms here (WebCodecs), or a recording
// in small pieces where the browser has none of that, and goes up through a WebSocket. See _microphone.html.

import { KINDS, LOUD, QUIET, showPeak, watchLevel, whyNot } from "./level.js";
import { fill, length, number } from "./words.js";

const RATE = 48_000;
const FRAME_US = 20_000;
const BITS_PER_SECOND = 24_000;
const PACKETS = 1; // first byte of a message: one packet follows
const RECORDING = 2; // or a piece of a recording
const PIECE_MS = 100;
const COUNT_FROM = 3;
const MOST_WAITING_BYTES = 6_000; // two seconds: what waits longer comes too late for every horn
const RETRIES_MS = [200, 400, 800, 1_500, 3_000, 3_000];
const SAY_AFTER_MS = 3_000;
const OPUS = { codec: "opus", sampleRate: RATE, numberOfChannels: 1, bitrate: BITS_PER_SECOND, opus: { frameDuration: FRAME_US } };

// --- from the microphone to bytes -------------------------------------------------------------------------------------

// Packets of 20 ms by WebCodecs.
class Packets {
  static async fits() {
    if (!window.AudioEncoder || !window.AudioData || !window.AudioWorkletNode) return false;
    return AudioEncoder.isConfigSupported(OPUS).then(({ supported }) => supported, () => false);
  }

  constructor(audio, source, send) {
    this.at = 0;
    this.encoder = new AudioEncoder({
      output: (chunk) => {
        const message = new Uint8Array(chunk.byteLength + 1);
        message[0] = PACKETS;
        chunk.copyTo(message.subarray(1));
        send(message);
      },
      error: () => this.close(),
    });
    this.encoder.configure(OPUS);
    this.node = new AudioWorkletNode(audio, "capture", { numberOfOutputs: 0 });
    this.node.port.onmessage = ({ data }) => this.take(data);
    source.connect(this.node);
  }

  take(samples) {
    if (this.encoder.state !== "configured") return;
    const data = new AudioData({ format: "f32-planar", sampleRate: RATE, numberOfFrames: samples.length, numberOfChannels: 1, timestamp: this.at, data: samples });
    this.at += FRAME_US;
    this.encoder.encode(data);
    data.close();
  }

  close() {
    this.node.disconnect();
    this.node.port.onmessage = null;
    if (this.encoder.state !== "closed") this.encoder.close();
  }
}

// Pieces of a recording, where there is no WebCodecs.
class Pieces {
  constructor(stream, send) {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.media = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    let order = Promise.resolve();
    this.media.ondataavailable = ({ data }) => {
      order = order.then(async () => send(new Uint8Array(await new Blob([new Uint8Array([RECORDING]), data]).arrayBuffer())));
    };
    this.media.start(PIECE_MS);
  }

  close() {
    if (this.media.state !== "inactive") this.media.stop();
  }
}

// --- the box on the page ----------------------------------------------------------------------------------------------

class Microphone {
  constructor(box) {
    this.box = box;
    this.show("idle");
  }

  part(name) {
    return this.box.querySelector(`[data-mic-${name}]`);
  }

  say(words) {
    if (this.part("note").textContent !== words) this.part("note").textContent = words;
  }

  // idle, asking, counting, speaking, lost
  show(state) {
    this.state = state;
    this.box.dataset.micState = state;
    const on = state === "speaking" || state === "lost";
    this.part("press").disabled = state !== "idle";
    this.part("end").hidden = !on && state !== "counting";
    const word = this.part("word");
    word.textContent = on ? word.dataset.live : word.dataset.idle;
    this.part("icon").hidden = state === "counting";
  }

  // --- beginning --------------------------------------------------------------------------------------------------------

  async start() {
    const words = this.box.dataset;
    const form = words.opens ? document.getElementById(words.opens) : null;
    if (form && !form.reportValidity()) return;
    if (!window.isSecureContext) {
      this.part("trust").hidden = false;
      this.say(fill(words.insecure, { host: location.host }));
      return;
    }
    if (!navigator.mediaDevices?.getUserMedia || !window.WebSocket || (!window.MediaRecorder && !(await Packets.fits()))) {
      this.say(words.unsupported);
      return;
    }
    this.show("asking");
    this.say(words.asking);
    try {
      await this.listen();
    } catch (error) {
      this.giveUp(words[whyNot(error)]);
      return;
    }
    this.say(words.opening);
    try {
      if (form) await this.open(form);
      await this.connect();
    } catch (error) {
      this.giveUp(error.sentence ?? words.refused);
      return;
    }
    await this.countDown();
    if (this.state === "counting") await this.speak();
  }

  async listen() {
    const wanted = { channelCount: 1, sampleRate: RATE, echoCancellation: false, noiseSuppression: true, autoGainControl: true };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    this.stream.getTracks()[0].addEventListener("ended", () => this.end(this.box.dataset.unplugged));
    this.audio = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    await this.audio.resume();
    this.source = this.audio.createMediaStreamSource(this.stream);
    this.packets = await Packets.fits();
    if (this.packets) await this.audio.audioWorklet.addModule("/static/capture.js");
    watchLevel(this.audio, this.source, () => !this.audio, (peak) => this.showLevel(peak));
  }

  // Tells the speakers: an airing begins. The form says what it is and where.
  async open(form) {
    const said = new FormData(form);
    const body = { title: said.get("title"), area_ids: said.getAll("areas"), speaker_ids: said.getAll("speakers") };
    const answer = await this.post("/api/v1/live", body);
    this.box.dataset.airing = answer.airing_id;
    this.box.dataset.socket = answer.microphone_url;
    this.box.dataset.maxS = String((answer.ends_at_us - answer.starts_at_us) / 1e6);
  }

  async post(path, body) {
    const headers = { "Content-Type": "application/json", "X-Loa-CSRF": this.box.dataset.token };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    const told = answer.status === 204 ? {} : await answer.json();
    if (!answer.ok) throw Object.assign(new Error(path), { sentence: told.sentence });
    return told;
  }

  connect() {
    const url = new URL(this.box.dataset.socket, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => {
        this.socket = socket;
        resolve();
      };
      socket.onmessage = ({ data }) => this.told(JSON.parse(data));
      socket.onclose = () => {
        reject(new Error("closed"));
        if (this.socket === socket) this.lost();
      };
    });
  }

  async countDown() {
    this.show("counting");
    for (let left = COUNT_FROM; left > 0 && this.state === "counting"; left -= 1) {
      this.part("word").textContent = String(left);
      this.say(fill(this.box.dataset.counting, { n: left }));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  async speak() {
    this.begunAt ??= performance.now();
    this.heardAt = performance.now();
    this.show("speaking");
    this.say(this.box.dataset.speaking);
    this.begin();
    this.clock ??= setInterval(() => this.tick(), 250);
    this.part("end").focus();
  }

  // What is said from here on goes to the socket that is open now.
  begin() {
    this.maker?.close();
    const socket = this.socket;
    const send = (message) => this.send(socket, message);
    this.maker = this.packets ? new Packets(this.audio, this.source, send) : new Pieces(this.stream, send);
  }

  send(socket, message) {
    if (socket !== this.socket || socket.readyState !== WebSocket.OPEN) return;
    // A recording that lacks a piece cannot be read on; a packet stands for itself.
    if (this.packets && socket.bufferedAmount > MOST_WAITING_BYTES) this.behindAt = performance.now();
    else socket.send(message);
  }

  // --- while it goes on -------------------------------------------------------------------------------------------------

  told({ hearing, of, late, state, sentence }) {
    this.part("hearing").textContent = fill(this.box.dataset.leave, { n: number(hearing ?? 0), of: number(of ?? 0) });
    this.part("late").textContent = number(late ?? 0);
    if (sentence || state === "ended") this.finish(sentence || this.box.dataset.ended);
  }

  tick() {
    const seconds = (performance.now() - this.begunAt) / 1000;
    this.part("elapsed").textContent = length(Math.floor(seconds));
    if (seconds >= Number(this.box.dataset.maxS)) this.end(this.box.dataset.full);
  }

  showLevel(peak) {
    const now = performance.now();
    showPeak(this.part("level"), peak);
    if (peak > QUIET) this.heardAt = now;
    if (peak > LOUD) this.loudAt = now;
    if (this.state !== "speaking" || now < (this.sayAt ?? 0)) return;
    const { speaking, quiet, loud, behind } = this.box.dataset;
    const lately = (at) => now - (at ?? -1e6) < SAY_AFTER_MS;
    if (lately(this.behindAt)) this.say(behind);
    else if (!lately(this.heardAt)) this.say(quiet);
    else this.say(lately(this.loudAt) ? loud : speaking);
  }

  async lost() {
    if (this.state !== "speaking" && this.state !== "counting") return;
    this.socket = null;
    this.show("lost");
    this.say(this.box.dataset.lost);
    for (const wait of RETRIES_MS) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.state !== "lost") return;
      const back = await this.connect().then(() => true, () => false);
      if (!back || this.state !== "lost") continue;
      this.show("speaking");
      this.say(this.box.dataset.back);
      this.sayAt = performance.now() + SAY_AFTER_MS;
      this.begin();
      return;
    }
    if (this.state === "lost") this.finish(this.box.dataset.gone);
  }

  // --- the end ----------------------------------------------------------------------------------------------------------

  async end(sentence = this.box.dataset.ended) {
    if (this.state === "idle") return;
    const { airing, opens } = this.box.dataset;
    this.finish(sentence);
    if (!opens || !airing) return;
    // Without a word from here it ends by itself some seconds later.
    await this.post(`/api/v1/live/${encodeURIComponent(airing)}/end`, {}).catch(() => {});
  }

  finish(sentence) {
    this.release();
    this.say(sentence);
    this.part("press").focus();
  }

  giveUp(sentence) {
    this.release();
    this.say(sentence);
    this.part("press").focus();
  }

  release() {
    const socket = this.socket;
    this.socket = null;
    clearInterval(this.clock);
    this.clock = undefined;
    this.begunAt = undefined;
    this.maker?.close();
    this.maker = null;
    socket?.close();
    this.audio?.close();
    this.audio = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.part("level").value = 0;
    this.show("idle");
  }
}

const boxes = new WeakMap();
function microphoneOf(box) {
  if (!boxes.has(box)) boxes.set(box, new Microphone(box));
  return boxes.get(box);
}
document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-microphone]");
  if (!box) return;
  if (event.target.closest("[data-mic-press]")) microphoneOf(box).start();
  if (event.target.closest("[data-mic-end]")) microphoneOf(box).end();
});
window.addEventListener("beforeunload", (event) => {
  const on = [...document.querySelectorAll("[data-microphone]")].some((box) => box.dataset.micState === "speaking");
  if (on) event.preventDefault();
});
