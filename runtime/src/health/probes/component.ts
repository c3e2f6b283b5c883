import type { Probe, ProbeContext } from "./probe.ts";

/** What the app reported last about a part of itself. A part that never reported is not ok. */
export function componentProbe({ name }: { name: string }, { reports }: ProbeContext): Probe {
  return {
    peek: () => {
      const report = reports.component(name);
      if (!report) return { problem: "never reported" };
      return report.ok ? {} : { problem: report.detail ?? "reported as not ok" };
    },
  };
}
