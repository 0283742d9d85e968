/** The status in words, the legend's shape beside it, and what is spoken to those who do not see the light. */
import type { StatusWords, TargetLight } from "../../light/state.ts"
import { find, make, setText } from "./elements.ts"

/** A change is spoken at most so often, ms. */
const SPEAK_EVERY_MS = 4000

const list = find("#status")
const announcer = find("#announcer")
let spoken = ""
let spokenAt = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** @param onSelect told which target the visitor has chosen */
export function showStatus(
    words: StatusWords[],
    targets: TargetLight[],
    selected: number,
    onSelect: (target: number) => void
) {
    list.dataset.count = String(words.length)
    while (list.children.length > words.length) list.lastElementChild!.remove()
    for (const [i, status] of words.entries()) {
        const item = list.children[i] ?? list.appendChild(entry(i, onSelect))
        fill(item as HTMLElement, status, targets[i], {
            isSelected: i === selected,
            isOnly: words.length === 1,
        })
    }
    speak(words, targets)
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
    { title, detail, shape, rhythm, tone }: StatusWords,
    target: TargetLight | undefined,
    { isSelected, isOnly }: { isSelected: boolean; isOnly: boolean }
) {
    item.dataset.tone = tone
    const name = find<HTMLButtonElement>(".target", item)
    setText(name, target ? `${target.stream} / ${target.group}` : "")
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

/** Speaks when the pattern has changed: numbers alone would never let a screen reader rest. */
function speak(words: StatusWords[], targets: TargetLight[]) {
    const shapes = words
        .map(({ shape, rhythm, tone }) => shape + rhythm + tone)
        .join()
    if (shapes === spoken) return clearTimeout(timer)
    const text = words
        .map(({ title, rhythm }, i) => {
            const name = words.length > 1 ? `${targets[i]?.stream}: ` : ""
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
        Math.max(0, spokenAt + SPEAK_EVERY_MS - Date.now())
    )
}
