/** SVG as text: elements, numbers, colours. Deterministic: the same calls give the same bytes. */

export type Attributes = Record<string, string | number | undefined>

/** A number as short as it can be, to a hundredth of a unit. */
function short(value: number) {
    return String(Math.round(value * 100) / 100)
}

function escape(text: string) {
    return text
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll('"', "&quot;")
}

/** One element; attributes that are undefined are left out. */
export function el(name: string, attributes: Attributes, ...inner: string[]) {
    const written = Object.entries(attributes)
        .filter(([, value]) => value !== undefined)
        .map(
            ([key, value]) =>
                ` ${key}="${typeof value === "number" ? short(value) : escape(String(value))}"`
        )
        .join("")
    const content = inner.filter(part => part !== "").join("\n")
    if (content === "") return `<${name}${written}/>`
    return /^text$|^title$|^tspan$|^desc$/.test(name)
        ? `<${name}${written}>${content}</${name}>`
        : `<${name}${written}>\n${content}\n</${name}>`
}

export function group(attributes: Attributes, ...inner: string[]) {
    return el("g", attributes, ...inner)
}

export function rect(
    x: number,
    y: number,
    width: number,
    height: number,
    attributes: Attributes = {}
) {
    return el("rect", { x, y, width, height, ...attributes })
}

export function circle(
    cx: number,
    cy: number,
    r: number,
    attributes: Attributes = {}
) {
    return el("circle", { cx, cy, r, ...attributes })
}

export function line(
    x1: number,
    y1: number,
    x2: number,
    y2: number,
    attributes: Attributes = {}
) {
    return el("line", { x1, y1, x2, y2, ...attributes })
}

/** A line through points, with rounded corners. */
export function rounded(
    points: [x: number, y: number][],
    radius: number,
    attributes: Attributes
) {
    let d = `M${short(points[0][0])} ${short(points[0][1])}`
    for (let i = 1; i < points.length - 1; i++) {
        const before = towards(points[i], points[i - 1], radius)
        const after = towards(points[i], points[i + 1], radius)
        d += `L${before.map(short).join(" ")}Q${points[i].map(short).join(" ")} ${after.map(short).join(" ")}`
    }
    d += `L${points[points.length - 1].map(short).join(" ")}`
    return el("path", {
        d,
        fill: "none",
        "stroke-linecap": "round",
        ...attributes,
    })
}

function towards(
    [x, y]: [number, number],
    [toX, toY]: [number, number],
    distance: number
): [number, number] {
    const length = Math.hypot(toX - x, toY - y)
    const share = length === 0 ? 0 : Math.min(distance, length / 2) / length
    return [x + (toX - x) * share, y + (toY - y) * share]
}

export function text(
    x: number,
    y: number,
    words: string,
    attributes: Attributes = {}
) {
    return el("text", { x, y, ...attributes }, escape(words))
}

/** Several lines of text, one below the other. */
export function lines(
    x: number,
    y: number,
    spacing: number,
    words: string[],
    attributes: Attributes = {}
) {
    return words
        .map((word, i) => text(x, y + i * spacing, word, attributes))
        .join("\n")
}

/** The whole picture. @param title what it shows, for those who hear it read */
export function picture(
    { width, height }: { width: number; height: number },
    title: string,
    ...inner: string[]
) {
    return (
        el(
            "svg",
            {
                xmlns: "http://www.w3.org/2000/svg",
                width,
                height,
                viewBox: `0 0 ${width} ${height}`,
                "font-family":
                    "'DejaVu Sans', Verdana, 'Segoe UI', Arial, sans-serif",
                role: "img",
            },
            el("title", {}, escape(title)),
            ...inner
        ) + "\n"
    )
}
