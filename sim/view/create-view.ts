/** Chooses the view: for programs, for a person at a terminal, or for a pipe. */
import { JsonView } from "./json-view.ts"
import { PlainView } from "./plain-view.ts"
import { TerminalView } from "./terminal-view.ts"
import type { View } from "./view.ts"

export function createView({ json }: { json: boolean }): View {
    if (json) return new JsonView()
    const canRedraw = process.stdout.isTTY && process.env.TERM !== "dumb"
    return canRedraw ? new TerminalView() : new PlainView()
}
