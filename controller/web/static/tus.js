// One file on its way to the server, in pieces, going on after whatever breaks it: tus 1.0.0 (https://tus.io).
// Nothing here touches the page. What happens is told to `tell`: progress(bytes), waiting(), done(id), failed(sentence).

const FOLDER = "/api/v1/uploads";
const PIECE_BYTES = 4 * 1024 * 1024;
const DELAYS_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const SILENT_MS = 30_000; // without any progress for so long, the connection is taken as lost
const KEPT_MS = 24 * 3_600_000; // as long as the server keeps what nobody goes on with
const STORE = "loa-upload:";

// `passing`: worth trying again by itself. `status`: 0 where the server gave no answer.
class Trouble extends Error {
  constructor(passing, sentence = "", status = 0) {
    super(sentence);
    this.passing = passing;
    this.status = status;
  }
}
const lost = () => new Trouble(true);

const passes = (status, told) =>
  status === 0 || status === 409 || status === 423 || told?.code === "upload_interrupted" || (status >= 500 && status !== 507);

export class Upload {
  #file;
  #token;
  #tell;
  #key;
  #url = "";
  #offset = 0;
  #failures = 0;
  #signedOut = false;
  #abort = null;

  // With `remember` the same file, chosen again after the page was left, goes on where it was.
  constructor(file, { token, tell, remember }) {
    this.#file = file;
    this.#token = token;
    this.#tell = tell;
    this.#key = remember ? `${STORE}${file.name}:${file.size}:${file.lastModified}` : "";
  }

  get id() {
    return this.#url.split("/").pop();
  }

