import { signal } from "@preact/signals";
import type { Session } from "../api/types";
import { signOut } from "../state/session";
import { named, words } from "../words";
import { Dialog } from "./Dialog";
import { Preferences } from "./Preferences";
import { PageLinks } from "./Rail";

export const menuShown = signal(false);

/** On a narrow screen: the pages, who is signed in, language, light and the way out. */
export function Menu({ session }: { session: Session }) {
  if (!menuShown.value) return null;
  const { nav, top } = words.value;
  const close = (): void => {
    menuShown.value = false;
  };
  return (
    <Dialog name="menu" label={nav.menu} onClose={close}>
      <p class="menu-who">
        <b>{named(session.user.name)}</b> {session.user.roles.map((role) => top.roles[role]).join(" · ")}
      </p>
      <nav class="menu-pages" aria-label={nav.label}>
        <PageLinks onGo={close} />
      </nav>
      <div class="menu-tools">
        <Preferences />
        <button type="button" class="quiet" onClick={() => void signOut()}>{top.signOut}</button>
      </div>
    </Dialog>
  );
}
