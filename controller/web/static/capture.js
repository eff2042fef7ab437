// Runs beside the page, where sound is: hands over what the microphone gives, in blocks of 20 ms (mono, 48 kHz).

const BLOCK = 960;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK);
    this.filled = 0;
  }

  process(inputs) {
    const channels = inputs[0];
    if (!channels.length) return true;
    for (let at = 0; at < channels[0].length; at += 1) {
      this.block[this.filled] = channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length;
      this.filled += 1;
      if (this.filled < BLOCK) continue;
      this.port.postMessage(this.block, [this.block.buffer]);
      this.block = new Float32Array(BLOCK);
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
