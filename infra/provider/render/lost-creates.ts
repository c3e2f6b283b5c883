/** How a create whose answer was lost, or whose process was killed, is known again. */
interface LostCreate {
  /** Names of resource types. */
  readonly types: readonly string[];
  /** Why what is found at Render is what that create made. */
  readonly proof: string;
}

/** The proof for every type; the reference prints it. Without one, nothing that is there is touched. */
export const LOST_CREATES: readonly LostCreate[] = [
  {
    types: [
      "WebService",
      "PrivateService",
      "BackgroundWorker",
      "CronJob",
      "StaticSite",
      "EnvGroup",
    ],
    proof:
      "Its variable `OPSPEC_RESOURCE` says the project, the stack and a hash of the URN. It is part of the create itself, so any machine finds it.",
  },
  {
    types: ["Postgres", "KeyValue", "Project", "RegistryCredential"],
    proof:
      "It can carry no mark. Before the create, this machine notes when it begins (in `$XDG_STATE_HOME/opspec/creates`, for a day). Ours is what has the name, the workspace and every field that only a create decides, and was made after that: nothing of that name was there before. On another machine there is no proof.",
  },
  {
    types: ["Environment"],
    proof:
      "In a project that this stack makes, the one of its name that holds nothing: Render makes a project with its first environment. In another stack's project, the same note of this machine.",
  },
  {
    types: ["ServiceEnv"],
    proof:
      "None is needed: it has no id of its own, and setting its variables again changes nothing.",
  },
];
