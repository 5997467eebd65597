import type { Severity } from "../api/types";

/** One tone: pitch in Hz, when it begins and how long it is, in seconds. */
export interface Tone {
  pitch: number;
  at: number;
  long: number;
}

/** What each severity sounds like, and after how many seconds it comes again. Told apart by rhythm, not by pitch alone. */
export const MOTIFS: Record<Severity, { tones: readonly Tone[]; every: number; wave: OscillatorType }> = {
  critical: { tones: row([988, 740, 988, 740, 988, 740], 0.16, 0.14), every: 2, wave: "square" },
  high: { tones: row([784, 784, 1047], 0.22, 0.17), every: 4, wave: "triangle" },
  medium: { tones: row([659, 523], 0.3, 0.26), every: 8, wave: "triangle" },
  low: { tones: row([523], 0.4, 0.38), every: 20, wave: "sine" },
};

/** Rising, once: the speaker works. */
export const TEST: readonly Tone[] = row([523, 659, 784], 0.2, 0.18);

const SOFT = 0.16;
const LOUD = 0.6;

function row(pitches: readonly number[], step: number, long: number): readonly Tone[] {
  return pitches.map((pitch, n) => ({ pitch, at: n * step, long }));
}

/** Play tones from now on; each swells and fades, since a hard edge clicks. */
export function play(audio: AudioContext, tones: readonly Tone[], wave: OscillatorType, loud: boolean): void {
  const start = audio.currentTime + 0.02;
  for (const tone of tones) {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    oscillator.type = wave;
    oscillator.frequency.value = tone.pitch;
    const from = start + tone.at;
    const peak = (loud ? LOUD : SOFT) * (wave === "square" ? 0.5 : 1);
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(peak, from + 0.015);
    volume.gain.setValueAtTime(peak, from + tone.long * 0.7);
    volume.gain.linearRampToValueAtTime(0, from + tone.long);
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(from);
    oscillator.stop(from + tone.long + 0.02);
  }
}
