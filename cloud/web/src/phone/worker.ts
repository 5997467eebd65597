/**
 * The phone's service worker: keeps the page's own files of one build, and nothing of the API. What is shown without
 * network comes from the page's own store; a picture or an answer is never served from here.
 */

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Extendable {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Scope {
  /** Put in by the build: addresses of the page's files, and what tells one build from another. */
  __SHELL__: readonly string[];
  __BUILD__: string;
  location: Location;
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}

const worker = self as unknown as Scope;
const PREFIX = "gridwatch-phone-";
const NAME = PREFIX + self.__BUILD__;
const PAGE = "/phone";
/** A network that lets one wait is as good as none, when the page is here already. */
const PATIENCE_MS = 3_000;

worker.addEventListener("install", (event) => event.waitUntil(fill()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (request.mode === "navigate" && url.pathname === PAGE) event.respondWith(page(request));
  else if (self.__SHELL__.includes(url.pathname)) event.respondWith(file(url.pathname, request));
});

/** All files of this build, or none: then the worker before stays. */
async function fill(): Promise<void> {
  const cache = await caches.open(NAME);
  await cache.addAll(self.__SHELL__.map((path) => new Request(path, { cache: "reload" })));
  await worker.skipWaiting();
}

async function takeOver(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** The page as the cloud has it, so that a new build is had at once; else as it is here. */
async function page(request: Request): Promise<Response> {
  const here = await (await caches.open(NAME)).match(PAGE);
  if (!here) return fetch(request);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(here), PATIENCE_MS));
  const asked = fetch(request).then((answer) => (answer.ok ? answer : here), () => here);
  return Promise.race([asked, late]);
}

async function file(path: string, request: Request): Promise<Response> {
  return (await (await caches.open(NAME)).match(path)) ?? fetch(request);
}

declare global {
  // The build writes lists in place of these two.
  interface Window {
    __SHELL__: readonly string[];
    __BUILD__: string;
  }
}

export {};
