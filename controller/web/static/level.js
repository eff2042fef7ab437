// What recording and speaking live have in common: how loud it is, what a browser records in, and why a microphone is not
// to be had.

export const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4;codecs=opus", "audio/mp4"];
export const QUIET = 0.003; // -50 dBFS
export const LOUD = 0.98;

// The name of the sentence on why there is no microphone.
export function whyNot(error) {
  const known = { NotAllowedError: "denied", NotFoundError: "missing", NotReadableError: "busy" };
  return known[error.name] ?? "broken";
}

// Calls `show` with the peak of a source in each picture, until `over` is true.
export function watchLevel(audio, source, over, show) {
  const analyser = audio.createAnalyser();
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const look = () => {
    if (over()) return;
    analyser.getFloatTimeDomainData(samples);
    show(samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0));
    requestAnimationFrame(look);
  };
  look();
}

// A meter that rises at once and falls slowly, 60 dB wide; empty where nothing is `on`.
export function showPeak(meter, peak, on = true) {
  const percent = Math.max(0, 100 + (100 / 60) * 20 * Math.log10(Math.max(peak, 1e-6)));
  meter.value = on ? Math.max(percent, meter.value - 2) : 0;
  meter.classList.toggle("loud", peak > LOUD);
}
