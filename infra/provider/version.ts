/** Version of the plugins; they live and change with the program, so one number serves all. */
export const PLUGIN_VERSION = "0.1.0";
