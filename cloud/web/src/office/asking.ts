import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../api/calls";
import { endSession } from "../state/session";
import { text } from "./words";

export interface Loaded<T> {
  /** The latest answer; kept while it is asked for again. */
  value: T | null;
  refused: Refused | null;
  loading: boolean;
  again(): void;
}

/** What `load` answers, asked for again whenever one of `on` changes; a late answer to an earlier question is dropped. */
export function useLoaded<T>(load: () => Promise<T>, on: readonly unknown[]): Loaded<T> {
  const [found, setFound] = useState<{ value: T | null; refused: Refused | null; loading: boolean }>({
    value: null, refused: null, loading: true,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let stale = false;
    setFound((before) => ({ ...before, loading: true }));
    refusable(load).then(([value, refused]) => {
      if (stale) return;
      setFound((before) => ({ value: refused ? before.value : value, refused, loading: false }));
    });
    return () => {
      stale = true;
    };
  }, [...on, turn]);
  return { ...found, again: () => setTurn((before) => before + 1) };
}

export interface Doing {
  busy: boolean;
  refused: Refused | null;
  /** Do it, unless something is being done; whether it was done. */
  run(work: () => Promise<unknown>): Promise<boolean>;
  clear(): void;
}

/** One change at a time, and why it was refused. */
export function useDoing(): Doing {
  const [state, setState] = useState<{ busy: boolean; refused: Refused | null }>({ busy: false, refused: null });
  const busy = useRef(false);
  return {
    ...state,
    clear: () => setState({ busy: busy.current, refused: null }),
    async run(work) {
      if (busy.current) return false;
      busy.current = true;
      setState({ busy: true, refused: null });
      const [, refused] = await refusable(work);
      busy.current = false;
      setState({ busy: false, refused });
      return refused === null;
    },
  };
}

async function refusable<T>(work: () => Promise<T>): Promise<[T | null, Refused | null]> {
  try {
    return [await work(), null];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) endSession();
    return [null, error];
  }
}

/** Why the cloud refused, and what to do. */
export function told(refused: Refused): string {
  const { refused: words } = text.value;
  const { status } = refused;
  if (status === 0) return words.offline;
  if (status === 401) return words.ended;
  if (status === 403) return words.forbidden;
  if (status === 404) return words.gone;
  if (status === 409) return words.notAllowed;
  if (status === 412) return words.changed;
  if (status === 422) return words.invalid + (refused.faults.map(({ pointer, detail }) => `${place(pointer)}: ${detail}`).join("; ") || refused.detail);
  if (status === 429) return words.tooMany;
  return words.failed;
}

function place(pointer: string): string {
  return pointer.replace(/^\/(?:body|query|path|header)\//, "").replace(/\//g, ".");
}
