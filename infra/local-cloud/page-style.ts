import { html } from "hono/html";

/** The page's style sheet, inlined so that it needs no request. */
export const PAGE_STYLE = html`<style>
  :root {
    color-scheme: light dark;
    --ink: light-dark(#1c2330, #e6e9ef);
    --soft: light-dark(#667085, #98a2b3);
    --line: light-dark(#e4e7ec, #2b3240);
    --card: light-dark(#fff, #171c26);
    --back: light-dark(#f6f7f9, #0e1219);
    --good: light-dark(#067647, #47cd89);
    --busy: light-dark(#b54708, #fdb022);
    --bad: light-dark(#b42318, #f97066);
  }
  * {
    box-sizing: border-box;
  }
  body {
    margin: 0 auto;
    max-width: 72rem;
    padding: 2rem 1.25rem;
    background: var(--back);
    color: var(--ink);
    font:
      15px/1.5 system-ui,
      sans-serif;
  }
  h1 {
    margin: 0;
    font-size: 1.6rem;
    letter-spacing: -0.02em;
  }
  h1 span {
    color: var(--soft);
    font-weight: 400;
  }
  h2 {
    margin: 0 0 0.5rem;
    font-size: 1rem;
  }
  small,
  header p,
  footer,
  .none {
    color: var(--soft);
  }
  header p {
    margin: 0.25rem 0 1.5rem;
  }
  section {
    margin-bottom: 1.25rem;
    padding: 1rem 1.25rem;
    border: 1px solid var(--line);
    border-radius: 12px;
    background: var(--card);
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 0.4rem 0.75rem 0.4rem 0;
    border-top: 1px solid var(--line);
    text-align: left;
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  th {
    border: 0;
    color: var(--soft);
    font-size: 0.8rem;
    font-weight: 500;
  }
  .badge {
    display: inline-flex;
    align-items: center;
    gap: 0.4rem;
    color: var(--soft);
  }
  .badge::before {
    content: "";
    width: 0.5rem;
    height: 0.5rem;
    border-radius: 50%;
    background: currentColor;
  }
  .good {
    color: var(--good);
  }
  .busy {
    color: var(--busy);
  }
  .bad {
    color: var(--bad);
  }
</style>`;
