/** One drawing a page, in strokes on a box of 24 × 24; a page without one of its own has the four squares. */
const DRAWINGS: Readonly<Record<string, string>> = {
  incidents: "M6 17v-6a6 6 0 0 1 12 0v6l1.6 2.5H4.4zM10 21.5h4",
  video: "M3 7h12v10H3zM15 11l6-4v10l-6-4",
  flood: "M3 8.5c2-2 4-2 6 0s4 2 6 0 4-2 6 0M3 13.5c2-2 4-2 6 0s4 2 6 0 4-2 6 0M3 18.5c2-2 4-2 6 0s4 2 6 0 4-2 6 0",
  nodes: "M4 4h16v6.5H4zM4 13.5h16V20H4zM8 7.2h.1M8 16.8h.1M12 7.2h4.5M12 16.8h4.5",
  handover: "M4 8.5h14l-3.5-3.5M20 15.5H6l3.5 3.5",
  replay: "M4.2 13A8 8 0 1 0 6.5 6.2L4 8.5M4 4v4.5h4.5M12 8v4.3l3 1.9",
  reports: "M3.5 20h17M7 16.5v-5M12 16.5v-11M17 16.5V8",
  ledger: "M5.5 3.5h13v17h-13zM9 8h6M9 12h6M9 16h4",
  editor: "M6 7.5 14.5 5l4.5 7.5-7 6.5-6.5-4zM6 5.8a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 1 0 0-3.4M19 10.8a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 1 0 0-3.4",
  triage: "M4 13h4.5l1.3 3h4.4l1.3-3H20M4 13 6.5 5h11L20 13v6.5H4z",
  plans: "M9 3.8h6v3.4H9zM9 5.5H5.5v15h13v-15H15M8.8 14l2.3 2.3 4.2-4.6",
  admin: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 1 0 0 7zM3 20c0-4 2.4-6 6-6 1 0 1.9.2 2.7.5M14 17.5h7M17.5 14v7",
  seat: "M5 14v-2a7 7 0 0 1 14 0v2M5 13.5h2.6v5H5zM16.4 13.5H19v5h-2.6zM19 18.5c0 1.8-1.8 2.6-4.4 2.6",
  menu: "M4 6.5h16M4 12h16M4 17.5h16",
};
const SQUARES = "M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z";

/** The drawing of a page's name; the word beside it says what it is. */
export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={DRAWINGS[name] ?? SQUARES} />
    </svg>
  );
}
