import { HOME, addressOf, page } from "../state/route";
import { words } from "../words";
import { Icon } from "./icons";
import { type Page, maySee, PAGES } from "./pages";

/** The ways to every page that whoever is signed in may see: on a wide screen at the left edge, else in the menu. */
export function Rail() {
  return (
    <nav class="rail" aria-label={words.value.nav.label}>
      <PageLinks />
    </nav>
  );
}

/** The links alone; `onGo` hears of each that is followed. */
export function PageLinks({ onGo }: { onGo?: () => void }) {
  const shown = PAGES.filter((one) => !one.hidden && maySee(one));
  return (
    <ul onClick={(event) => event.target instanceof Element && event.target.closest("a") && onGo?.()}>
      <PageLink name={HOME} code="KeyI" title={words.value.nav.home} />
      {shown.map((one) => <PageLink key={one.name} name={one.name} code={one.code} title={one.title()} />)}
    </ul>
  );
}

function PageLink({ name, code, title }: Pick<Page, "name" | "code"> & { title: string }) {
  const keys = `G ${code.replace(/^Key|^Digit/, "")}`;
  return (
    <li>
      <a
        href={addressOf(name)}
        aria-current={page.value === name ? "page" : undefined}
        aria-keyshortcuts={keys}
        title={`${title} (${keys})`}
      >
        <Icon name={name} />
        <span>{title}</span>
      </a>
    </li>
  );
}
