/** All workloads. */
import { checkins } from "./checkins.ts"
import { jobs } from "./jobs.ts"
import { orders } from "./orders.ts"
import { sensors } from "./sensors.ts"
import { temps } from "./temps.ts"
import type { Workload } from "./workload.ts"

export const workloads: Workload[] = [jobs, checkins, sensors, temps, orders]
