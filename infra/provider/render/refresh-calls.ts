/** What a refresh of a stack asks Render: the reference prints it, and a test counts it. */
export const REFRESH_CALLS = [
  "1 for `/services` when the stack has any service or cron job",
  "1 for `/env-groups` when it has an env group or a service declares links",
  "1 each for `/postgres`, `/key-value`, `/projects` and `/registrycredentials` that it uses",
  "1 for `/environments` of each project of which it has an environment",
  "1 for each service and each of its collections of which it declares anything: variables (its own and the late ones together), secret files, domains, headers, routes",
  "1 for the variables of each service that declares none and is no longer what the state says: our note of an owed deploy would stand there",
  "1 for each env group that declares variables or files",
  "1 for each resource that its list no longer has: by its id, before it counts as gone",
  "1 more for each further page of a list that is longer than 100",
] as const;
