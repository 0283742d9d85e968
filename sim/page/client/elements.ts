/** Finding and making elements. */

/** @throws Error if the page has no such element */
export function find<E extends Element = HTMLElement>(
    selector: string,
    within: ParentNode = document
): E {
    const found = within.querySelector<E>(selector)
    if (!found) throw new Error(`no ${selector} on the page`)
    return found
}

export function make<Tag extends keyof HTMLElementTagNameMap>(
    tag: Tag,
    className = "",
    text = ""
): HTMLElementTagNameMap[Tag] {
    const element = document.createElement(tag)
    if (className) element.className = className
    if (text) element.textContent = text
    return element
}

export function makeSvg<Tag extends keyof SVGElementTagNameMap>(
    tag: Tag,
    attributes: Record<string, string | number> = {},
    text = ""
): SVGElementTagNameMap[Tag] {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
    for (const [name, value] of Object.entries(attributes))
        element.setAttribute(name, String(value))
    if (text) element.textContent = text
    return element
}

/** Changes a text only if it differs: a screen reader announces every change. */
export function setText(element: Element, text: string) {
    if (element.textContent !== text) element.textContent = text
}
