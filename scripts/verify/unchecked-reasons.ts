/** Reason for resources that are not on Render. */
export const NOT_ON_RENDER = "only resources on Render can be checked";

/** Reason for checks of a running process. */
export const NOT_RUN = "this cloud runs nothing";

/** Reason for checks of runs. */
export const NOBODY_TELLS = "no public service with the runtime shares its state store";

/** Reason for checks of alert channels. */
export const NOBODY_SENDS = "no public service with the runtime has this channel";
