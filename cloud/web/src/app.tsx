import { session } from "./state/session";
import { SignIn } from "./wall/SignIn";
import { Wall } from "./wall/Wall";

export function App() {
  if (session.value === undefined) return null;
  return session.value ? <Wall session={session.value} /> : <SignIn />;
}
