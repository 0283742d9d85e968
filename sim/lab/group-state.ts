/** What the host itself reads about a group: types only, which the browser's code shares. */

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

/** What the host itself read about a group. Null: no right to read it, or not there. */
export interface GroupState {
    stream: string
    group: string
    /** Why nothing or not everything could be read; null if everything was. */
    trouble: string | null
    length: number | null
    lastDeliveredId: string | null
    pending: number | null
    consumers: ConsumerState[] | null
    /** null too when nothing is pending. */
    oldestPending: OldestPending | null
}
