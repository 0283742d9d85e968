/** All kinds of traffic there are. */
import { jobs } from "./jobs.ts"
import type { Workload } from "./workload.ts"

export const workloads: Workload[] = [jobs]
