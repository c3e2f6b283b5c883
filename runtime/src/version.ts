/** Version of the runtime, as its package.json has it; a test compares the two. */
export const RUNTIME_VERSION = "0.1.0";
