import { signal } from "@preact/signals";

/** The tone and the vibration of a new task. A browser lets a page sound once it was touched; till then it shakes. */

const EVERY_MS = 2_500;
const SHAKE = [300, 150, 300];
/** Two rising notes, hertz and when they begin, seconds. */
const NOTES = [[660, 0], [880, 0.22]] as const;
const LONG_S = 0.2;

let sound: AudioContext | null = null;
/** Whether a call is heard. */
export const audible = signal(false);

function unlock(): void {
  sound ??= new AudioContext();
  const opened = sound;
  void opened.resume().then(() => (audible.value = opened.state === "running"));
}
addEventListener("pointerdown", unlock);

/** Ring until the returned function is called. */
export function startRinging(): () => void {
  const once = (): void => {
    if ("vibrate" in navigator && navigator.userActivation?.hasBeenActive) navigator.vibrate(SHAKE);
    if (sound?.state === "running") play(sound);
    document.documentElement.dataset["rang"] = String(Number(document.documentElement.dataset["rang"] ?? 0) + 1);
  };
  once();
  const timer = setInterval(once, EVERY_MS);
  return () => {
    clearInterval(timer);
    if ("vibrate" in navigator && navigator.userActivation?.hasBeenActive) navigator.vibrate(0);
  };
}

function play(to: AudioContext): void {
  for (const [hertz, after] of NOTES) {
    const from = to.currentTime + after;
    const note = new OscillatorNode(to, { type: "triangle", frequency: hertz });
    const loud = new GainNode(to, { gain: 0 });
    loud.gain.setValueAtTime(0, from);
    loud.gain.linearRampToValueAtTime(0.5, from + 0.02);
    loud.gain.linearRampToValueAtTime(0, from + LONG_S);
    note.connect(loud).connect(to.destination);
    note.start(from);
    note.stop(from + LONG_S);
  }
}