  get running() {
    return Boolean(this.#abort);
  }

  async go() {
    const abort = new AbortController();
    this.#abort = abort;
    while (!abort.signal.aborted) {
      try {
        if (this.#signedOut) await this.#refresh(abort.signal);
        await this.#locate(abort.signal);
        while (this.#offset < this.#file.size) await this.#send(abort.signal);
        this.#abort = null;
        this.#remember(true);
        return this.#tell.done(this.id);
      } catch (trouble) {
        if (abort.signal.aborted) return undefined;
        this.#signedOut = trouble.status === 401 || trouble.status === 403;
        if (!trouble.passing) return this.#fail(trouble.message);
        if (!trouble.status || this.#failures) this.#tell.waiting();
        await this.#nap(abort.signal);
      }
    }
    return undefined;
  }

  pause() {
    this.#abort?.abort();
    this.#abort = null;
  }

  cancel() {
    this.pause();
    const url = this.#forget();
    if (url) fetch(url, { method: "DELETE", headers: this.#headers(), keepalive: true }).catch(() => {});
  }

  #fail(sentence) {
    this.#abort = null;
    this.#tell.failed(sentence);
  }

  #headers(more = {}) {
    return { "Tus-Resumable": "1.0.0", "X-CSRF-Token": this.#token, ...more };
  }

  // Whoever signed in again, in another window, has another token.
  async #refresh(signal) {
    const answer = await this.#fetch("/api/v1/sign-in", { signal });
    if (!answer.ok) throw await this.#trouble(answer);
    this.#token = (await answer.json()).csrf;
    this.#signedOut = false;
  }

  // Where the bytes go and how many are there already.
  async #locate(signal) {
    this.#url ||= this.#remembered();
    if (this.#url) {
      const there = await this.#fetch(this.#url, { signal });
      if (there.ok && Number(there.headers.get("Upload-Length")) === this.#file.size) return this.#at(there);
      if (there.ok || there.status === 404) this.#forget();
      else throw await this.#trouble(there);
    }
    const metadata = Object.entries({ filename: this.#file.name, filetype: this.#file.type });
    const pairs = metadata.map(([key, value]) => `${key} ${base64(value)}`).join(",");
    const headers = this.#headers({ "Upload-Length": String(this.#file.size), "Upload-Metadata": pairs });
    const begun = await this.#fetch(FOLDER, { method: "POST", headers, signal });
    if (!begun.ok) throw await this.#trouble(begun);
    this.#url = begun.headers.get("Location");
    this.#remember();
    return this.#at(begun);
  }

  #at(answer) {
    this.#offset = Number(answer.headers.get("Upload-Offset"));
    this.#tell.progress(this.#offset);
  }

  async #fetch(url, options) {
    const asked = { headers: this.#headers(), cache: "no-store", ...options };
    try {
      return await fetch(url, asked);
    } catch {
      throw lost();
    }
  }

  async #trouble(answer) {
    const told = await answer.json().catch(() => null);
    return new Trouble(passes(answer.status, told), told?.sentence, answer.status);
  }

  #send(signal) {
    const request = new XMLHttpRequest();
    const piece = this.#file.slice(this.#offset, this.#offset + PIECE_BYTES);
    const stop = () => request.abort();
    let watch = setTimeout(stop, SILENT_MS);
    const moved = (loaded) => {
      clearTimeout(watch);
      watch = setTimeout(stop, SILENT_MS);
      this.#tell.progress(this.#offset + loaded);
    };
    return new Promise((resolve, reject) => {
      request.upload.addEventListener("progress", (event) => moved(event.loaded));
      request.addEventListener("load", () => {
        if (request.status === 204) resolve();
        else reject(new Trouble(passes(request.status, request.response), request.response?.sentence, request.status));
      });
      request.addEventListener("error", () => this.#readable(piece).then(() => reject(lost()), reject));
      request.addEventListener("abort", () => reject(lost()));
      signal.addEventListener("abort", stop);
      request.open("PATCH", this.#url);
      request.responseType = "json";
      const headers = { "Upload-Offset": String(this.#offset), "Content-Type": "application/offset+octet-stream" };
      for (const [name, value] of Object.entries(this.#headers(headers))) request.setRequestHeader(name, value);
      request.send(piece);
    })
      .then(() => {
        this.#offset = Number(request.getResponseHeader("Upload-Offset"));
        this.#failures = 0;
      })
      .finally(() => {
        clearTimeout(watch);
        signal.removeEventListener("abort", stop);
      });
  }

  // A file that was changed or taken away meanwhile fails like a lost connection; it never comes back.
  async #readable(piece) {
    try {
      await piece.slice(0, 1).arrayBuffer();
    } catch {
      throw new Trouble(false, "unreadable");
    }
  }

  #nap(signal) {
    const delay = DELAYS_MS[Math.min(this.#failures, DELAYS_MS.length - 1)];
    this.#failures += 1;
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        window.removeEventListener("online", over);
        resolve();
      };
      const timer = setTimeout(over, delay);
      window.addEventListener("online", over);
      signal.addEventListener("abort", over, { once: true });
    });
  }

  // --- what is remembered between pages; a browser that forbids it only loses that -------------------------------------

  #remembered() {
    if (!this.#key) return "";
    try {
      dropOld();
      return JSON.parse(localStorage.getItem(this.#key))?.url ?? "";
    } catch {
      return "";
    }
  }

  #remember(done = false) {
    if (!this.#key) return;
    try {
      const kept = { url: this.#url, at: Date.now(), name: this.#file.name, done };
      localStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // a full or forbidden store
    }
  }

  #forget() {
    const url = this.#url;
    this.#url = "";
    this.#offset = 0;
    try {
      if (this.#key) localStorage.removeItem(this.#key);
    } catch {
      // as above
    }
    return url;
  }
}

// The latest upload that a page left unfinished and that the server still has: {name, percent}, or null.
export async function unfinished() {
  try {
    dropOld();
    const kept = Object.keys(localStorage).filter((key) => key.startsWith(STORE));
    const open = kept.map((key) => JSON.parse(localStorage.getItem(key))).filter((one) => !one.done);
    const latest = open.sort((one, other) => other.at - one.at)[0];
    const answer = latest && (await fetch(latest.url, { cache: "no-store" }));
    const there = answer?.ok && (await answer.json());
    if (!there || there.finished) return null;
    return { name: latest.name, percent: Math.floor((100 * there.offset_bytes) / there.length_bytes) };
  } catch {
    return null;
  }
}

function dropOld() {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(STORE))) {
    const { at } = JSON.parse(localStorage.getItem(key)) ?? {};
    if (!(Date.now() - at < KEPT_MS)) localStorage.removeItem(key);
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
