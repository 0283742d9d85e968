/** `Map.groupBy`, which Node 20 has not. */
export function groupBy<T>(items: T[], keyOf: (item: T) => string) {
    const groups = new Map<string, T[]>()
    for (const item of items) {
        const key = keyOf(item)
        groups.set(key, [...(groups.get(key) ?? []), item])
    }
    return groups
}
