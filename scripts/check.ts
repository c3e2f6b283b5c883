import { runChecks } from "./check-steps.ts";

const { failed } = await runChecks(console.log);
process.exitCode = failed === 0 ? 0 : 1;
