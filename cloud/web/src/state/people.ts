import { signal } from "@preact/signals";
import { Refused } from "../api/calls";
import { colleagues } from "../api/people";
import type { Names } from "../api/types";
import { named } from "../words";

/** What a page says in one go is asked for in one go. */
const GATHER_MS = 30;
/** As many as one question may name. */
const AT_ONCE = 100;
/** After a question that failed, those names are not asked for sooner. */
const AGAIN_MS = 30_000;

const names = signal<ReadonlyMap<string, Names>>(new Map());
/** Asked for once; whoever has no name (a node, somebody long gone) keeps what they are called by. */
const asked = new Set<string>();
let waiting: string[] = [];

/** A person by name, once the cloud has told it; until then, and of whom it knows no name, by user name. */
export function personNamed(username: string): string {
  const known = names.value.get(username);
  if (known) return named(known);
  if (username && !asked.has(username)) {
    asked.add(username);
    if (waiting.length === 0) setTimeout(() => void ask(), GATHER_MS);
    waiting.push(username);
  }
  return username;
}

/** Names that came with something else. */
export function learn(told: Readonly<Record<string, Names>>): void {
  const fresh = Object.entries(told).filter(([username]) => !names.peek().has(username));
  if (fresh.length > 0) names.value = new Map([...names.peek(), ...fresh]);
}

/** Wait until the cloud has told what somebody is called: for a sentence that is said once. */
export async function know(username: string): Promise<void> {
  if (names.peek().has(username)) return;
  asked.add(username);
  await fetchSome([username]);
}

async function ask(): Promise<void> {
  const wanted = waiting;
  waiting = [];
  for (let from = 0; from < wanted.length; from += AT_ONCE) await fetchSome(wanted.slice(from, from + AT_ONCE));
}

async function fetchSome(some: readonly string[]): Promise<void> {
  try {
    learn(await colleagues(some));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    setTimeout(() => some.forEach((one) => asked.delete(one)), AGAIN_MS);
  }
}
