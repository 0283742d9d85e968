/** What records call each status, in the order of the enums (display.ts); docs/monitoring.md. Pure: the host reads records by them. */

/** A record's `condition`. */
export const CONDITIONS = [
    "lag",
    "unknown",
    "stale",
    "refused: who",
    "refused: which stream",
    "refused: which group",
] as const

/** A record's `link`. */
export const LINKS = [
    "up",
    "not configured",
    "joining Wi-Fi",
    "connecting",
] as const
