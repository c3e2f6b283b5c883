/** Why nothing is said about what is not on Render. */
export const NOT_ON_RENDER = "only what is on Render can be looked at";

/** Why nothing is said about what a process would answer. */
export const NOT_RUN = "this cloud runs nothing";

/** Why nothing is said about runs. */
export const NOBODY_TELLS = "no web service with the runtime in front knows its runs";
