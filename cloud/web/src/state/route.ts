import { computed, signal } from "@preact/signals";

/** What the address's fragment says: `#/nodes`, `#/case/<id>`, `#/charts/point/P01`. */
export interface Route {
  /** The page's name; "incidents" is the live wall. */
  page: string;
  /** What the page is about, each part decoded. */
  rest: readonly string[];
}

export const HOME = "incidents";
/** The page shown now, and what it is about. */
export const route = signal<Route>(parseRoute(location.hash));
export const page = computed(() => route.value.page);

export function parseRoute(hash: string): Route {
  const [name = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  return { page: name || HOME, rest: rest.map(decode) };
}

export function addressOf(name: string, ...rest: readonly string[]): string {
  return `#/${[name === HOME && rest.length === 0 ? "" : name, ...rest.map(encodeURIComponent)].join("/")}`;
}

/** Show a page; the browser's back button leads to the one before. */
export function go(name: string, ...rest: readonly string[]): void {
  location.hash = addressOf(name, ...rest);
  route.value = parseRoute(location.hash);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return part;
  }
}

addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});
