/** The group's consumers and what is pending, as the host reads them. */
import type { ConsumerState, GroupState } from "../../lab/group-state.ts"
import { find, make, setText } from "./elements.ts"

const facts = find("#group-facts")
const table = find("#consumers")
const body = find<HTMLTableSectionElement>("#consumers tbody")
const note = find("#group-note")

export function showGroup(state: GroupState | undefined) {
    setText(note, state?.trouble ?? "")
    note.hidden = !state?.trouble
    showFacts(state)
    const consumers = state?.consumers ?? []
    table.hidden = consumers.length === 0
    while (body.rows.length > consumers.length) body.deleteRow(-1)
    for (const [i, consumer] of consumers.entries())
        showConsumer(body.rows[i] ?? emptyRow(), consumer)
}

function showFacts(state: GroupState | undefined) {
    const oldest = state?.oldestPending
    const values = {
        length: state?.length ?? "–",
        pending: state?.pending ?? "–",
        "last-delivered": state?.lastDeliveredId ?? "–",
        oldest: oldest
            ? `${oldest.id}, ${duration(oldest.ageMs)} old, with ${oldest.consumer}${oldest.deliveries > 1 ? `, delivered ${oldest.deliveries} times` : ""}`
            : state?.pending === 0
              ? "none"
              : "–",
    }
    for (const [name, value] of Object.entries(values))
        setText(find(`[data-fact="${name}"]`, facts), String(value))
}

function emptyRow() {
    const row = body.insertRow()
    const name = make("th")
    name.scope = "row"
    row.append(name, make("td"), make("td"))
    return row
}

function showConsumer(
    row: HTMLTableRowElement,
    { name, pending, idleMs }: ConsumerState
) {
    const [nameCell, pendingCell, idleCell] = row.cells
    setText(nameCell, name)
    setText(pendingCell, String(pending))
    setText(idleCell, duration(idleMs))
}

/** `0.4 s`, `12 s`, `3 min 4 s`, `2 h 5 min` */
export function duration(ms: number) {
    const seconds = ms / 1000
    if (seconds < 10) return `${seconds.toFixed(1)} s`
    const whole = Math.round(seconds)
    if (whole < 60) return `${whole} s`
    const minutes = Math.floor(whole / 60)
    if (minutes < 60) return `${minutes} min ${whole % 60} s`
    const hours = Math.floor(minutes / 60)
    if (hours < 24) return `${hours} h ${minutes % 60} min`
    return `${Math.floor(hours / 24)} d ${hours % 24} h`
}
