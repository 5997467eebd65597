import { computed, effect, signal } from "@preact/signals";
import type { Incident, Severity } from "../api/types";
import { live } from "../state/clock";
import { liveWaiting } from "../state/incidents";
import { classNamed, named, words } from "../words";
import { MOTIFS, play, TEST } from "./motifs";
import { silenced } from "./mute";
import { isCalling, ringing } from "./ringing";

let audio: AudioContext | null = null;

/** Whether the browser lets this page sound: it asks for somebody's click or key first. */
export const unlocked = signal(false);

/** What is to be heard now: nothing while nobody answered for this wall. */
export const sounding = computed(() => (unlocked.value ? ringing(liveWaiting.value, live.value, silenced.value !== null) : null));
/** What calls, heard or not. */
export const calling = computed(() => liveWaiting.value.filter(isCalling));

/** After somebody's click or key: the speaker speaks, and is tried at once. */
export async function unlock(): Promise<void> {
  audio ??= new AudioContext();
  audio.onstatechange = () => (unlocked.value = audio?.state === "running");
  await audio.resume();
  unlocked.value = audio.state === "running";
  tryOut();
}

export function tryOut(): void {
  if (audio) play(audio, TEST, "triangle", true);
}

/** One motif, once: something that is no alarm wants somebody. */
export function chime(severity: Severity): void {
  const { tones, wave } = MOTIFS[severity];
  if (audio && unlocked.peek()) play(audio, tones, wave, false);
}

const key = computed(() => (sounding.value ? `${sounding.value.severity} ${sounding.value.loud}` : ""));

/** Sound, and again, until nothing calls; ends with the returned function. */
export function keepSounding(): () => void {
  const stop = effect(() => {
    const [severity, loud] = key.value.split(" ") as [Severity | "", string | undefined];
    if (severity === "" || !audio) return undefined;
    const { tones, every, wave } = MOTIFS[severity];
    const context = audio;
    const once = (): void => play(context, tones, wave, loud === "true");
    once();
    const timer = setInterval(once, every * 1000);
    return () => clearInterval(timer);
  });
  const hush = effect(() => speak(calling.value));
  return () => {
    stop();
    hush();
    void audio?.suspend();
    unlocked.value = false;
  };
}

const said = new Set<string>();

/** A spoken line beside the motif, where this computer has a voice of its own; some need the network and are left alone. */
function speak(calling: readonly Incident[]): void {
  const fresh = calling.filter((one) => !said.has(one.id));
  for (const one of fresh) said.add(one.id);
  const [worst] = fresh;
  if (!worst || !unlocked.peek() || silenced.peek() || !("speechSynthesis" in window)) return;
  const { locale, severities } = words.peek();
  const voice = speechSynthesis.getVoices().find((one) => one.localService && one.lang.startsWith(locale.slice(0, 2)));
  if (!voice) return;
  const parts = [severities[worst.severity], classNamed(worst.event_class), named(worst.point.name)];
  const line = new SpeechSynthesisUtterance(parts.join(" "));
  line.voice = voice;
  line.lang = voice.lang;
  speechSynthesis.cancel();
  speechSynthesis.speak(line);
}
