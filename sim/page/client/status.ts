/** The status as text, with its shape in the legend, and announcements for screen readers. */
import type { StatusText, TargetLight } from "../../light/state.ts"
import { find, make, setText } from "./elements.ts"

/** The least time between two announcements, ms. */
const ANNOUNCE_EVERY_MS = 4000

const list = find("#status")
const announcer = find("#announcer")
let spoken = ""
let spokenAt = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** @param onSelect called with the target that the user selected */
export function showStatus(
    statuses: StatusText[],
    targets: TargetLight[],
    selected: number,
    onSelect: (target: number) => void
) {
    list.dataset.count = String(statuses.length)
    while (list.children.length > statuses.length)
        list.lastElementChild!.remove()
    for (const [i, status] of statuses.entries()) {
        const item = list.children[i] ?? list.appendChild(entry(i, onSelect))
        fill(item as HTMLElement, status, targets[i], {
            isSelected: i === selected,
            isOnly: statuses.length === 1,
        })
    }
    announce(statuses, targets)
}

function entry(i: number, onSelect: (target: number) => void) {
    const item = make("li", "status")
    const choose = make("button", "target")
    choose.type = "button"
    choose.addEventListener("click", () => onSelect(i))
    item.append(
        choose,
        make("p", "title"),
        shapeElement(),
        make("p", "rhythm"),
        make("p", "detail")
    )
    return item
}

function shapeElement() {
    const shape = make("p", "shape")
    shape.setAttribute("role", "img")
    return shape
}

function fill(
    item: HTMLElement,
    { title, detail, shape, rhythm, tone }: StatusText,
    target: TargetLight | undefined,
    { isSelected, isOnly }: { isSelected: boolean; isOnly: boolean }
) {
    item.dataset.tone = tone
    const name = find<HTMLButtonElement>(".target", item)
    setText(name, nameOf(target))
    name.disabled = isOnly
    name.setAttribute("aria-pressed", String(isSelected))
    setText(find(".title", item), title)
    setText(find(".rhythm", item), rhythm)
    setText(find(".detail", item), detail)
    find(".detail", item).title = detail
    const drawn = find(".shape", item)
    if (drawn.dataset.shape === shape) return
    drawn.dataset.shape = shape
    drawn.setAttribute("aria-label", `Shape: ${shapeText(shape)}`)
    drawn.replaceChildren(
        ...[...shape].map(dot => make("i", DOTS[dot] ?? "dark"))
    )
}

const DOTS: Record<string, string> = { "●": "lit", "◐": "blink", "○": "dark" }

function shapeText(shape: string) {
    const names: Record<string, string> = {
        "●": "lit",
        "◐": "blinking",
        "○": "dark",
    }
    return [...shape].map(dot => names[dot]).join(", ")
}

/** Announces only a change of the pattern: with every number a screen reader would never stop. */
function announce(statuses: StatusText[], targets: TargetLight[]) {
    const shapes = statuses
        .map(({ shape, rhythm, tone }) => shape + rhythm + tone)
        .join()
    if (shapes === spoken) return clearTimeout(timer)
    const text = statuses
        .map(({ title, rhythm }, i) => {
            const name = statuses.length > 1 ? `${targets[i]?.stream}: ` : ""
            return `${name}${title}, ${rhythm}.`
        })
        .join(" ")
    clearTimeout(timer)
    timer = setTimeout(
        () => {
            spoken = shapes
            spokenAt = Date.now()
            setText(announcer, text)
        },
        Math.max(0, spokenAt + ANNOUNCE_EVERY_MS - Date.now())
    )
}

/** `jobs / staff`; `jobs` where the stream's length is shown, which needs no group. */
export function nameOf(target: TargetLight | undefined) {
    if (!target) return ""
    return target.group ? `${target.stream} / ${target.group}` : target.stream
}
