import * as pulumi from "@pulumi/pulumi";
import { program } from "./program.ts";

/** Pulumi's entry point: nothing imports this file. */
export const { services, jobs } = program(pulumi.getStack());
