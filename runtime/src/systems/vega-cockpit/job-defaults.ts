/** Options of vega-cockpit's jobs, by kind of job. The spec of the system may set others. */
export const jobDefaults = {
  heartbeat: {
    // What the app keeps on its disk.
    directories: ["snapshots", "backups", "logs"],
    // The app is written in Python; a snapshot shows a deploy that changes its version.
    programs: ["python3"],
  },
};
