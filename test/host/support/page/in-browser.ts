/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Functions that run in the page, by `page.evaluate`: each stands alone. */

/** Notes each frame that the drawn LEDs show, from the page's first moment on. */
export function noteFrames() {
    const frames: string[] = []
    Object.assign(globalThis, { shownFrames: frames })
    document.addEventListener("DOMContentLoaded", () => {
        const board = document.querySelector<SVGElement>("#board")!
        const lamps = () =>
            [...board.querySelectorAll<SVGElement>(".led")]
                .map(led => led.dataset.lit)
                .join("")
        new MutationObserver(() => frames.push(lamps())).observe(board, {
            attributes: true,
            attributeFilter: ["data-leds"],
        })
    })
}

export function notedFrames() {
    return (globalThis as unknown as { shownFrames: string[] }).shownFrames
}

/** By their drawing, not by an attribute: a lamp that is lit has rays. */
export function lampsWithRays() {
    return [...document.querySelectorAll("#board .led")]
        .map(led => getComputedStyle(led.querySelector(".rays")!).visibility)
        .map(visibility => (visibility === "visible" ? "1" : "0"))
        .join("")
}

/** What the keyboard acts on. */
export function nameOfFocus() {
    const focus = document.activeElement as HTMLElement & { name?: string }
    return (
        (focus.tagName === "BUTTON" &&
            (focus.getAttribute("aria-label") ?? focus.textContent!.trim())) ||
        focus.id ||
        focus.name ||
        focus.tagName
    )
}

/** By how much the page is wider and higher than its window. */
export function overflow() {
    const { scrollWidth, scrollHeight } = document.documentElement
    return [scrollWidth - innerWidth, scrollHeight - innerHeight]
}
