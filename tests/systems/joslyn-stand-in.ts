/**
 * The spec with stand-ins for the three apps and with short times. Everything else is unchanged.
 */
export function withStandIns(clamavPort: number): (spec: string) => string {
  const changes: readonly [RegExp, string][] = [
    [/^( {4}docker: { file: infra\/docker\/web.Dockerfile })/m, "$1\n    start: node web.mjs"],
    [/start: node dist\/server\.js/, "start: node api.mjs"],
    [/start: python -m worker/, "start: node worker.mjs"],
    [/pnpm --filter/g, "node pnpm.mjs --filter"],
    [/command: "pnpm /, 'command: "node pnpm.mjs '],
    [/CLAMAV_HOST: .*/, "CLAMAV_HOST: 127.0.0.1"],
    [/CLAMAV_PORT: .*/, `CLAMAV_PORT: ${clamavPort}`],
    [/timeout: 60s/, "timeout: 2s"],
    // Rules are evaluated every 15 s, and a rule with a duration twice before it fires.
    [/^( {4}(?:backlog|dead-letters): .*), for: \d+m/gm, "$1"],
    // Otherwise each alert waits up to 10 s for the previous one.
    [/^ {2}channels: { ops: .*/m, "$&\n  limit: 1s"],
    [/JOB_VISIBILITY_TIMEOUT_SECONDS: 300/, "JOB_VISIBILITY_TIMEOUT_SECONDS: 1"],
  ];
  return (spec) =>
    changes.reduce((text, [what, by]) => {
      if (text.search(what) === -1) throw new Error(`the stack no longer says ${what}`);
      return text.replace(what, by);
    }, spec);
}
