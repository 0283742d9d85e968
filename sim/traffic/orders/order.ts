/** An order: what it says, and what it costs. */

export interface Order {
    number: string
    item: string
    quantity: number
    /** Price of one, in cents. */
    cents: number
}

/** The order makes no sense, however often it is tried. */
export class OrderError extends Error {
    override name = "OrderError"
}

const ITEMS = ["lamp", "cable", "resistor kit", "breadboard", "power supply"]

/** Field names and values of a new order; its number is added where it is unique. */
export function randomOrder(isPoison = false): Record<string, string> {
    const quantity = 1 + Math.floor(Math.random() * 5)
    return {
        item: ITEMS[Math.floor(Math.random() * ITEMS.length)],
        quantity: isPoison ? "some" : String(quantity),
        cents: String(100 + Math.floor(Math.random() * 5000)),
    }
}

/** @throws OrderError */
export function orderFrom(fields: Record<string, string>): Order {
    const { order, item } = fields
    if (!order || !item) throw new OrderError("no order number or no item")
    return {
        number: order,
        item,
        quantity: count("quantity", fields.quantity),
        cents: count("cents", fields.cents),
    }
}

function count(name: string, text: string) {
    if (!/^[1-9]\d{0,6}$/.test(text))
        throw new OrderError(`${name} "${text}" is no number above 0`)
    return Number(text)
}

/** In cents. */
export function totalOf({ quantity, cents }: Order) {
    return quantity * cents
}
