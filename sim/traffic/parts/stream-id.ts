/** Stream IDs, `MILLISECONDS-SEQUENCE`: two whole numbers of up to 64 bits, too long for a JavaScript number. */

/** Before every entry. */
export const BEFORE_ALL = "0-0"

/** @returns below 0 if `a` comes first, 0 if they are equal, above 0 if `b` comes first */
export function compareIds(a: string, b: string) {
    const [aMs, aSeq] = parts(a)
    const [bMs, bSeq] = parts(b)
    return compare(aMs, bMs) || compare(aSeq, bSeq)
}

function parts(id: string) {
    const [ms, sequence = "0"] = id.split("-")
    return [BigInt(ms), BigInt(sequence)]
}

function compare(a: bigint, b: bigint) {
    return a < b ? -1 : a > b ? 1 : 0
}

/**
 * Lua: `newer(a, b)` says whether the entry a was added after b, where b may be false (there is none).
 * Digits are compared as text, the longer is the larger: Lua's numbers would round them.
 */
export const NEWER_LUA = `
local function newer(a, b)
    if not b then return true end
    local a_ms, a_seq = string.match(a, '^(%d+)-(%d+)$')
    local b_ms, b_seq = string.match(b, '^(%d+)-(%d+)$')
    if #a_ms ~= #b_ms then return #a_ms > #b_ms end
    if a_ms ~= b_ms then return a_ms > b_ms end
    if #a_seq ~= #b_seq then return #a_seq > #b_seq end
    return a_seq > b_seq
end
`
