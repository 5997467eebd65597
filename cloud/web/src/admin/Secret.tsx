/** What is shown this once: it stays until the page is left. */
export function Secret({ about, secret }: { about: string; secret: string }) {
  return (
    <div class="secret-box" role="status">
      <p>{about}</p>
      <p class="secret">{secret}</p>
    </div>
  );
}
