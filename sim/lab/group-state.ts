/** What the host itself reads of a group: types alone, which the browser's code shares. */

export interface ConsumerState {
    name: string
    pending: number
    idleMs: number
}

export interface OldestPending {
    id: string
    consumer: string
    ageMs: number
    idleMs: number
    deliveries: number
}

/** What the host itself read of a group. Null: not allowed, or not there. */
export interface GroupState {
    stream: string
    group: string
    /** Why nothing or not all could be read; null when all was. */
    trouble: string | null
    length: number | null
    lastDeliveredId: string | null
    pending: number | null
    consumers: ConsumerState[] | null
    /** null too when nothing is pending. */
    oldestPending: OldestPending | null
}
