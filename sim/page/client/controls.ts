/** The controls: each button sends its action; their state is what the simulator reports, never a guess. */
import type { ControlGroup, LabState } from "../../lab/state.ts"
import { find, make, setText } from "./elements.ts"

const result = find("#said")
const workload = find<HTMLSelectElement>("#workload")
const count = find<HTMLInputElement>("#count")
const delay = find<HTMLInputElement>("#delay")
/** Actions are numbered in the order of their beginning. */
let latest = 0
let latestShown = 0
const modes = [
    ...document.querySelectorAll<HTMLInputElement>("input[name=mode]"),
]

/** @param target which of the watched groups the buttons act on */
export function wireControls(target: () => number) {
    for (const button of document.querySelectorAll<HTMLButtonElement>(
        "button[data-action]"
    ))
        button.addEventListener("click", () => {
            const { action, count } = button.dataset
            void act(button, action!, {
                target: target(),
                count: count === undefined ? counted() : Number(count),
            })
        })
    workload.addEventListener("change", () =>
        act(workload, "workload", { name: workload.value })
    )
    for (const mode of modes)
        mode.addEventListener("change", () => setMode(mode))
    delay.addEventListener("change", () => {
        const mode = modes.find(({ checked }) => checked)
        if (mode?.value === "delay") setMode(mode)
    })
}

export function showControls(lab: LabState) {
    showDisabled(lab.disabled)
    for (const [selector, isShown] of [
        ["[data-action='redis/stop']", lab.redis !== "stopped"],
        ["[data-action='redis/start']", lab.redis === "stopped"],
        ["[data-action='consumers/pause']", !lab.consumers?.paused],
        ["[data-action='consumers/resume']", lab.consumers?.paused === true],
    ] as const)
        show(find(selector), isShown)
    setText(
        find("#consumers-state"),
        lab.consumers
            ? `${lab.consumers.count} at ×${paceText(lab.consumers.pace)}`
            : ""
    )
    const choices = lab.workloads.map(({ name }) => name).join()
    if (workload.dataset.choices !== choices) {
        workload.dataset.choices = choices
        workload.replaceChildren(
            ...lab.workloads.map(({ name }) => new Option(name, name))
        )
    }
    // with none running, none is selected
    workload.value = lab.workload ?? ""
    const chosen = lab.workloads.find(({ name }) => name === lab.workload)
    setText(find("#summary"), chosen?.summary ?? "")
    for (const mode of modes) mode.checked = mode.value === lab.connection?.mode
    if (lab.connection?.delayMs && document.activeElement !== delay)
        delay.value = String(lab.connection.delayMs)
}

/** One of two buttons in one place; the keyboard's focus stays there. */
function show(button: HTMLElement, isShown: boolean) {
    if (button.hidden === !isShown) return
    const hadFocus = document.activeElement === button
    button.hidden = !isShown
    if (!hadFocus) return
    const other = [...button.parentElement!.children].find(
        sibling =>
            sibling instanceof HTMLButtonElement &&
            sibling !== button &&
            sibling.dataset.place === button.dataset.place
    ) as HTMLButtonElement | undefined
    if (!other) return
    other.hidden = false
    other.focus()
}

/** A reason that several groups share is shown once. */
function showDisabled(disabled: LabState["disabled"]) {
    const seen = new Set<string>()
    for (const group of document.querySelectorAll<HTMLFieldSetElement>(
        "fieldset[data-group]"
    )) {
        const why = disabled[group.dataset.group as ControlGroup] ?? ""
        group.disabled = why !== ""
        group.title = why
        const note = group.querySelector(".why") ?? make("p", "why")
        setText(note, seen.has(why) ? "" : why)
        if (!note.parentElement) group.append(note)
        seen.add(why)
    }
}

function setMode(mode: HTMLInputElement) {
    const delayMs = Number(delay.value)
    void act(mode, "connection", { mode: mode.value, delayMs })
}

function counted() {
    return Number(count.value)
}

/** Shows the result itself: never rejects. */
async function act(
    control: HTMLElement,
    action: string,
    params: Record<string, unknown>
) {
    const number = ++latest
    control.setAttribute("aria-busy", "true")
    try {
        const response = await fetch(`/actions/${action}`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(params),
        })
        const answer = (await response.json()) as {
            said?: string
            error?: string
        }
        tell(number, answer.said ?? answer.error ?? "", response.ok)
    } catch {
        tell(number, "The simulator does not answer.", false)
    } finally {
        control.removeAttribute("aria-busy")
    }
}

/** Some actions take longer than others: the result of an earlier one does not replace that of a later one, unless it failed. */
function tell(number: number, text: string, isDone: boolean) {
    if (number < latestShown && isDone) return
    latestShown = Math.max(latestShown, number)
    result.dataset.done = String(isDone)
    result.textContent = text
}

/** `2`, `1/4` */
function paceText(pace: number) {
    return pace < 1 ? `1/${Math.round(1 / pace)}` : String(pace)
}
